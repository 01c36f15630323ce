/** Takes back the end of an agent's history. */
import { showAgent } from "../../core/api/show.ts";
import type { AgentView } from "../../core/api/views.ts";
import { decideRevert, reversion, type RevertTarget } from "../../core/decide/revert.ts";
import { accept, type Result } from "../../core/errors.ts";
import type { Region } from "../../core/oplog/regions.ts";
import type { Loop } from "../loop.ts";
import type { Ports } from "../ports.ts";
import { noAgent } from "./refusals.ts";
import { openRich } from "../books/rich.ts";

export class Reverting {
  readonly #ports: Ports;
  readonly #loop: Loop;

  constructor(ports: Ports, loop: Loop) {
    this.#ports = ports;
    this.#loop = loop;
  }

  /** All in one turn: nothing of the session that is dropped can come after the decision. */
  async revert(target: RevertTarget): Promise<Result<AgentView>> {
    const { ledger } = this.#loop;
    // Requests that are held back survive: they get their places before the end is looked at.
    ledger.append([]);
    const { journal } = ledger;
    if (journal === undefined) return noAgent;
    const read = (from: number, to: number) => journal.read(from, to);
    const region = decideRevert(read, journal.status, target);
    if (!region.ok) return region;
    this.#loop.halt("the agent was reverted");
    this.#delete(region.value);
    const now = this.#ports.environment.now();
    const view = accept(showAgent(journal.status, now, openRich));
    void this.#loop.drive();
    return view;
  }

  #delete(region: Region): void {
    const { ledger } = this.#loop;
    const { store, environment } = this.#ports;
    ledger.appendWithCheckpoint({ kind: "Revert", at: environment.now(), region }, () => {
      for (const index of store.snapshotIndices()) {
        if (index >= region[0]) store.dropSnapshot(index);
      }
    });
    ledger.callers.wakeWhere((key) => ledger.entriesOf(key) === undefined, reversion);
  }
}
