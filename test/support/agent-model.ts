/**
 * A model of an agent that writes only what a real one could write. It keeps a state per entry, so
 * a revert is a look at an earlier state; it shares no code with the fold that it serves to test.
 */
import type { AgentStatusName, UpdateMode } from "../../src/core/api/views.ts";
import type { Entry, Indexed, Invocation } from "../../src/core/oplog/entry.ts";
import { INITIALIZATION_KEY } from "../../src/core/status/status.ts";

/** An entry before it has its time. */
export type Undated = Entry extends infer E ? (E extends Entry ? Omit<E, "at"> : never) : never;

export interface OpenUpdate {
  readonly index: number;
  readonly id: string;
  readonly mode: UpdateMode;
  readonly revision: number;
}

/** The agent right after one entry, as far as that decides what it may write next. */
export interface Moment {
  readonly name: AgentStatusName;
  readonly current?: { readonly key: string; readonly startedIndex: number };
  /** The code has heard that its invocation is cancelled. */
  readonly isCancelled?: boolean;
  /** Open calls and open atomic regions, by their indices. */
  readonly calls: readonly number[];
  readonly regions: readonly number[];
  /** Ids of all promises that were created so far. */
  readonly promises: readonly string[];
  readonly updates: readonly OpenUpdate[];
  readonly revision: number;
  readonly automatic: number | null;
  readonly finishedSince: number;
  /** The least legal cut; 0 while the initialization is unfinished. */
  readonly leastCut: number;
}

/** A request in the queue, which no revert takes back. */
export interface Waiting {
  readonly index: number;
  readonly at: number;
  readonly key: string;
  readonly invocation: Invocation;
  readonly scheduledFor?: number;
  readonly schedule?: Recurring;
}

/** A schedule, which no revert takes back: its method is called every `period` milliseconds. */
export interface Recurring {
  readonly id: string;
  readonly period: number;
}

const START = Date.UTC(2026, 0, 1);

export class AgentModel {
  readonly entries: Indexed[] = [];
  readonly #moments: Moment[] = [];
  readonly #attempts = new Map<string, number>();
  readonly #deleted = new Set<number>();
  readonly #jumped: (readonly [jump: number, from: number])[] = [];
  queue: readonly Waiting[] = [];
  schedules: readonly Recurring[] = [];
  #now = START;
  #named = 0;

  constructor(hasOnCreate: boolean) {
    this.append(
      {
        kind: "Create",
        component: "shop",
        type: "Cart",
        key: "k",
        revision: 1,
        incarnation: "i",
        params: "{}",
      },
      {
        name: "idle",
        calls: [],
        regions: [],
        promises: [],
        updates: [],
        revision: 1,
        automatic: null,
        finishedSince: 0,
        leastCut: hasOnCreate ? 0 : 1,
      },
    );
    if (hasOnCreate) this.request({ type: "initialization" }, { key: INITIALIZATION_KEY });
  }

  get now(): number {
    return this.#now;
  }

  get last(): number {
    return this.entries.length;
  }

  get moment(): Moment {
    return this.at(this.last);
  }

  /** The agent as it was right after the entry at `index`. */
  at(index: number): Moment {
    const moment = this.#moments[index - 1];
    if (moment === undefined) throw new Error(`the log has no entry at ${index}`);
    return moment;
  }

  /** A name that was not used before. */
  fresh(prefix: string): string {
    this.#named += 1;
    return `${prefix}${this.#named}`;
  }

  pass(ms: number): void {
    this.#now += ms;
  }

