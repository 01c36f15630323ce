/**
 * One agent's books: the journal, the inbox, and who waits for what.
 *
 * The inbox holds awaited invocations that are not in the oplog yet: nothing of them can be seen
 * from outside, so their entries may be committed together with their outcome. Whatever else is
 * appended takes their requests along first, so the oplog keeps the order of acceptance.
 */
import { showInvocation, type InvocationEntries } from "../../core/api/show.ts";
import type { InvocationView } from "../../core/api/views.ts";
import { followingRuns } from "../../core/decide/schedules.ts";
import type { Create, Entry, Indexed, PendingAgentInvocation } from "../../core/oplog/entry.ts";
import { placeRecords } from "../../core/oplog/place.ts";
import { completionsIn } from "../../core/status/promises.ts";
import { inRegions } from "../../core/oplog/regions.ts";
import type { LiveRecord } from "../../core/protocol.ts";
import type { Status } from "../../core/status/status.ts";
import { nextTime } from "../operations/cron.ts";
import { isHeavierThan } from "../../core/weight.ts";
import { Journal, type AlarmFor } from "./journal.ts";
import { knownInvocation, type KnownInvocation } from "./known-invocation.ts";
import type { Whereabouts } from "./key-table.ts";
import type { Environment, AgentStore } from "../ports.ts";
import { openRich } from "./rich.ts";
import { WaitingCallers } from "./waiting.ts";

/** How much of what was just written stays in memory. */
const KEPT_BYTES = 256 * 1024;

export class Ledger {
  readonly callers = new WaitingCallers();
  readonly #store: AgentStore;
  readonly #environment: Environment;
  readonly #alarmFor: AlarmFor;
  readonly #inbox = new Map<string, PendingAgentInvocation>();
  #journal: Journal | undefined;
  /** Entries of the last append, unless they are large: showing an outcome that was just written reads nothing. */
  #fresh: readonly Indexed[] = [];

  readonly #appended: (entries: readonly Entry[]) => void;

  /** `appended` hears of all entries once they are in the oplog. */
  constructor(
    store: AgentStore,
    environment: Environment,
    alarmFor: AlarmFor,
    appended: (entries: readonly Entry[]) => void,
  ) {
    this.#appended = appended;
    this.#store = store;
    this.#environment = environment;
    this.#alarmFor = alarmFor;
    this.#journal = Journal.open(store, alarmFor);
  }

  /** Absent when the agent does not exist. */
  get journal(): Journal | undefined {
    return this.#journal;
  }

  get status(): Status | undefined {
    return this.#journal?.status;
  }

  get inbox(): ReadonlyMap<string, PendingAgentInvocation> {
    return this.#inbox;
  }

  create(create: Create, more: readonly Entry[]): Status {
    this.#journal = Journal.create(this.#store, this.#alarmFor, create, more);
    return this.#journal.status;
  }

  /** The agent has come to be in its storage, and its alarm with it: part of that transaction. */
  open(): void {
    this.#journal = Journal.open(this.#store, this.#alarmFor);
    this.#journal?.arm();
  }

  /** Forgets the agent, whose storage is gone. */
  forget(): void {
    this.#journal = undefined;
    this.#inbox.clear();
    this.#fresh = [];
  }

  hold(request: PendingAgentInvocation): void {
    this.#inbox.set(request.idempotencyKey, request);
  }

  append(entries: readonly Entry[], beside?: (first: number) => void): void {
    const held = [...this.#inbox.values()];
    this.#inbox.clear();
    const shifted = beside && ((first: number) => beside(first + held.length));
    this.#write([...held, ...entries], (journal, all) => journal.append(all, shifted));
  }

  /** Appends one entry together with a checkpoint of the status after it. */
  appendWithCheckpoint(entry: Entry, beside: (first: number) => void): void {
    this.append([]);
    this.#write([entry], (journal, all) => journal.appendWithCheckpoint(all, beside));
  }

  /** Appends what an instance did; `refs` are its calls that have their places already. */
  appendRecords(records: readonly LiveRecord[], refs: Map<number, number>): void {
    if (records.length === 0) return;
    const { status } = this.#open();
    this.#checkPending(records);
    const entries = placeRecords(records, status.lastIndex + 1, refs, (key) => this.#request(key));
    this.#write(entries, (journal, all) => journal.append(all));
  }

  /** A request that was cancelled while its call was on its way to the instance must not start. */
  #checkPending(records: readonly LiveRecord[]): void {
    for (const { entry } of records) {
      if (entry.kind !== "AgentInvocationStarted" || entry.pendingIndex === 0) continue;
      const isPending = this.#open().status.pending.some(
        ({ index }) => index === entry.pendingIndex,
      );
      if (!isPending) throw new Error("the invocation was cancelled before it started");
    }
  }

