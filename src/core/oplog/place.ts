/** Gives records that come from an instance their places in the oplog. */
import type { LiveRecord } from "../protocol.ts";
import type { Entry, PendingAgentInvocation } from "./entry.ts";

/** Where the request of a starting invocation stands, or the request itself when it is to be appended with it. */
export type RequestOf = (idempotencyKey: string) => number | PendingAgentInvocation;

/**
 * The entries of `records`, the first of which gets the index `first`. Refs are negative; `refs`
 * maps those placed so far to indices, and learns the new ones.
 */
export function placeRecords(
  records: readonly LiveRecord[],
  first: number,
  refs: Map<number, number>,
  requestOf: RequestOf,
): Entry[] {
  const entries: Entry[] = [];
  const placeOf = (id: number): number => (id > 0 ? id : (refs.get(id) ?? unknown(id)));
  for (const { entry, ref } of records) {
    if (entry.kind === "AgentInvocationStarted" && entry.pendingIndex === 0) {
      const request = requestOf(entry.idempotencyKey);
      if (typeof request !== "number") entries.push(request);
      const pendingIndex = typeof request === "number" ? request : first + entries.length - 1;
      if (ref !== undefined) refs.set(ref, first + entries.length);
      entries.push({ ...entry, pendingIndex });
      continue;
    }
    if (ref !== undefined) refs.set(ref, first + entries.length);
    if (entry.kind === "End" || entry.kind === "Cancelled") {
      entries.push({ ...entry, start: placeOf(entry.start) });
    } else if (entry.kind === "Error") {
      entries.push({ ...entry, retryFrom: placeOf(entry.retryFrom) });
    } else if (entry.kind === "EndAtomicRegion") {
      entries.push({ ...entry, begin: placeOf(entry.begin) });
    } else entries.push(entry);
  }
  return entries;
}

function unknown(ref: number): never {
  throw new Error(`no call is known by the ref ${ref}`);
}
