/** The laws that every record keeps, whatever happened (semantics.md sections 1 and 3). */
import type { Indexed } from "../../../src/core/oplog/entry.ts";
import { inRegions, type Regions } from "../../../src/core/oplog/regions.ts";

/** What is open at one place of the record. */
interface Opened {
  invocation: string | undefined;
  readonly calls: Set<number>;
  readonly regions: Set<number>;
}

function once(known: Set<string>, key: string, what: string, index: number): void {
  if (known.has(key)) throw new Error(`${index}: ${what} ${key} for the second time`);
  known.add(key);
}

function closed(open: Set<number>, start: number, what: string, index: number): void {
  if (!open.delete(start)) throw new Error(`${index}: ${what} of ${start}, which is not open`);
}

/** The entries that replay walks: one invocation after the other, each call ended at most once. */
function walk(opened: Opened, { index, entry }: Indexed): void {
  if (entry.kind === "AgentInvocationStarted") {
    if (opened.invocation !== undefined) throw new Error(`${index}: two invocations at once`);
    opened.invocation = entry.idempotencyKey;
    return;
  }
  if (opened.invocation === undefined)
    throw new Error(`${index}: ${entry.kind} between invocations`);
  if (entry.kind === "AgentInvocationFinished") {
    if (opened.calls.size > 0) throw new Error(`${index}: finished with calls still open`);
    if (entry.idempotencyKey !== opened.invocation) throw new Error(`${index}: another finished`);
    opened.invocation = undefined;
  } else if (entry.kind === "Start") opened.calls.add(index);
  else if (entry.kind === "End") closed(opened.calls, entry.start, "the end", index);
  else if (entry.kind === "Cancelled") closed(opened.calls, entry.start, "the cancellation", index);
  else if (entry.kind === "BeginAtomicRegion") opened.regions.add(index);
  else if (entry.kind === "EndAtomicRegion") closed(opened.regions, entry.begin, "the end", index);
}

const WALKED = new Set([
  "AgentInvocationStarted",
  "AgentInvocationFinished",
  "Start",
  "End",
  "Cancelled",
  "BeginAtomicRegion",
  "EndAtomicRegion",
]);

/** Throws when the record breaks a law; `skipped` as its fold says. */
export function expectLegal(record: readonly Indexed[], skipped: Regions): void {
  const [accepted, started, finished] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const opened: Opened = { invocation: undefined, calls: new Set(), regions: new Set() };
  record.forEach((indexed, at) => {
    const { index, entry } = indexed;
    if (index !== at + 1) throw new Error(`${index} stands at ${at + 1}`);
    if ((entry.kind === "Create") !== (index === 1)) throw new Error(`${index}: ${entry.kind}`);
    if (entry.kind === "PendingAgentInvocation") {
      once(accepted, entry.idempotencyKey, "accepted", index);
    }
    if (entry.kind === "AgentInvocationStarted") {
      once(started, entry.idempotencyKey, "started", index);
      const request = record[entry.pendingIndex - 1]?.entry;
      const isRequest = request?.kind === "PendingAgentInvocation";
      if (!isRequest || request.idempotencyKey !== entry.idempotencyKey) {
        throw new Error(`${index}: no request at ${entry.pendingIndex}`);
      }
    }
    if (entry.kind === "AgentInvocationFinished") {
      once(finished, entry.idempotencyKey, "finished", index);
    }
    if (WALKED.has(entry.kind) && !inRegions(skipped, index)) walk(opened, indexed);
  });
}
