/**
 * Semantics 8: an agent is copied at every index at which its history can be cut, and as it is at any
 * time; the copy comes to the end that its source came to, by itself; whatever dies meanwhile,
 * there is one copy, or none. And the same for an agent that is imported.
 */
import { beforeAll, expect, test, vi } from "vitest";
import { decideFork } from "../../src/core/decide/fork.ts";
import type { AgentView } from "../../src/core/api/views.ts";
import type { Result } from "../../src/core/errors.ts";
import type { Indexed } from "../../src/core/oplog/entry.ts";
import { fold } from "../../src/core/status/fold.ts";
import type { Status } from "../../src/core/status/status.ts";
import { Auditor } from "./support/auditor.ts";
import { processDies, type Crash } from "./support/crashing.ts";
import { copyOf, emptyDisk, entriesOn, type Disk } from "./support/disk.ts";
import { TRAVELLER } from "./support/journey.ts";
import { longJourney, remind, type LongJourney } from "./support/long-journey.ts";
import type { Residence } from "./support/residence.ts";
import { Clerk, Traveller } from "./support/travellers.ts";
import { World } from "./support/world.ts";

vi.setConfig({ testTimeout: 60_000 });

const COPY = "agency/Traveller/copy";

let golden: LongJourney;

beforeAll(async () => {
  golden = await longJourney();
});

function statusOf(entries: readonly Indexed[]): Status {
  const status = fold(undefined, entries, (from, to) => entries.slice(from - 1, to));
  if (status === undefined) throw new Error("there is no agent");
  return status;
}

function cuts(): number[] {
  const { record } = golden;
  const read = (from: number, to: number) => record.slice(from - 1, to);
  const status = statusOf(record);
  return record.flatMap(({ index }) => (decideFork(read, status, index).ok ? [index] : []));
}

/** What the invocation with that key has come to. */
function resultOf(entries: readonly Indexed[], key: string | undefined): unknown {
  const end = entries.findLast(
    ({ entry }) => entry.kind === "AgentInvocationFinished" && entry.idempotencyKey === key,
  );
  return end?.entry.kind === "AgentInvocationFinished" ? end.entry.outcome : undefined;
}

/** What all disks held when the first `length` entries were written. */
function disksAt(length: number): Record<string, Disk> {
  const { disks = {} } = golden.moments.findLast((one) => one.length <= length) ?? {};
  return Object.fromEntries(Object.entries(disks).map(([name, disk]) => [name, copyOf(disk)]));
}

function worldOf(disks: Record<string, Disk>, crashes: readonly Crash[]) {
  const auditor = new Auditor();
  const world = new World({
    seed: "copies",
    modules: [
      { Traveller, Clerk },
      { Traveller, Clerk },
    ],
    now: (golden.record.at(-1)?.entry.at ?? 0) + 1000,
    disks,
    crashes,
    crashed: auditor.crashed,
    stored: auditor.stored,
  });
  return { world, auditor };
}

/** Completes the promises that nobody else will complete in a copy, as in the source: the requests named that one. */
async function approve(copy: Residence, atIndex: number): Promise<void> {
  const outcomes = new Map(
    golden.record.flatMap(({ entry }) =>
      entry.kind === "PromiseCompleted" ? [[entry.promiseId, entry.outcome] as const] : [],
    ),
  );
  for (const { id = "", completed } of statusOf(golden.record.slice(0, atIndex)).promises) {
    const outcome = outcomes.get(id);
    if (completed !== undefined || outcome === undefined) continue;
    const completion = { ...outcome, completedBy: "the test" };
    await copy.persist("approval", (runtime) => runtime.completePromise(id, completion));
  }
}

