/** Sub-folds of what the agent is doing: its status name, the invocation in progress, its failure. */
import { RESUMED, type Entry, type Indexed } from "../oplog/entry.ts";
import type { CurrentInvocation, Failure, Status } from "./status.ts";

/** The part of the status that skipped regions hide. */
export type Activity = Pick<Status, "name" | "suspendedUntil" | "current">;

export const idle: Activity = { name: "idle" };

function running(current: CurrentInvocation | undefined): Activity {
  return current === undefined ? idle : { name: "running", current };
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
    case "Start":
    case "End":
    case "Cancelled":
    case "BeginAtomicRegion":
    case "EndAtomicRegion":
    case "Jump":
    case "SuccessfulUpdate":
      return running(current);
    case "Suspend":
      if (current === undefined) return idle;
      return {
        name: "suspended",
        ...keep(current),
        ...(entry.until === undefined ? {} : { suspendedUntil: entry.until }),
      };
    case "Interrupted":
      return { name: "interrupted", ...keep(current) };
    case "Error":
      return { name: entry.retryAt === undefined ? "failed" : "retrying", ...keep(current) };
    default:
      return activity;
  }
}

/**
 * Counted over skipped regions as well, else a retried region would never use up its tries. A failed
 * agent that is resumed has a fresh budget, a retrying one keeps its own.
 */
export function evolveFailure(failure: Failure | undefined, entry: Entry): Failure | undefined {
  switch (entry.kind) {
    case "Error": {
      const { error, retryFrom, attempt, retryAt } = entry;
      return { error, retryFrom, attempt, ...(retryAt === undefined ? {} : { retryAt }) };
    }
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
