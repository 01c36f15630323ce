/**
 * Semantics 7 and 8: agents that are copies of copies, reverted to before their cuts or not, moved or not, see in
 * replay what they saw live, their own keys among it; and what one of them writes, no other one does.
 */
import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { decideFork } from "../../src/core/decide/fork.ts";
import type { Indexed } from "../../src/core/oplog/entry.ts";
import { fold } from "../../src/core/status/fold.ts";
import type { Status } from "../../src/core/status/status.ts";
import { announceSeed, checkAsync } from "../support/property.ts";
import { expectReplayed } from "../support/programs/comparing.ts";
import { programs, type Item, type Program } from "../support/programs/programs.ts";
import { entriesOn } from "./support/disk.ts";
import { decode } from "./support/guest.ts";
import { Helper, Programmed } from "./support/programmed.ts";
import type { Residence } from "./support/residence.ts";
import { Recording } from "./support/replaying.ts";
import { World } from "./support/world.ts";

announceSeed();
vi.setConfig({ testTimeout: 120_000 });

type Noted = readonly [...Item, key: string];

/** Notes its key with each thing that it sees, and tells others its present address. */
class Keyed extends Programmed {
  static override snapshots = { everyInvocations: 2 } as never;
  born = this.key;

  override async run(program: Program, label: string): Promise<number> {
    const noted = (item: Item): Item => [...item, this.key] as never;
    const trace = Object.assign([] as Item[], {
      push: (...items: Item[]) => this.trace.push(...items.map(noted)),
    });
    const address = { toString: () => this.address } as string;
    await this.interpret({ trace, address }, program, label);
    return this.trace.length;
  }
}

const laboratory = { Keyed, Helper };

/** What happens to one agent of a line. */
interface Chapter {
  /** Which of the places where its source can be cut, as a share of them. */
  readonly cut: number;
  /** Which of its own it is reverted to, if it is. */
  readonly back: number | undefined;
  /** Whether it is exported, deleted, and imported before it works. */
  readonly moves: boolean;
  readonly work: readonly Program[];
}

const share = fc.noBias(fc.nat({ max: 999 })).map((part) => part / 1000);

const chapter = fc.record({
  cut: share,
  back: fc.option(share, { nil: undefined }),
  moves: fc.boolean(),
  work: fc.array(programs, { minLength: 1, maxLength: 2 }),
});

function statusOf(entries: readonly Indexed[]): Status {
  const status = fold(undefined, entries, (from, to) => entries.slice(from - 1, to));
  if (status === undefined) throw new Error("there is no agent");
  return status;
}

/** One of the places where the record can be cut, more often one inside an invocation. */
function cutOf({ disk }: Residence, at: number): number {
  const record = entriesOn(disk);
  const status = statusOf(record);
  const read = (from: number, to: number) => record.slice(from - 1, to);
  const places = record.filter(({ index }) => decideFork(read, status, index).ok);
  const inside = places.filter(({ index }) => statusOf(record.slice(0, index)).current);
  const among = [...places, ...inside, ...inside];
  return among[Math.floor(at * among.length)]?.index ?? 1;
}

async function* streamed(lines: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* lines;
}

class Line {
  readonly world: World;
  readonly agents: Residence[] = [];

  constructor(seed: string) {
    this.world = new World({ seed, modules: [laboratory, laboratory] });
  }

  async go(chapters: readonly Chapter[]): Promise<void> {
    for (const [at, { cut, back, moves, work }] of chapters.entries()) {
      const source = this.agents.at(-1);
      const agent = this.world.agent(`lab/Keyed/k${at}`);
      this.agents.push(agent);
      if (source !== undefined) await this.#fork(source, agent, cutOf(source, cut));
      if (back !== undefined && source !== undefined) {
        const toIndex = cutOf(agent, back);
        await this.world.run(() => agent.persist("revert", (it) => it.revert({ toIndex })));
      }
      if (source !== undefined && moves) await this.#move(agent);
      for (const [nth, program] of work.entries()) await this.#work(agent, program, `p${at}${nth}`);
    }
  }

