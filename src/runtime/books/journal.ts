/**
 * The oplog and the status that folds from it, kept in step. The only place that appends.
 * Invariants: an append, its alarm and what lies beside it are one transaction; the status in
 * memory is always the fold of what is in storage.
 */
import { decodeRow, encodeRows } from "../../core/oplog/codec.ts";
import type { Create, Entry, Indexed } from "../../core/oplog/entry.ts";
import { decodeCheckpoint, encodeCheckpoint, swallows } from "../../core/status/checkpoint.ts";
import { fold } from "../../core/status/fold.ts";
import type { Status } from "../../core/status/status.ts";
import { KeyTable } from "./key-table.ts";
import type { OplogStore } from "../ports.ts";

/** Characters of stored rows read at once: bounds the memory of a recovery, whatever its length. */
export const PAGE_CHARACTERS = 512 * 1024;

/** A checkpoint is written when this many entries came since the last one. */
const CHECKPOINT_ENTRIES = 4096;

/** When the alarm must fire for a status: epoch milliseconds, or never. */
export type AlarmFor = (status: Status) => number | undefined;

export class Journal {
  readonly #store: OplogStore;
  readonly #alarmFor: AlarmFor;
  readonly keys: KeyTable;
  #status: Status;
  #checkpointed: number;
  /** When the platform's alarm is set to; `undefined` while that is not known. */
  #armed: number | undefined;

  private constructor(store: OplogStore, alarmFor: AlarmFor, base: Status, keys: KeyTable) {
    this.#store = store;
    this.#alarmFor = alarmFor;
    this.#status = base;
    this.#checkpointed = base.lastIndex;
    this.keys = keys;
  }

  get status(): Status {
    return this.#status;
  }

  /** The journal of an agent that exists. */
  static open(store: OplogStore, alarmFor: AlarmFor): Journal | undefined {
    if (!store.exists()) return undefined;
    const checkpoint = readCheckpoint(store);
    const keys = new KeyTable(store);
    if (checkpoint !== undefined) keys.adopt(checkpoint);
    const from = checkpoint === undefined ? 1 : checkpoint.lastIndex + 1;
    let status = checkpoint;
    for (const indexed of readEntries(store, from, Number.MAX_SAFE_INTEGER)) {
      status = fold(status, [indexed], (low, high) => readEntries(store, low, high));
      keys.note(indexed);
    }
    if (status === undefined) return undefined;
    keys.adopt(status);
    const journal = new Journal(store, alarmFor, status, keys);
    journal.#checkpointed = checkpoint?.lastIndex ?? 0;
    return journal;
  }

  /** Writes `Create` and what belongs to it as the first entries of a new agent. */
  static create(
    store: OplogStore,
    alarmFor: AlarmFor,
    create: Create,
    more: readonly Entry[],
  ): Journal {
    const indexed = [create, ...more].map((entry, at) => ({ index: at + 1, entry }));
    const status = fold(undefined, indexed, () => indexed) as Status;
    const journal = new Journal(store, alarmFor, status, new KeyTable(store));
    store.transaction(() => {
      store.prepare();
      for (const [first, text] of encodeRows(1, [create, ...more])) store.appendRow(first, text);
      journal.#arm(status);
    });
    for (const entry of indexed) journal.keys.note(entry);
    journal.#checkpointed = 0;
    return journal;
  }

  /** Appends entries as one; `beside` writes what belongs to them in the same transaction. */
  append(entries: readonly Entry[], beside: (first: number) => void = () => {}): void {
    if (entries.length === 0) return;
    const first = this.#status.lastIndex + 1;
    const indexed = entries.map((entry, at) => ({ index: first + at, entry }));
    let status = this.#status;
    this.#store.transaction(() => {
      for (const [at, text] of encodeRows(first, entries)) this.#store.appendRow(at, text);
      beside(first);
      status = fold(this.#status, indexed, (from, to) => this.read(from, to)) as Status;
      this.#arm(status);
    });
    this.#status = status;
    for (const entry of indexed) this.keys.note(entry);
    if (entries.some(({ kind }) => kind === "Revert")) this.keys.adopt(status);
  }

  /** Appends entries together with a checkpoint of the status after them. */
  appendWithCheckpoint(entries: readonly Entry[], beside: (first: number) => void): void {
    const before = this.#status;
    try {
      this.#store.transaction(() => {
        this.append(entries, beside);
        this.#writeCheckpoint();
      });
    } catch (error) {
      // What the transaction took back must not stay in memory either.
      this.#status = before;
      this.keys.rollBack();
      throw error;
    }
    this.#checkpointWritten();
  }

  /** Writes a checkpoint when the tail has grown long: for agents that take no snapshots. */
  checkpointIfLong(): void {
    if (this.#status.lastIndex - this.#checkpointed < CHECKPOINT_ENTRIES) return;
    this.#store.transaction(() => this.#writeCheckpoint());
    this.#checkpointWritten();
  }

  #writeCheckpoint(): void {
    this.#store.putCheckpoint(encodeCheckpoint(this.#status));
    this.keys.store();
  }

  #checkpointWritten(): void {
    this.keys.forgetStored();
    this.#checkpointed = this.#status.lastIndex;
  }

  read(from: number, to: number): Iterable<Indexed> {
    return readEntries(this.#store, from, to);
  }

  /** The entry at `index`. */
  entry(index: number): Entry | undefined {
    for (const indexed of readEntries(this.#store, index, index)) return indexed.entry;
    return undefined;
  }

  /** Arms the alarm for the present status, if it is not armed early enough. */
  arm(): void {
    this.#arm(this.#status);
  }

  /** The platform's alarm has fired: none is armed now. */
  alarmFired(): void {
    this.#armed = Number.POSITIVE_INFINITY;
  }

  /** An alarm that is armed too early fires for nothing, which costs less than moving it. */
  #arm(status: Status): void {
    const at = this.#alarmFor(status);
    if (at === undefined || (this.#armed !== undefined && this.#armed <= at)) return;
    this.#store.setAlarm(at);
    this.#armed = at;
  }
}

function readCheckpoint(store: OplogStore): Status | undefined {
  const text = store.getCheckpoint();
  const checkpoint = text === undefined ? undefined : decodeCheckpoint(text);
  if (checkpoint === undefined) return undefined;
  for (const indexed of readEntries(store, checkpoint.lastIndex + 1, Number.MAX_SAFE_INTEGER)) {
    if (swallows(checkpoint, indexed)) return undefined;
  }
  return checkpoint;
}

function* readEntries(store: OplogStore, from: number, to: number): Iterable<Indexed> {
  for (let next: number | null = from; next !== null;) {
    const page = store.readPage(next, to, PAGE_CHARACTERS);
    for (const [first, text] of page.rows) {
      for (const indexed of decodeRow(first, text)) {
        if (indexed.index >= from && indexed.index <= to) yield indexed;
      }
    }
    next = page.next;
  }
}
