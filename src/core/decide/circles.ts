/** Agents that wait for each other: which calls one waits for, and when another would close a circle. */
import { showPayload, type OpenRich } from "../api/show.ts";
import { refuse, type Refusal } from "../errors.ts";
import type { Indexed } from "../oplog/entry.ts";
import { inRegions, type Regions } from "../oplog/regions.ts";

/** A call that an agent waits for. */
export interface OpenCall {
  /** Name of the agent that was called. */
  readonly to: string;
  readonly idempotencyKey: string;
}

/** The agents that the invocation in progress waits for, from its entries. */
export function openCalls(
  entries: Iterable<Indexed>,
  skipped: Regions,
  openRich: OpenRich,
): readonly OpenCall[] {
  const open = new Map<number, OpenCall>();
  for (const { index, entry } of entries) {
    if (inRegions(skipped, index)) continue;
    if (entry.kind === "End" || entry.kind === "Cancelled") open.delete(entry.start);
    if (entry.kind !== "Start" || entry.call !== "agent.invoke") continue;
    const request: unknown = showPayload(entry.request ?? "null", openRich);
    open.set(index, request as OpenCall);
  }
  return [...open.values()];
}

/** Why an agent is not called that waits for the caller itself. */
export function callCycle(to: string, chain: readonly string[]): Refusal {
  const path = [...chain, to].join(" → ");
  return refuse(
    "call-cycle",
    `Calling ${to} closes a circle of agents that wait for each other (${path}); enqueue the call instead of awaiting it.`,
  ).refusal;
}
