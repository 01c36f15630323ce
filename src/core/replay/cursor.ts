/**
 * The replay cursor: walks the replayable entries of the record and answers the code's calls from
 * them. It reads ahead to the next *barrier*, an entry that decides what the code sees next: an
 * `End` that is to be delivered, the cancellation of the invocation, or its `Finished`. What stands
 * before the barrier is what the code must do by itself before it can go no further.
 */
import type { Durability } from "../oplog/durability.ts";
import type {
  AgentInvocationFinished,
  AgentInvocationStarted,
  BeginAtomicRegion,
  Cancelled,
  End,
  EndAtomicRegion,
  Entry,
  EntryKind,
  ErrorEntry,
  Indexed,
  Jump,
  Log,
  PendingAgentInvocation,
  Start,
} from "../oplog/entry.ts";
import { isReplayable } from "../oplog/entry.ts";
import type { Payload } from "../oplog/payload.ts";
import { inRegions, type Regions } from "../oplog/regions.ts";

/** What a durable call is known by. */
export interface CallIdentity {
  readonly call: string;
  readonly durability: Durability;
  readonly request?: Payload;
  readonly parent?: number;
}

/** A recorded call that the code has made again. `end` is there when it ended within the code's own turn. */
export interface Claim {
  readonly index: number;
  readonly at: number;
  readonly end?: Indexed<End>;
}

/** What the code must make again by itself. */
type Made = Start | BeginAtomicRegion | EndAtomicRegion;

export type Barrier = Indexed<End | Cancelled | AgentInvocationFinished>;

function sameCall(entry: Made, identity: CallIdentity): entry is Start {
  return (
    entry.kind === "Start" &&
    entry.call === identity.call &&
    entry.durability === identity.durability &&
    entry.parent === identity.parent &&
    entry.request === identity.request
  );
}

/** Log lines are hints, but what was logged since the last barrier must not be logged again. */
function isWalked(kind: EntryKind): boolean {
  return isReplayable(kind) || kind === "Log";
}

export class ReplayCursor {
  readonly #skipped: Regions;
  readonly #accepted = new Map<number, PendingAgentInvocation>();
  readonly #inlineEnds = new Map<number, Indexed<End>>();
  readonly #cancelled = new Set<number>();
  readonly #tried = new Map<number, ErrorEntry>();
  #logs: Log[] = [];
  #ahead: Indexed[] = [];
  #position = 0;
  #unclaimed: Indexed<Made>[] = [];
  #jumps: Indexed<Jump>[] = [];
  #barriersAhead = 0;
  /** Index of the invocation that the pages so far end in. */
  #lastStarted = 0;
  /** Where the code heard that its invocation was cancelled. */
  readonly #cancellations = new Set<number>();
  #exhausted = false;
  #walked = 0;

  constructor(skipped: Regions) {
    this.#skipped = skipped;
  }

  /** Takes the next page of the record; `last` when there is no page after it. */
  feed(page: readonly Indexed[], last: boolean): void {
    this.#ahead = this.#ahead.slice(this.#position);
    this.#position = 0;
    for (const indexed of page) {
      if (indexed.entry.kind === "PendingAgentInvocation") {
        this.#accepted.set(indexed.index, indexed.entry);
      } else if (indexed.entry.kind === "Error") {
        this.#tried.set(indexed.entry.retryFrom, indexed.entry);
      } else if (indexed.entry.kind === "Jump") {
        this.#jumps.push({ index: indexed.index, entry: indexed.entry });
      } else if (indexed.entry.kind === "Revert") {
        const [from, to] = indexed.entry.region;
        this.#jumps = this.#jumps.filter(({ index }) => index < from || index > to);
      } else if (isWalked(indexed.entry.kind) && !inRegions(this.#skipped, indexed.index)) {
        this.#look(indexed);
      }
    }
    this.#exhausted = last;
  }

  #look(indexed: Indexed): void {
    const { index, entry } = indexed;
    this.#ahead.push(indexed);
    if (entry.kind === "AgentInvocationStarted") this.#lastStarted = index;
    if (entry.kind === "Cancelled" && entry.start === this.#lastStarted) {
      this.#cancellations.add(index);
    }
    if (this.#isBarrier(indexed)) this.#barriersAhead += 1;
  }

  #isBarrier({ index, entry }: Indexed): boolean {
    switch (entry.kind) {
      case "End":
        return entry.inline !== true;
      case "Cancelled":
        return this.#cancellations.has(index);
      default:
        return entry.kind === "AgentInvocationFinished";
    }
  }

  /** Replayable entries that the code has got past. */
  get entriesReplayed(): number {
    return this.#walked - this.#unclaimed.length - this.#inlineEnds.size;
  }

  /** Whether the code may run without another page: a barrier is in sight, or the record's end. */
  get isFed(): boolean {
    return this.#exhausted || this.#barriersAhead > 0;
  }

  /** The accepted request at `pendingIndex`, when it was among the pages; each is taken once. */
  takeAccepted(pendingIndex: number): PendingAgentInvocation | undefined {
    const accepted = this.#accepted.get(pendingIndex);
    this.#accepted.delete(pendingIndex);
    return accepted;
  }