  async #fork(source: Residence, agent: Residence, atIndex: number): Promise<void> {
    const request = { source: source.address, atIndex, incarnation: `of ${agent.name}` };
    const forked = await this.world.run(() =>
      agent.persist("fork", (runtime) => runtime.fork(agent.address, request)),
    );
    expect(forked).toMatchObject({ ok: true });
    await this.#approve(agent);
  }

  async #move(agent: Residence): Promise<void> {
    const imported = await this.world.run(async () => {
      await agent.ask("presence", (runtime) => runtime.presence());
      const file = await agent.process?.runtime.export();
      if (file?.ok !== true) throw new Error(`${agent.name} was not exported`);
      const lines = await Array.fromAsync(file.value);
      await agent.persist("delete", (runtime) => runtime.destroy());
      return agent.persist("import", (runtime) =>
        runtime.import(agent.address, `${agent.name} elsewhere`, streamed(lines)),
      );
    });
    expect(imported).toMatchObject({ ok: true });
  }

  async #work(agent: Residence, program: Program, label: string): Promise<void> {
    const asked = { key: label, mode: "enqueue" } as const;
    await this.world.run(() => this.world.invoke(agent.name, "run", [program, label], asked));
    await this.#approve(agent);
  }

  /** Completes the promises of which only somebody else in the line was told. */
  async #approve(agent: Residence): Promise<void> {
    const open = statusOf(entriesOn(agent.disk)).promises.filter(
      ({ completed }) => completed === undefined,
    );
    for (const { id = "" } of open) {
      const outcome = { ok: true, result: '"approved"', completedBy: "the test" } as const;
      await this.world.run(() =>
        agent.persist("approval", (runtime) => runtime.completePromise(id, outcome)),
      );
    }
  }

  async state(agent: Residence): Promise<{ readonly trace: readonly Noted[] }> {
    const saved = agent.process?.instance?.peek();
    await this.world.settle();
    const reply = await saved;
    if (reply?.ok !== true) throw new Error(`no instance is left: ${JSON.stringify(reply)}`);
    return decode(reply.snapshot.payload) as { trace: readonly Noted[] };
  }

  /** Replays all of it on the code of another revision, which is the same. */
  async updated(agent: Residence): Promise<unknown> {
    const request = { mode: "automatic", revision: 1, wake: true } as const;
    await this.world.run(() => agent.persist("update", (runtime) => runtime.update(request)));
    const { updates } = statusOf(entriesOn(agent.disk));
    expect(updates).toMatchObject({ pending: [], failed: [], successful: [{ revision: 1 }] });
    return this.state(agent);
  }

  async recovered(agent: Residence): Promise<unknown> {
    await this.world.run(() => agent.persist("recovery", (runtime) => runtime.interrupt(true)));
    return this.state(agent);
  }
}

/** Keys of the writes in a part of a record. */
function keysOf(entries: readonly Indexed[]): string[] {
  return entries.flatMap(({ entry }) => {
    if (entry.kind !== "Start") return [];
    const found = entry.request?.matchAll(/"idempotency-?key"[,:]"([^"]+)"/gi) ?? [];
    return [...found].map(([, key]) => key ?? "");
  });
}

/** From where on the record is that of the agent as it is. */
function beginningOf(record: readonly Indexed[]): number {
  const reverted = record.findLast(({ entry }) => entry.kind === "Revert")?.index ?? 1;
  return Math.max(reverted, statusOf(record).identity.origin?.forks.at(-1)?.to ?? 1);
}

async function expectSound(line: Line): Promise<void> {
  const owners = new Map<string, string>();
  for (const agent of line.agents) {
    const record = entriesOn(agent.disk);
    const { identity } = statusOf(record);
    const cut = identity.origin?.forks.at(-1)?.to ?? 0;
    for (const key of keysOf(record.slice(cut))) {
      expect(owners.get(key) ?? agent.name, `who writes under ${key}`).toBe(agent.name);
      owners.set(key, agent.name);
    }
    if (agent.process?.instance === undefined) await line.recovered(agent);
    const live = await line.state(agent);
    expect(await line.recovered(agent)).toEqual(live);
    const first = beginningOf(record);
    const lengths = Array.from({ length: record.length - first + 1 }, (_, nth) => first + nth);
    await expectReplayed(
      { record, trace: live.trace as never },
      new Recording(laboratory, record),
      lengths.toReversed().filter((_, nth) => nth % 3 === 0),
    );
    expect(await line.updated(agent)).toEqual(live);
  }
}

test("generated programs in copies of copies: replay equals the live run, and no write has the key of another agent's", async () => {
  await checkAsync(
    fc.tuple(fc.array(chapter, { minLength: 2, maxLength: 4 }), fc.nat().map(String)),
    async ([chapters, seed]) => {
      const line = new Line(seed);
      await line.go(chapters);
      await expectSound(line);
    },
    100,
  );
});
