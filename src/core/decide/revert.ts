/** What a revert deletes (semantics.md section 8), and what becomes of those who wait for it. */
import { accept, refuse, type Refusal, type Result } from "../errors.ts";
import { inRegions, type Region } from "../oplog/regions.ts";
import type { ReadLog } from "../status/fold.ts";
import { INITIALIZATION_KEY, type Status } from "../status/status.ts";
import { checkCut } from "./cuts.ts";

/** What is kept: all up to an index, or all before the last so many method invocations. */
export type RevertTarget = { readonly toIndex: number } | { readonly invocations: number };

type Log = Pick<Status, "lastIndex" | "deleted">;

/** Where the live method invocations start, the one in progress included. */
function starts(read: ReadLog, { lastIndex, deleted }: Log): number[] {
  const found: number[] = [];
  for (const { index, entry } of read(1, lastIndex)) {
    if (entry.kind !== "AgentInvocationStarted" || inRegions(deleted, index)) continue;
    if (entry.idempotencyKey !== INITIALIZATION_KEY) found.push(index);
  }
  return found;
}

function cutOf(read: ReadLog, log: Log, target: RevertTarget): Result<number> {
  if ("toIndex" in target) return accept(target.toIndex);
  const started = starts(read, log);
  const oldest = started.at(-target.invocations);
  if (oldest !== undefined) return accept(oldest - 1);
  return refuse(
    "invalid-cut",
    `The agent has ${started.length} method invocations that were not reverted, so the last ${target.invocations} cannot be; ask for that many at most.`,
  );
}

/** The region to delete: the `Revert` stands right after it. */
export function decideRevert(read: ReadLog, log: Log, target: RevertTarget): Result<Region> {
  const cut = cutOf(read, log, target);
  if (!cut.ok) return cut;
  const refusal = checkCut(read, log, cut.value, log.lastIndex - 1);
  return refusal === undefined ? accept([cut.value + 1, log.lastIndex]) : { ok: false, refusal };
}

/** What callers are told who wait for an invocation that was reverted. */
export const reversion: Refusal = refuse(
  "invocation-reverted",
  "The agent was reverted to before this invocation, which has never been now; invoke again, with the same key or another, if it shall run.",
).refusal;
