/** Replays the beginnings of a record on fresh instances, of which nothing may leave. */
import { encodeRows } from "../../../src/core/oplog/codec.ts";
import type { Indexed } from "../../../src/core/oplog/entry.ts";
import type { Boot, HostPort, RecordPage } from "../../../src/core/protocol.ts";
import { defaultSettings } from "../../../src/core/settings.ts";
import type { Status } from "../../../src/core/status/status.ts";
import type { AuthorModule } from "../../../src/guest/code/describe.ts";
import type { Replayed } from "../../support/programs/comparing.ts";
import { statusesOf } from "../../support/statuses.ts";
import { Clock } from "./clock.ts";
import { decode, Instance } from "./guest.ts";
import { Life } from "./life.ts";

/** Rows of one page: few, so that replay often waits for the next one. */
const PAGE_ROWS = 16;

async function refuse(): Promise<never> {
  throw new Error("something was sent in replay");
}

export class Recording {
  readonly #module: AuthorModule;
  readonly #rows: RecordPage["rows"];
  readonly #statuses: readonly Status[];

  constructor(module: AuthorModule, record: readonly Indexed[]) {
    this.#module = module;
    this.#rows = record.flatMap(({ index, entry }) => encodeRows(index, [entry]));
    this.#statuses = statusesOf({ entries: record });
  }

  /** The status after the first `length` entries. */
  status(length: number): Status {
    const status = this.#statuses[length - 1];
    if (status === undefined) throw new Error(`the record has no entry ${length}`);
    return status;
  }

  #page(from: number, to: number): RecordPage {
    const next = from + PAGE_ROWS;
    return {
      rows: this.#rows.slice(from - 1, Math.min(next - 1, to)),
      next: next > to ? null : next,
    };
  }

  /** What a fresh instance is after the first `length` entries. */
  async replayed(length: number): Promise<Replayed> {
    const clock = new Clock(0, () => 0);
    const life = new Life({ clock, random: () => 0.5, uuid: () => "a name of the replay" });
    const { identity, revision, skipped } = this.status(length);
    const boot: Boot = {
      identity: { ...identity, revision },
      from: 2,
      to: length,
      skipped,
      grants: {},
      lenientTo: 0,
      settings: defaultSettings,
    };
    const host: HostPort = {
      commit: refuse,
      perform: refuse,
      performUnrecorded: refuse,
      abandon: refuse,
      page: async (from, to) => this.#page(from, to),
    };
    const booted = life.lead(async () => {
      const instance = new Instance(this.#module);
      const reply = await instance.boot(host, boot);
      return { reply, saved: await instance.save(true) };
    });
    await clock.run();
    const { reply, saved } = await booted;
    if (!saved.ok) throw new Error(`the state cannot be saved: ${saved.error.message}`);
    return { reply, state: decode(saved.snapshot.payload) };
  }
}
