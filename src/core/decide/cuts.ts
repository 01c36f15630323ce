/**
 * Where an oplog can be cut, so that what stands up to there is the whole history of an agent: at a
 * live index, after the initialization, inside no durable call and no atomic region, and not between
 * what completes a promise and what wakes the agent that waits for it, or what completes promises
 * again that the agent has gone back over. Inside an invocation, between two calls, is a good place:
 * the code goes on from there.
 */
import { refuse, type Refusal } from "../errors.ts";
import { COMPLETED, type Indexed, type Jump } from "../oplog/entry.ts";
import { addRegion, inRegions, type Region, type Regions } from "../oplog/regions.ts";
import type { ReadLog } from "../status/fold.ts";
import { INITIALIZATION_KEY, type Status } from "../status/status.ts";

type Log = Pick<Status, "lastIndex" | "deleted">;

/** What stands in the way of a cut. */
type Obstacle =
  | { readonly kind: "initialization" }
  | { readonly kind: "deleted" | "jumped"; readonly region: Region }
  | { readonly kind: "call"; readonly at: number; readonly call: string }
  | { readonly kind: "atomic region"; readonly at: number }
  | { readonly kind: "wake-up" }
  | { readonly kind: "completions"; readonly jump: number };

interface Place {
  readonly index: number;
  readonly obstacle?: Obstacle;
}

/** What only the whole log tells: the jumps that are live, and where the initialization ends, if it does. */
interface Survey {
  readonly jumps: Regions;
  readonly least: number;
}

function survey(read: ReadLog, { lastIndex, deleted }: Log): Survey {
  let jumps: Regions = [];
  let least = 1;
  for (const { index, entry } of read(1, lastIndex)) {
    if (entry.kind === "PendingAgentInvocation" && entry.invocation.type === "initialization") {
      least = Number.POSITIVE_INFINITY;
    }
    if (inRegions(deleted, index)) continue;
    if (entry.kind === "Jump") jumps = addRegion(jumps, entry.region);
    if (entry.kind !== "AgentInvocationFinished") continue;
    if (entry.idempotencyKey === INITIALIZATION_KEY) least = index;
  }
  return { jumps, least };
}

type Open = Extract<Obstacle, { at: number }>;

/** Calls and atomic regions that have begun and not ended, the oldest first. */
function evolveOpen(open: Map<number, Open>, { index, entry }: Indexed): void {
  switch (entry.kind) {
    case "Start":
      open.set(index, { kind: "call", at: index, call: entry.call });
      break;
    case "BeginAtomicRegion":
      open.set(index, { kind: "atomic region", at: index });
      break;
    case "End":
    case "Cancelled":
      open.delete(entry.start);
      break;
    case "EndAtomicRegion":
      open.delete(entry.begin);
      break;
    case "AgentInvocationFinished":
      open.clear();
      break;
    default:
  }
}

function regionAt(regions: Regions, index: number): Region | undefined {
  if (!inRegions(regions, index)) return undefined;
  return regions.find(([from, to]) => from <= index && index <= to);
}

/** A completion that wakes the agent is written with the wake-up: one without the other would be missed. */
function isWakeUp({ entry: last }: Indexed, { entry: next }: Indexed): boolean {
  const wakes = next.kind === "Suspend" && next.reason === COMPLETED;
  return wakes && last.kind === "PromiseCompleted";
}

/** Completions that a jump hides are written again right after it: without one its promise would be open. */
class Repeated {
  /** Where promises were completed that an agent has gone back over, by their ids. */
  readonly #hidden = new Map<string, number>();
  #jump: Indexed<Jump> | undefined;

  /** The next entry that was not deleted. */
  note({ index, entry }: Indexed, isJumped: boolean): void {
    if (entry.kind === "Jump") this.#jump = { index, entry };
    else if (entry.kind !== "PromiseCompleted") this.#jump = undefined;
    else if (isJumped) this.#hidden.set(entry.promiseId, index);
  }