/** A world in which the golden run is over, and one fork is made of it. */
async function forkAt(atIndex: number, crashes: readonly Crash[] = []) {
  const { world, auditor } = worldOf(disksAt(golden.record.length), crashes);
  const copy = world.agent(COPY);
  const request = { source: world.agent(TRAVELLER).address, atIndex, incarnation: "the copy" };
  const answer = await world.run<Result<AgentView>>(async () => {
    const forked = await copy.persist("fork", (runtime) => runtime.fork(copy.address, request));
    await approve(copy, atIndex);
    return forked;
  });
  return { world, auditor, answer, copy: entriesOn(copy.disk), disk: copy.disk };
}

function expectSound({ world, auditor, answer, copy, disk }: Awaited<ReturnType<typeof forkAt>>) {
  expect(answer).toMatchObject({ ok: true, value: { incarnation: "the copy" } });
  expect([disk.isPrepared, disk.staged]).toEqual([true, undefined]);
  auditor.balance(world);
  const status = statusOf(copy);
  expect([status.name, status.pending, status.updates.pending]).toEqual(["idle", [], []]);
  expect(entriesOn(world.agent(TRAVELLER).disk)).toEqual(golden.record);
  const written = JSON.stringify(golden.record);
  for (const { key, label } of world.upstream.arrivals) {
    if (!label.startsWith("clerk/") && key !== undefined) expect(written).not.toContain(key);
  }
}

test("at every index at which it can be cut, the copy goes on to the same end under keys of its own", async () => {
  const failures: string[] = [];
  const places = cuts();
  let unfinished = 0;
  for (const cut of places) {
    try {
      const forked = await forkAt(cut);
      expectSound(forked);
      const { current } = statusOf(golden.record.slice(0, cut));
      if (current !== undefined) unfinished += 1;
      const key = current?.idempotencyKey;
      expect(resultOf(forked.copy, key)).toEqual(key && resultOf(golden.record, key));
    } catch (error) {
      failures.push(`cut at ${cut}: ${(error as Error).message}`);
    }
  }
  expect(failures).toEqual([]);
  expect([places.length > 80, unfinished > 40]).toEqual([true, true]);
});

/** A world as it was when the source had `length` entries, and a fork of all of them. */
async function forkAll(length: number) {
  const { world } = worldOf(disksAt(length), []);
  remind(world, golden, length);
  const [source, copy] = [world.agent(TRAVELLER), world.agent(COPY)];
  const request = { source: source.address, incarnation: "the copy" };
  const answer = await world.run<Result<AgentView>>(async () => {
    const forked = await copy.persist("fork", (runtime) => runtime.fork(copy.address, request));
    await approve(copy, length);
    return forked;
  });
  // The code of the other revision is the same: what it replays, all of the history, is what was seen live.
  const update = { mode: "automatic", revision: 2, wake: true } as const;
  await world.run(() => copy.persist("update", (runtime) => runtime.update(update)));
  return { answer, copy: entriesOn(copy.disk), source: entriesOn(source.disk) };
}

test("in the middle of anything, what is open goes on in the copy as it does in the source", async () => {
  const failures: string[] = [];
  const lengths = new Set(golden.moments.map((moment) => moment.length).filter((one) => one > 0));
  let open = 0;
  for (const length of lengths) {
    try {
      const { answer, copy, source } = await forkAll(length);
      expect(answer).toMatchObject({ ok: true, value: { incarnation: "the copy" } });
      const known = golden.record.slice(0, length);
      expect(copy.slice(1, length)).toEqual(known.slice(1));
      if (!cuts().includes(length)) open += 1;
      const key = statusOf(known).current?.idempotencyKey;
      for (const record of [copy, source]) {
        expect(resultOf(record, key)).toEqual(key && resultOf(golden.record, key));
      }
      expect(statusOf(copy)).toMatchObject({
        name: "idle",
        pending: [],
        updates: { pending: [], successful: [{ revision: 2 }] },
      });
    } catch (error) {
      failures.push(`after ${length} entries: ${(error as Error).message}`);
    }
  }
  expect(failures).toEqual([]);
  expect([lengths.size > 50, open > 20]).toEqual([true, true]);
});

