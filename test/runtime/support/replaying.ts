/** Replays the beginning of a record on a fresh instance, of which nothing may leave. */
import type { Indexed } from "../../../src/core/oplog/entry.ts";
import type { Boot, BootReply, HostPort } from "../../../src/core/protocol.ts";
import { fold } from "../../../src/core/status/fold.ts";
import type { AuthorModule } from "../../../src/guest/describe.ts";
import type { Regions } from "../../../src/core/oplog/regions.ts";
import { Clock } from "./clock.ts";
import { cutDisk, emptyDisk } from "./disk.ts";
import { decode, Instance } from "./guest.ts";
import { Life } from "./life.ts";
import { MemoryStore } from "./memory-store.ts";

const PAGE_CHARACTERS = 4_000;

export interface Replayed {
  readonly reply: BootReply;
  readonly state: unknown;
  readonly skipped: Regions;
}

function silentHost(record: readonly Indexed[], length: number): HostPort {
  const store = new MemoryStore(cutDisk(emptyDisk(), record, length), () => {});
  const refuse = async (): Promise<never> => {
    throw new Error("something was sent in replay");
  };
  return {
    commit: refuse,
    perform: refuse,
    performUnrecorded: refuse,
    page: async (from, to) => store.readPage(from, to, PAGE_CHARACTERS),
  };
}

function bootOf(record: readonly Indexed[], length: number): Boot {
  const entries = record.slice(0, length);
  const status = fold(undefined, entries, () => entries);
  if (status === undefined) throw new Error("a record begins with Create");
  const { identity, revision, skipped } = status;
  return { identity: { ...identity, revision }, from: 2, to: length, skipped };
}

/** What a fresh instance is after the first `length` entries. */
export async function replayed(
  module: AuthorModule,
  record: readonly Indexed[],
  length: number,
): Promise<Replayed> {
  const clock = new Clock(0, () => 0);
  const life = new Life({ clock, random: () => 0.5, uuid: () => "a name of the replay" });
  const boot = bootOf(record, length);
  const booted = life.lead(async () => {
    const instance = new Instance(module);
    const reply = await instance.boot(silentHost(record, length), boot);
    return { reply, saved: await instance.save() };
  });
  await clock.run();
  const { reply, saved } = await booted;
  if (!saved.ok) throw new Error(`the state cannot be saved: ${saved.error.message}`);
  return { reply, state: decode(saved.snapshot.payload), skipped: boot.skipped };
}