  /** Index of the jump that the entry belongs to, which would be next. */
  jumpBefore({ entry }: Indexed): number | undefined {
    if (this.#jump === undefined || entry.kind !== "PromiseCompleted") return undefined;
    const hidden = this.#hidden.get(entry.promiseId) ?? 0;
    return hidden < this.#jump.entry.region[0] ? undefined : this.#jump.index;
  }
}

/** An entry, what stands in the way of a cut after it, and of one before it. */
interface Placed {
  readonly indexed: Indexed;
  readonly after?: Obstacle | undefined;
  readonly before?: Obstacle | undefined;
}

function* placed(read: ReadLog, log: Log): Iterable<Placed> {
  const { jumps, least } = survey(read, log);
  const open = new Map<number, Open>();
  const repeated = new Repeated();
  for (const indexed of read(1, log.lastIndex)) {
    const { index } = indexed;
    const deleted = regionAt(log.deleted, index);
    if (deleted !== undefined) {
      yield { indexed, after: { kind: "deleted", region: deleted } };
      continue;
    }
    const jumped = regionAt(jumps, index);
    const jump = repeated.jumpBefore(indexed);
    const before = jump === undefined ? undefined : ({ kind: "completions", jump } as const);
    repeated.note(indexed, jumped !== undefined);
    if (jumped !== undefined) {
      yield { indexed, before, after: { kind: "jumped", region: jumped } };
      continue;
    }
    evolveOpen(open, indexed);
    const [oldest] = open.values();
    yield { indexed, before, after: index < least ? { kind: "initialization" } : oldest };
  }
}

function place({ indexed, after }: Placed, next: Placed | undefined): Place {
  const { index } = indexed;
  const isTorn = next !== undefined && isWakeUp(indexed, next.indexed);
  const obstacle = after ?? next?.before ?? (isTorn ? { kind: "wake-up" as const } : undefined);
  return obstacle === undefined ? { index } : { index, obstacle };
}

/** Each place of the log up to `end`. */
function* places(read: ReadLog, log: Log, end: number): Iterable<Place> {
  let last: Placed | undefined;
  for (const next of placed(read, log)) {
    if (last !== undefined) yield place(last, next);
    if (next.indexed.index > end) return;
    last = next;
  }
  if (last !== undefined) yield place(last, undefined);
}

interface Look {
  readonly obstacle?: Obstacle;
  readonly isInRange: boolean;
  /** The nearest places around it that can be cut. */
  readonly nearest: readonly number[];
}

function lookAt(all: Iterable<Place>, cut: number): Look {
  let below: number | undefined;
  let found: Place | undefined;
  let above: number | undefined;
  for (const { index, obstacle } of all) {
    if (index === cut) found = obstacle === undefined ? { index } : { index, obstacle };
    else if (obstacle === undefined) {
      if (index < cut) below = index;
      else {
        above = index;
        break;
      }
    }
  }
  const nearest = [below, above].filter((index) => index !== undefined);
  const obstacle = found?.obstacle;
  return { isInRange: found !== undefined, nearest, ...(obstacle && { obstacle }) };
}

function reason(cut: number, { lastIndex }: Log, obstacle: Obstacle | undefined): string {
  switch (obstacle?.kind) {
    case undefined:
      return cut === lastIndex
        ? `Index ${cut} is the last one: nothing stands after it.`
        : `Index ${cut} is out of range: the oplog has the indices 1 to ${lastIndex}.`;
    case "initialization":
      return `Index ${cut} lies before the end of the initialization, which stays.`;
    case "deleted":
      return `Index ${cut} lies in [${obstacle.region.join(", ")}], which a revert has deleted.`;
    case "jumped":
      return `Index ${cut} lies in [${obstacle.region.join(", ")}], which the agent has gone back over.`;
    case "call":
      return `Index ${cut} lies inside the call ${obstacle.call} that began at ${obstacle.at}.`;
    case "atomic region":
      return `Index ${cut} lies inside the atomic region that began at ${obstacle.at}.`;
    case "wake-up":
      return `Index ${cut} lies between the completion of a promise and the wake-up of the agent.`;
    case "completions":
      return `Index ${cut} lies between completions of promises that stand for those before the jump at ${obstacle.jump}.`;
  }
}

function advice([first, second]: readonly number[]): string {
  if (first === undefined) return "There is no index that can be cut.";
  if (second === undefined) return `The nearest index that can be cut is ${first}.`;
  return `The nearest indices that can be cut are ${first} and ${second}.`;
}

/** Why nothing can be cut off after the entry at `cut`; `end` is the last index at which that could make sense. */
export function checkCut(read: ReadLog, log: Log, cut: number, end: number): Refusal | undefined {
  const { obstacle, isInRange, nearest } = lookAt(places(read, log, end), cut);
  if (isInRange && obstacle === undefined) return undefined;
  return refuse("invalid-cut", `${reason(cut, log, obstacle)} ${advice(nearest)}`).refusal;
}