test("whatever dies while it is made, there is the one copy, and nothing else is left", async () => {
  const cut = cuts().find((index) => statusOf(golden.record.slice(0, index)).current !== undefined);
  if (cut === undefined) throw new Error("no cut lies in an invocation");
  const { world } = await forkAt(cut);
  const failures: string[] = [];
  for (let at = 1; at <= world.points.passed.length; at++) {
    try {
      expectSound(await forkAt(cut, [processDies(at)]));
    } catch (error) {
      const point = world.points.passed[at - 1];
      failures.push(`death at ${at} (${point}): ${(error as Error).message}`);
    }
  }
  expect(world.points.passed.length).toBeGreaterThan(20);
  expect(failures).toEqual([]);
});

test("what a fork leaves behind whose process died is cleared by an alarm", async () => {
  const staged = disksAt(golden.record.length)[TRAVELLER] ?? emptyDisk();
  const left = { ...emptyDisk(), staged, alarm: { at: golden.record.at(-1)?.entry.at ?? 0 } };
  const { world } = worldOf({ [COPY]: left }, []);
  await world.settle();
  expect([left.staged, left.isPrepared, left.alarm]).toEqual([undefined, false, undefined]);
});

/** The file of the golden agent when it had the first `length` entries. */
async function fileAt(length: number): Promise<Uint8Array[]> {
  const { world } = worldOf(disksAt(length), []);
  const source = world.agent(TRAVELLER);
  return world.run(async () => {
    await source.ask("presence", (runtime) => runtime.presence());
    const exported = await source.process?.runtime.export();
    if (exported?.ok !== true) throw new Error("the agent was not exported");
    return Array.fromAsync(exported.value);
  });
}

async function* chunksOf(file: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  // Chunks end anywhere, in the middle of a line too.
  for (const line of file) {
    yield line.subarray(0, 7);
    yield line.subarray(7);
  }
}

async function importAt(length: number, crashes: readonly Crash[] = []) {
  const file = await fileAt(length);
  const { [TRAVELLER]: _, ...others } = disksAt(length);
  const { world, auditor } = worldOf(others, crashes);
  remind(world, golden, length);
  const agent = world.agent(TRAVELLER);
  const answer = await world.run<Result<AgentView>>(() =>
    agent.persist("import", (runtime) =>
      runtime.import(agent.address, "the import", chunksOf(file)),
    ),
  );
  return { world, auditor, answer, copy: entriesOn(agent.disk), disk: agent.disk };
}

test("an agent that is imported in the middle of anything goes on to the same end", async () => {
  const failures: string[] = [];
  const lengths = new Set(golden.moments.map((moment) => moment.length).filter((one) => one > 0));
  for (const length of lengths) {
    try {
      const { answer, auditor, world, copy } = await importAt(length);
      expect(answer).toMatchObject({ ok: true, value: { incarnation: "the import" } });
      auditor.balance(world);
      const known = golden.record.slice(0, length);
      expect(copy.slice(1, length)).toEqual(known.slice(1));
      const key = statusOf(known).current?.idempotencyKey;
      expect(resultOf(copy, key)).toEqual(key && resultOf(golden.record, key));
    } catch (error) {
      failures.push(`after ${length} entries: ${(error as Error).message}`);
    }
  }
  expect(failures).toEqual([]);
  expect(lengths.size).toBeGreaterThan(50);
});

test("whatever dies while it is imported, it is there once, or the file can be sent again", async () => {
  const { length } = golden.record;
  const { world } = await importAt(length);
  const failures: string[] = [];
  for (let at = 1; at <= world.points.passed.length; at++) {
    try {
      const { answer, disk } = await importAt(length, [processDies(at)]);
      expect(answer).toMatchObject({ ok: true, value: { incarnation: "the import" } });
      expect([disk.isPrepared, disk.staged]).toEqual([true, undefined]);
    } catch (error) {
      failures.push(`death at ${at} (${world.points.passed[at - 1]}): ${(error as Error).message}`);
    }
  }
  expect(failures).toEqual([]);
});