  #request(key: string): number | PendingAgentInvocation {
    const held = this.#inbox.get(key);
    this.#inbox.delete(key);
    if (held !== undefined) return held;
    const waiting = this.#open().status.pending.find((pending) => pending.idempotencyKey === key);
    if (waiting === undefined)
      throw new Error(`nothing was accepted under the key of this invocation`);
    return waiting.index;
  }

  #open(): Journal {
    if (this.#journal === undefined) throw new Error("the agent does not exist");
    return this.#journal;
  }

  #write(
    entries: readonly Entry[],
    append: (journal: Journal, entries: readonly Entry[]) => void,
  ): void {
    if (entries.length === 0) return;
    const journal = this.#open();
    const first = journal.status.lastIndex + 1;
    const all = [...entries, ...this.#hidden(entries), ...this.#followingRuns(entries)];
    append(journal, all);
    this.#fresh = isHeavierThan(all, KEPT_BYTES)
      ? []
      : all.map((entry, at) => ({ index: first + at, entry }));
    this.#appended(all);
    for (const entry of all) {
      if (entry.kind === "AgentInvocationFinished" || entry.kind === "CancelPendingInvocation") {
        this.callers.wake(entry.idempotencyKey, "ended");
      }
    }
  }

  /** Completions that a jump among `entries` hides, to be appended again after it. */
  #hidden(entries: readonly Entry[]): readonly Entry[] {
    const { promises } = this.#open().status;
    return entries.flatMap((entry) =>
      entry.kind === "Jump"
        ? completionsIn(promises, entry.region).flatMap((index) => this.#entry(index) ?? [])
        : [],
    );
  }

  /** Next runs of the schedules whose queued run begins or is cancelled among `entries`. */
  #followingRuns(entries: readonly Entry[]): readonly Entry[] {
    const now = this.#environment.now();
    return followingRuns(this.#open().status, entries, now, nextTime, (at) => this.#entry(at));
  }

  #entry(index: number): Entry | undefined {
    const fresh = this.#fresh[index - (this.#fresh[0]?.index ?? 0)];
    return fresh?.index === index ? fresh.entry : this.#open().entry(index);
  }

  #entriesOf(key: string, { pending, started, ended }: Whereabouts): InvocationEntries | undefined {
    const { deleted } = this.#open().status;
    const request = this.#entry(pending);
    if (request?.kind !== "PendingAgentInvocation" || request.idempotencyKey !== key)
      return undefined;
    const start = started === 0 ? undefined : this.#entry(started);
    const end = ended === 0 ? undefined : this.#entry(ended);
    // What was attempted in a deleted region has never been; a cancellation stands for good.
    const isUndone = end?.kind === "AgentInvocationFinished" && inRegions(deleted, ended);
    if (isUndone || inRegions(deleted, started)) return undefined;
    return {
      pending: request,
      ...(start?.kind === "AgentInvocationStarted" ? { started: start } : {}),
      ...(end?.kind === "AgentInvocationFinished" || end?.kind === "CancelPendingInvocation"
        ? { ended: end }
        : {}),
    };
  }

  /** The entries of the live invocation with that key: what a revert deleted has never been. */
  entriesOf(key: string): InvocationEntries | undefined {
    const held = this.#inbox.get(key);
    if (held !== undefined) return { pending: held };
    if (this.#journal === undefined) return undefined;
    for (const whereabouts of this.#journal.keys.find(key)) {
      const entries = this.#entriesOf(key, whereabouts);
      if (entries !== undefined) return entries;
    }
    return undefined;
  }

  /** The live invocation whose request stands at `index`. */
  invocationAt(index: number, key: string): InvocationView | undefined {
    for (const whereabouts of this.#journal?.keys.find(key) ?? []) {
      if (whereabouts.pending !== index) continue;
      const entries = this.#entriesOf(key, whereabouts);
      if (entries !== undefined) {
        return showInvocation(entries, this.#environment.now(), openRich);
      }
    }
    return undefined;
  }

  /** The method call with that key; updates and the initialization are none. */
  find(key: string): KnownInvocation | undefined {
    const entries = this.entriesOf(key);
    return entries && knownInvocation(entries, () => this.#environment.now());
  }
}
