/** Writes the agent as a file, a line at a time. The agent goes on meanwhile and notices nothing. */
import type { Departure } from "../../core/copies/history.ts";
import {
  FILE_FORMAT,
  rowsJson,
  Seals,
  type Counts,
  type FileHeader,
  type RevisionRecord,
} from "../../core/copies/file.ts";
import { accept, type Result } from "../../core/errors.ts";
import type { RecordPage } from "../../core/protocol.ts";
import type { Identity } from "../../core/status/status.ts";
import type { Ledger } from "../books/ledger.ts";
import type { Components, Environment } from "../ports.ts";
import type { Departing } from "./departing.ts";
import { noAgent } from "../operations/refusals.ts";

/** An export that cannot go on ends in an error: what was sent has no last record. */
function given<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(`the agent cannot be exported any further: ${result.refusal.detail}`);
}

export class Exporting {
  readonly #ledger: Ledger;
  readonly #departing: Departing;
  readonly #components: Components;
  readonly #environment: Environment;

  constructor(
    ledger: Ledger,
    departing: Departing,
    components: Components,
    environment: Environment,
  ) {
    this.#ledger = ledger;
    this.#departing = departing;
    this.#components = components;
    this.#environment = environment;
  }

  /** All there is now. */
  async export(): Promise<Result<AsyncIterable<Uint8Array>>> {
    const departure = await this.#departing.depart({ kind: "now" });
    const { status } = this.#ledger;
    if (!departure.ok) return departure;
    return status === undefined ? noAgent : accept(this.#lines(departure.value, status.identity));
  }

  async *#lines(
    departure: Departure,
    { component, type, key }: Identity,
  ): AsyncGenerator<Uint8Array> {
    const seals = new Seals((text) => this.#environment.sha256(text));
    const line = async (json: string): Promise<Uint8Array> =>
      new TextEncoder().encode(await seals.line(json));
    const { incarnation, to: lastIndex, revisions } = departure;
    const exportedAt = new Date(this.#environment.now()).toISOString();
    const address = { component, type, key };
    const origin = { exportedAt, incarnation, lastIndex };
    const header: FileHeader = { kind: "agent", format: FILE_FORMAT, ...address, ...origin };
    yield line(JSON.stringify(header));
    for (const revision of revisions) {
      const code = await this.#components.code(component, revision);
      const record: RevisionRecord = { kind: "revision", revision, ...code };
      yield line(JSON.stringify(record));
    }
    for (let from: number | null = 1; from !== null;) {
      const page: RecordPage = given(await this.#departing.historyPage(departure, from));
      yield line(rowsJson(page.rows));
      from = page.next;
    }
    let snapshots = 0;
    for (const index of departure.snapshots) {
      const payload = given(await this.#departing.snapshotPayload(departure, index));
      if (payload === null) continue;
      snapshots += 1;
      yield line(JSON.stringify({ kind: "snapshot", index, payload }));
    }
    const counts: Counts = { revisions: revisions.length, entries: lastIndex, snapshots };
    yield line(JSON.stringify({ kind: "end", ...counts }));
  }
}
