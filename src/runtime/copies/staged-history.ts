/**
 * A history that has arrived in an agent's empty object. It is kept beside where the agent's own
 * would be, and becomes the agent's in one transaction; whatever comes between leaves nothing.
 */
import type { Create, Entry, Indexed } from "../../core/oplog/entry.ts";
import type { Status } from "../../core/status/status.ts";
import type { AgentStore } from "../ports.ts";
import { Journal } from "../books/journal.ts";

export class StagedHistory {
  readonly #store: AgentStore;
  /** Epoch milliseconds at which the object wakes to clear what was left behind. */
  readonly #clearAt: number;
  #journal: Journal | undefined;

  constructor(store: AgentStore, clearAt: number) {
    this.#store = store;
    this.#clearAt = clearAt;
  }

  get status(): Status | undefined {
    return this.#journal?.status;
  }

  get lastIndex(): number {
    return this.status?.lastIndex ?? 0;
  }

  /** Entries that are stored as one. */
  append(entries: readonly Entry[]): void {
    if (this.#journal !== undefined) {
      this.#journal.append(entries);
      this.#journal.checkpointIfLong();
      return;
    }
    const [create, ...more] = entries;
    this.#journal = Journal.create(this.#store.staged, () => this.#clearAt, create as Create, more);
  }

  /** Entries that have been appended. */
  read(from: number, to: number): Iterable<Indexed> {
    return this.#journal?.read(from, to) ?? [];
  }

  entry(index: number): Entry | undefined {
    return this.#journal?.entry(index);
  }

  putSnapshot(index: number, payload: string): void {
    this.#store.staged.putSnapshot(index, payload);
  }

  /** Makes it the agent's own, together with `entries` at its end; `opened` is part of the transaction. */
  promote(entries: readonly Entry[], opened: () => void): void {
    this.#store.transaction(() => {
      this.#journal?.appendWithCheckpoint(entries, () => {});
      this.#store.staged.promote();
      opened();
    });
  }
}