  /** The invocation that the record goes on with, or `undefined` at its end. Needs the cursor fed. */
  nextStarted(): Indexed<AgentInvocationStarted> | undefined {
    while (this.#ahead[this.#position]?.entry.kind === "Log") this.#position += 1;
    const next = this.#ahead[this.#position];
    if (next === undefined) return undefined;
    if (next.entry.kind !== "AgentInvocationStarted") {
      throw new Error(`the oplog has ${next.entry.kind} at ${next.index} between invocations`);
    }
    this.#position += 1;
    this.#walked += 1;
    this.gather();
    return { index: next.index, entry: next.entry };
  }

  /**
   * The jumps by which the invocation at `startedIndex` began anew, each one try. Needs the cursor
   * fed: whatever is left of the invocation comes after all of them.
   */
  takeNewBeginnings(startedIndex: number): readonly Jump[] {
    const beginnings = this.#jumps.filter(({ entry }) => entry.region[0] === startedIndex + 1);
    this.#jumps = this.#jumps.filter(({ entry }) => entry.region[0] > startedIndex + 1);
    return beginnings.map(({ entry }) => entry);
  }

  /** What the code sees next by the record, or `undefined` at the record's end. */
  get barrier(): Barrier | undefined {
    const next = this.#ahead[this.#position];
    return next !== undefined && this.#isBarrier(next) ? (next as Barrier) : undefined;
  }

  /** Index of what the code comes to next by the record; beyond all of them at its end. */
  get place(): number {
    const [unclaimed] = this.#unclaimed;
    const next = unclaimed ?? this.#ahead[this.#position];
    return next?.index ?? Number.POSITIVE_INFINITY;
  }

  /** Calls, and borders of regions, recorded before the barrier that the code has not made yet. */
  get unclaimed(): readonly Indexed<Made>[] {
    return this.#unclaimed;
  }

  /** Claims the first recorded call of that identity; `undefined` when there is none before the barrier. */
  claim(identity: CallIdentity): Claim | undefined {
    const position = this.#unclaimed.findIndex(({ entry }) => sameCall(entry, identity));
    const found = this.#unclaimed[position];
    if (found === undefined) return undefined;
    this.#unclaimed.splice(position, 1);
    const end = this.#inlineEnds.get(found.index);
    this.#inlineEnds.delete(found.index);
    return { index: found.index, at: found.entry.at, ...(end === undefined ? {} : { end }) };
  }

  /** Claims the first recorded border: a begin, or the end of the region that began at `begin`. */
  claimBorder(begin?: number): number | undefined {
    const position = this.#unclaimed.findIndex(({ entry }) =>
      begin === undefined
        ? entry.kind === "BeginAtomicRegion"
        : entry.kind === "EndAtomicRegion" && entry.begin === begin,
    );
    return position < 0 ? undefined : this.#unclaimed.splice(position, 1)[0]?.index;
  }

  /** Whether the record says that the call was cancelled. */
  isCancelled(start: number): boolean {
    return this.barrier !== undefined || this.#cancelled.has(start);
  }

  /** Whether the record has this log line already; each recorded line answers once. */
  takeLog(level: Log["level"], message: string): boolean {
    if (this.barrier !== undefined) return true;
    const position = this.#logs.findIndex((log) => log.level === level && log.message === message);
    if (position < 0) return false;
    this.#logs.splice(position, 1);
    return true;
  }

  /** The last failed try of the open call that started at `start`. */
  triedOf(start: number): ErrorEntry | undefined {
    return this.#tried.get(start);
  }

  /** Walks past the barrier; feed the cursor before the code runs on. */
  pass(): void {
    this.#logs = [];
    const passed = this.barrier;
    if (passed?.entry.kind === "AgentInvocationFinished") this.#cancelled.clear();
    else if (passed !== undefined) this.#tried.delete(passed.entry.start);
    if (passed !== undefined) this.#cancellations.delete(passed.index);
    this.#position += 1;
    this.#barriersAhead -= 1;
    this.#walked += 1;
  }

  /** Gathers what stands before the next barrier; call it once the cursor is fed. */
  gather(): void {
    for (;;) {
      const next = this.#ahead[this.#position];
      if (
        next === undefined ||
        this.#isBarrier(next) ||
        next.entry.kind === "AgentInvocationStarted"
      ) {
        return;
      }
      this.#note(next.index, next.entry);
      this.#position += 1;
      if (next.entry.kind !== "Log") this.#walked += 1;
    }
  }

  #note(index: number, entry: Entry): void {
    if (
      entry.kind === "Start" ||
      entry.kind === "BeginAtomicRegion" ||
      entry.kind === "EndAtomicRegion"
    ) {
      this.#unclaimed.push({ index, entry });
    }
    if (entry.kind === "End") this.#inlineEnds.set(entry.start, { index, entry });
    if (entry.kind === "Cancelled") this.#cancelled.add(entry.start);
    if (entry.kind === "Log") this.#logs.push(entry);
  }
}
