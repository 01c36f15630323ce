/** Gives the agent's history away. The agent notices nothing: nothing is written, and nothing waits. */
import {
  neededRevisions,
  type Departure,
  type HistorySource,
  type Until,
} from "../../core/copies/history.ts";
import { decideFork } from "../../core/decide/fork.ts";
import { accept, refuse, type Result } from "../../core/errors.ts";
import type { RecordPage } from "../../core/protocol.ts";
import { PAGE_CHARACTERS, type Journal } from "../books/journal.ts";
import type { Ledger } from "../books/ledger.ts";
import type { AgentStore } from "../ports.ts";
import { noAgent } from "../operations/refusals.ts";

const reverted = refuse(
  "invalid-cut",
  "Meanwhile the agent was reverted to before an update, and what that handed over is gone. Nothing was copied; ask again, for what there is now.",
);

function end(journal: Journal, until: Until): Result<number> {
  if (until.kind === "now") return accept(journal.status.lastIndex);
  const read = (from: number, to: number) => journal.read(from, to);
  return decideFork(read, journal.status, until.at);
}

export class Departing implements HistorySource {
  readonly #ledger: Ledger;
  readonly #store: AgentStore;

  constructor(ledger: Ledger, store: AgentStore) {
    this.#ledger = ledger;
    this.#store = store;
  }

  async depart(until: Until): Promise<Result<Departure>> {
    const { journal } = this.#ledger;
    if (journal === undefined) return noAgent;
    const to = end(journal, until);
    if (!to.ok) return to;
    const { status } = journal;
    return accept({
      incarnation: status.identity.incarnation,
      to: to.value,
      snapshots: this.#store.snapshotIndices().filter((index) => index <= to.value),
      revisions: neededRevisions(status),
    });
  }

  #isHere({ incarnation }: Departure): boolean {
    const { status } = this.#ledger;
    return status !== undefined && status.identity.incarnation === incarnation;
  }

  async historyPage(departure: Departure, from: number): Promise<Result<RecordPage>> {
    if (!this.#isHere(departure)) return noAgent;
    return accept(this.#store.readPage(from, departure.to, PAGE_CHARACTERS));
  }

  async snapshotPayload(departure: Departure, index: number): Promise<Result<string | null>> {
    if (!this.#isHere(departure)) return noAgent;
    const payload = this.#store.getSnapshot(index);
    if (payload !== undefined) return accept(payload);
    // Those of updates are never collected.
    const isHandedOver = this.#ledger.journal?.entry(index)?.kind === "PendingUpdate";
    return isHandedOver ? reverted : accept(null);
  }
}
