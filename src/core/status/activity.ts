/** Sub-folds of what the agent is doing: its status name, the invocation in progress, its failure. */
import { RESUMED, type Entry, type Indexed } from "../oplog/entry.ts";
import { beginRegion, endRegion } from "./atomic.ts";
import { forgetTries, isOfCall, noteTry } from "./tries.ts";
import type { CurrentInvocation, Failure, Status } from "./status.ts";

/** The part of the status that skipped regions hide. */
export type Activity = Pick<Status, "name" | "suspendedUntil" | "current">;

export const idle: Activity = { name: "idle" };

function running(current: CurrentInvocation | undefined): Activity {
  if (current === undefined) return idle;
  if (current.parked === undefined) return { name: "running", current };
  const { parked: _, ...active } = current;
  return { name: "running", current: active };
}

function keep(current: CurrentInvocation | undefined): { current?: CurrentInvocation } {
  return current === undefined ? {} : { current };
}

function started({ index, entry }: Indexed<Extract<Entry, { kind: "AgentInvocationStarted" }>>) {
  const { idempotencyKey, method, pendingIndex, at } = entry;
  return { idempotencyKey, method, pendingIndex, startedIndex: index, startedAt: at };
}

/** Hints that are not about the status leave it as it is. */
export function evolveActivity(activity: Activity, { index, entry }: Indexed): Activity {
  const { current } = activity;
  switch (entry.kind) {
    case "AgentInvocationStarted":
      return running(started({ index, entry }));
    case "AgentInvocationFinished":
      return idle;
    case "Cancelled":
      return entry.start === current?.startedIndex
        ? running({ ...current, cancelledAt: entry.at })
        : running(current && forgetTries(current, entry.start));
    case "End":
      return running(current && forgetTries(current, entry.start));
    case "Start":
    case "Jump":
    case "SuccessfulUpdate":
      return running(current);
    case "BeginAtomicRegion":
      return running(current && beginRegion(current, index));
    case "EndAtomicRegion":
      return running(current && endRegion(current, entry.begin));
    case "Suspend":
      if (current === undefined) return idle;
      // Whether it was parked stays known until its code has recorded something.
      if (entry.reason === RESUMED) return { name: "running", current };
      return {
        name: "suspended",
        current: { ...current, parked: true },
        ...(entry.until === undefined ? {} : { suspendedUntil: entry.until }),
      };
    case "Interrupted":
      return { name: "interrupted", ...keep(current) };
    case "Error":
      if (current !== undefined && isOfCall(current, entry)) {
        return { ...activity, current: noteTry(current, entry) };
      }
      return { name: entry.retryAt === undefined ? "failed" : "retrying", ...keep(current) };
    default:
      return activity;
  }
}

/**
 * Counted over skipped regions as well, else a retried region would never use up its tries. A failed
 * agent that is resumed has a fresh budget, a retrying one keeps its own. A call that is tried again is
 * no failure of the agent.
 */
export function evolveFailure(
  { failure, current }: Pick<Status, "failure" | "current">,
  entry: Entry,
): Failure | undefined {
  switch (entry.kind) {
    case "Error": {
      if (isOfCall(current, entry)) return failure;
      const { error, retryFrom, attempt, retryAt, afresh } = entry;
      return {
        error,
        retryFrom,
        attempt,
        ...(retryAt === undefined ? {} : { retryAt }),
        ...(afresh === undefined ? {} : { afresh }),
      };
    }
    case "Jump":
      return failure?.afresh === true ? undefined : failure;
    case "AgentInvocationStarted":
    case "AgentInvocationFinished":
    case "SuccessfulUpdate":
      return undefined;
    case "Suspend":
      return entry.reason === RESUMED && failure?.retryAt === undefined ? undefined : failure;
    default:
      return failure;
  }
}