  /** Appends an entry after which the agent is the same but for `change`; gives its index. */
  append(entry: Undated, change?: Partial<Moment>): number {
    const before = this.#moments.at(-1);
    this.#moments.push({ ...before, ...change } as Moment);
    this.entries.push({ index: this.last + 1, entry: { ...entry, at: this.#now } });
    return this.last;
  }

  request(
    invocation: Invocation,
    {
      key,
      scheduledFor,
      schedule,
    }: {
      readonly key: string;
      readonly scheduledFor?: number;
      readonly schedule?: Recurring;
    },
  ): void {
    const when = scheduledFor === undefined ? {} : { scheduledFor };
    const run = schedule === undefined ? {} : { schedule };
    const of = schedule === undefined ? {} : { schedule: schedule.id };
    const kind = "PendingAgentInvocation";
    this.append({ kind, idempotencyKey: key, invocation, ...when, ...of });
    const waiting = { index: this.last, at: this.#now, key, invocation, ...when, ...run };
    this.queue = [...this.queue, waiting];
  }

  /** Queues the run of a schedule that comes after a time. */
  recur(schedule: Recurring, after: number): void {
    const scheduledFor = Math.max(after, this.#now) + schedule.period;
    const invocation = { type: "method", method: "add", args: "[1]" } as const;
    this.request(invocation, { key: `${schedule.id}@${scheduledFor}`, scheduledFor, schedule });
  }

  /** The run has left the queue: the next one follows, unless its schedule was deleted. */
  follow({ schedule, scheduledFor = 0 }: Waiting): void {
    const goesOn = this.schedules.find(({ id }) => id === schedule?.id);
    if (goesOn !== undefined) this.recur(goesOn, scheduledFor);
  }

  leave(gone: (waiting: Waiting) => boolean): void {
    this.queue = this.queue.filter((waiting) => !gone(waiting));
  }

  /** Whether requests in the queue are taken up: nothing is in progress, and nothing goes first. */
  get isFree(): boolean {
    const { name, current, updates } = this.moment;
    return current === undefined && updates.length === 0 && name !== "failed";
  }

  /** The request whose turn it is: first in, first out; a scheduled one counts from its time. */
  get due(): Waiting | undefined {
    const rank = ({ at, scheduledFor }: Waiting): number => scheduledFor ?? at;
    const due = this.queue.filter((waiting) => rank(waiting) <= this.#now);
    return due.toSorted((left, right) => rank(left) - rank(right) || left.index - right.index)[0];
  }

  attempt(key: string): void {
    this.#attempts.set(key, this.last);
  }

  /** A cancelled key stays taken, whatever is reverted. */
  forget(key: string): void {
    this.#attempts.delete(key);
  }

  /** Keys of invocations that a revert made undone: they may be used again. */
  get undoneKeys(): string[] {
    return [...this.#attempts]
      .filter(([key, started]) => key !== INITIALIZATION_KEY && this.#deleted.has(started))
      .map(([key]) => key);
  }

  jump(from: number): void {
    const { calls, regions, isCancelled = false } = this.at(from - 1);
    const to = this.last + 1;
    const before = { name: "running", calls, regions, isCancelled } as const;
    this.append({ kind: "Jump", region: [from, to] }, before);
    this.#jumped.push([to, from]);
  }

  /** Whether an entry is one of the completions right after a jump which stand for those that it hides. */
  #isRepeated(index: number): boolean {
    const before = this.entries.slice(0, index);
    const jump = before.findLast(({ entry }) => entry.kind !== "PromiseCompleted");
    const completion = before[index - 1]?.entry;
    if (completion?.kind !== "PromiseCompleted" || jump?.entry.kind !== "Jump") return false;
    const [from, to] = jump.entry.region;
    return this.entries
      .slice(from - 1, to)
      .filter((hidden) => !this.#deleted.has(hidden.index))
      .some(
        ({ entry }) =>
          entry.kind === "PromiseCompleted" && entry.promiseId === completion.promiseId,
      );
  }

  /** Where a revert may cut: live, in no jump, splitting neither a call, an atomic region nor completions after a jump. */
  get cuts(): number[] {
    const cuts: number[] = [];
    const { leastCut } = this.moment;
    const jumps = this.#jumped.filter(([jump]) => !this.#deleted.has(jump));
    if (leastCut === 0) return cuts;
    for (let cut = leastCut; cut < this.last; cut++) {
      const { calls, regions } = this.at(cut);
      const isJumped = jumps.some(([jump, from]) => from <= cut && cut <= jump);
      const isWhole = calls.length === 0 && regions.length === 0;
      const isOpen = !isJumped && !this.#deleted.has(cut) && !this.#isRepeated(cut + 1);
      if (isWhole && isOpen) cuts.push(cut);
    }
    return cuts;
  }

  revert(cut: number): void {
    const before = this.at(cut);
    const region = [cut + 1, this.last] as const;
    for (let index = region[0]; index <= region[1]; index++) this.#deleted.add(index);
    this.append({ kind: "Revert", region });
    this.#moments[this.last - 1] = before;
  }
}
