/**
 * What to do next, as a value: pure and total over (status, now). The loop performs the step and
 * asks again. Order: interrupt > pending updates > automatic snapshot that is due > pending
 * invocations, first in, first out (semantics.md section 3).
 */
import type { SnapshotPolicy } from "../api/views.ts";
import type { Limits } from "../limits.ts";
import { cancelBy } from "./lifecycle.ts";
import type { PendingInvocation, PendingUpdateState, Status } from "../status/status.ts";

export type Step =
  | { readonly do: "apply-update"; readonly update: PendingUpdateState }
  | { readonly do: "continue" }
  | { readonly do: "end-cancelled" }
  | { readonly do: "take-snapshot" }
  | { readonly do: "save-for-update"; readonly pending: PendingInvocation }
  | { readonly do: "invoke"; readonly pending: PendingInvocation }
  | { readonly do: "wait"; readonly until: number }
  | { readonly do: "rest" };

function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function isDue(pending: PendingInvocation, now: number): boolean {
  return pending.scheduledFor === undefined || pending.scheduledFor <= now;
}

/** The first pending request that is due: first in, first out; a scheduled one counts from its time. */
export function firstDue(status: Status, now: number): PendingInvocation | undefined {
  let first: PendingInvocation | undefined;
  for (const pending of status.pending) {
    if (!isDue(pending, now)) continue;
    const rank = pending.scheduledFor ?? pending.at;
    if (first === undefined || rank < (first.scheduledFor ?? first.at)) first = pending;
    if (pending.scheduledFor === undefined) break;
  }
  return first;
}

function nextSchedule(status: Status): number | undefined {
  return earliest(status.pending.map(({ scheduledFor }) => scheduledFor));
}

/** Epoch milliseconds at which an automatic snapshot is due: now or past when it is, nothing when it never is. */
export function snapshotDueAt(
  status: Status,
  policy: SnapshotPolicy,
  now: number,
): number | undefined {
  const { finishedSince, lastAt } = status.snapshots;
  if (policy === "disabled" || finishedSince === 0) return undefined;
  if ("everySeconds" in policy) return lastAt + policy.everySeconds * 1000;
  return finishedSince >= policy.everyInvocations ? now : undefined;
}

function waitOrRest(until: number | undefined): Step {
  return until === undefined ? { do: "rest" } : { do: "wait", until };
}

/** The first pending update, unless the agent is interrupted and none of them may wake it. */
export function frontUpdate(status: Status): PendingUpdateState | undefined {
  const { pending } = status.updates;
  return status.name !== "interrupted" || pending.some(({ wake }) => wake) ? pending[0] : undefined;
}

/** A step that waits, waits no longer than until `limit`. */
function noLaterThan(limit: number | undefined, step: Step): Step {
  if (limit === undefined || (step.do !== "rest" && step.do !== "wait")) return step;
  return { do: "wait", until: step.do === "wait" ? Math.min(step.until, limit) : limit };
}

/** What is in force for the agent. */
export interface InForce {
  readonly policy: SnapshotPolicy;
  readonly limits: Pick<Limits, "cancelGraceMs">;
}

export function nextStep(status: Status, { policy, limits }: InForce, now: number): Step {
  const update = frontUpdate(status);
  if (update !== undefined) return { do: "apply-update", update };
  const cancelledBy = cancelBy(status, limits.cancelGraceMs);
  if (cancelledBy !== undefined && cancelledBy <= now) return { do: "end-cancelled" };
  return noLaterThan(cancelledBy, nextByName(status, policy, now));
}

function nextByName(status: Status, policy: SnapshotPolicy, now: number): Step {
  switch (status.name) {
    case "failed":
    case "interrupted":
      return { do: "rest" };
    case "running":
      return { do: "continue" };
    case "suspended":
      // Without a time it waits for promises only: completing one of them sets the time.
      return status.suspendedUntil !== undefined && status.suspendedUntil <= now
        ? { do: "continue" }
        : waitOrRest(status.suspendedUntil);
    case "retrying": {
      const retryAt = status.failure?.retryAt ?? now;
      if (retryAt > now) return { do: "wait", until: retryAt };
      // A fault outside any invocation: there is nothing to continue, only what comes next.
      return status.current === undefined ? nextWhenIdle(status, policy, now) : { do: "continue" };
    }
    case "idle":
      return nextWhenIdle(status, policy, now);
  }
}

function nextWhenIdle(status: Status, policy: SnapshotPolicy, now: number): Step {
  const snapshotAt = snapshotDueAt(status, policy, now);
  if (snapshotAt !== undefined && snapshotAt <= now) return { do: "take-snapshot" };
  const pending = firstDue(status, now);
  if (pending === undefined) return waitOrRest(earliest([snapshotAt, nextSchedule(status)]));
  return pending.request.type === "manual-update"
    ? { do: "save-for-update", pending }
    : { do: "invoke", pending };
}

/** When the alarm must fire, from the status alone: `now` while there is work, else the next time that something is due. */
export function alarmAt(status: Status, inForce: InForce, now: number): number | undefined {
  const step = nextStep(status, inForce, now);
  if (step.do === "rest") return undefined;
  return step.do === "wait" ? step.until : now;
}
