/** What becomes of promises and of those who wait for them (semantics.md section 7). */
import { accept, refuse, type Result } from "../errors.ts";
import { COMPLETED, type Suspend } from "../oplog/entry.ts";
import { findPromise } from "../status/promises.ts";
import type { PromiseState, Status } from "../status/status.ts";

const unknownPromise = refuse(
  "promise-not-found",
  "This agent has no promise with that id: createPromise() makes one, a revert to before it takes it back, and a manual update leaves those made before it behind.",
);

/** The promise that is to be completed or waited for. */
export function decidePromise({ promises }: Status, id: string): Result<PromiseState> {
  const known = findPromise(promises, id);
  return known === undefined ? unknownPromise : accept(known);
}

/** How an agent parks that waits for promises: not at all when one was completed in the meantime. */
export function parking(
  { promises }: Status,
  { awaits, until }: { readonly awaits: readonly string[]; readonly until?: number },
  at: number,
): Suspend {
  const isOver = awaits.some((id) => {
    const known = findPromise(promises, id);
    return known === undefined || known.completed !== undefined;
  });
  if (isOver) return { kind: "Suspend", at, until: at };
  return { kind: "Suspend", at, ...(until === undefined ? {} : { until }) };
}

/** What goes with a completion: an agent that may be parked for it goes on at once. */
export function awakening({ name }: Status, promise: PromiseState, at: number): readonly Suspend[] {
  const isParked = name === "suspended" && promise.isAwaited === true;
  return isParked ? [{ kind: "Suspend", at, reason: COMPLETED, until: at }] : [];
}
