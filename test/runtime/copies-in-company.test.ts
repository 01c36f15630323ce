/**
 * Semantics 8: while a copy is made, other things happen to its source and at its address. Whenever
 * they come, there is one agent at the address, whole and awake, and whoever asked for something has
 * got it, or has been told why not.
 */
import { beforeAll, expect, test, vi } from "vitest";
import type { AgentView } from "../../src/core/api/views.ts";
import type { Result } from "../../src/core/errors.ts";
import { Auditor } from "./support/auditor.ts";
import { copyOf, entriesOn, type Disk } from "./support/disk.ts";
import { Agent, decode } from "./support/guest.ts";
import { World } from "./support/world.ts";

vi.setConfig({ testTimeout: 60_000 });

const SOURCE = "shop/Note/source";
const COPY = "shop/Note/copy";
/** Two of them are a page of the oplog. */
const LONG = "x".repeat(260 * 1024);

function noteOf(revision: number) {
  class Note extends Agent {
    static snapshots = { everyInvocations: 2 };
    lines: string[] = [];

    add(line: string): number {
      this.lines.push(`${line.slice(0, 9)} by ${revision}`);
      return this.lines.length;
    }
  }
  return { Note };
}

const modules = [noteOf(1), noteOf(2)];

/** What happens at the same time; what it gives is what came of it. */
type Disturbance = (world: World) => Promise<unknown>;

const add = (world: World, name: string, line: string) =>
  world.invoke(name, "add", [line], { key: line });

let written: Disk;

beforeAll(async () => {
  const world = new World({ seed: "a history", modules });
  const source = world.agent(SOURCE);
  await world.run(async () => {
    await source.persist("create", (runtime) => runtime.create(source.address, { revision: 1 }));
    for (const line of ["a", "b", `c${LONG}`]) await add(world, SOURCE, line);
    const update = { id: "u", mode: "manual", revision: 2, wake: true } as const;
    await source.persist("update", (runtime) => runtime.update(update));
    for (const line of [`d${LONG}`, "e", "f"]) await add(world, SOURCE, line);
  });
  written = source.disk;
});

/** A fork, disturbed at the point that is passed as the `at`th after it was asked for. */
async function disturbedFork(at: number, disturb: Disturbance) {
  const auditor = new Auditor();
  let passed = 0;
  let disturbed: Promise<unknown> = Promise.resolve();
  const world: World = new World({
    seed: "company",
    modules,
    now: (entriesOn(written).at(-1)?.entry.at ?? 0) + 1000,
    disks: { [SOURCE]: copyOf(written) },
    crashed: auditor.crashed,
    stored: auditor.stored,
    passed: () => {
      passed += 1;
      if (passed === at) disturbed = disturb(world);
    },
  });
  const [source, copy] = [world.agent(SOURCE), world.agent(COPY)];
  const outcome = await world.run(async () => {
    const request = { source: source.address, incarnation: "the copy" };
    const forked = await copy.persist<Result<AgentView>>("fork", (runtime) =>
      runtime.fork(copy.address, request),
    );
    const points = passed;
    return { forked, points, came: await disturbed };
  });
  auditor.balance(world);
  expect(copy.disk.staged).toBeUndefined();
  return { ...outcome, world, copy };
}

/** Disturbs a fork at every point; answers what the fork came to, each once. */
async function atEveryPoint(
  disturb: Disturbance,
  expectSound: (one: Awaited<ReturnType<typeof disturbedFork>>) => Promise<void> | void,
): Promise<string[]> {
  const { points } = await disturbedFork(0, disturb);
  const failures: string[] = [];
  const outcomes = new Set<string>();
  for (let at = 1; at <= points; at++) {
    try {
      const one = await disturbedFork(at, disturb);
      outcomes.add(one.forked.ok ? "forked" : one.forked.refusal.code);
      await expectSound(one);
    } catch (error) {
      failures.push(`at ${at}: ${(error as Error).message}`);
    }
  }
  expect(failures).toEqual([]);
  expect(points).toBeGreaterThan(10);
  return [...outcomes].toSorted();
}

type Disturbed = Awaited<ReturnType<typeof disturbedFork>>;

/** The lines of an agent when a fresh instance is made of its record. */
async function linesOf({ world }: Disturbed, name: string): Promise<string[]> {
  const residence = world.agent(name);
  await world.run(() => residence.persist("state", (runtime) => runtime.interrupt(true)));
  const saved = residence.process?.instance?.peek();
  await world.settle();
  const reply = await saved;
  if (reply?.ok !== true) throw new Error(`${name} has no state: ${JSON.stringify(reply)}`);
  return (decode(reply.snapshot.payload) as { lines: string[] }).lines;
}

const WHOLE = ["a by 1", "b by 1", "cxxxxxxxx by 1", "dxxxxxxxx by 2", "e by 2", "f by 2"];

test("an invocation of the address runs, in the copy or in an agent of its own", async () => {
  const outcomes = await atEveryPoint(
    (world) => add(world, COPY, "mine"),
    async (one) => {
      expect(one.came).toMatchObject({ ok: true });
      expect(await linesOf(one, COPY)).toEqual([...(one.forked.ok ? WHOLE : []), "mine by 2"]);
    },
  );
  expect(outcomes).toEqual(["agent-already-exists", "forked"]);
});

test("an agent that has come first is all there is, also when its process died meanwhile", async () => {
  await atEveryPoint(
    async (world) => {
      const answer = add(world, COPY, "mine");
      while (!world.agent(COPY).disk.isPrepared) await world.clock.turn();
      world.kill(world.agent(COPY));
      return answer;
    },
    async (one) => {
      expect(one.came).toMatchObject({ ok: true });
      expect(await linesOf(one, COPY)).toEqual([...(one.forked.ok ? WHOLE : []), "mine by 2"]);
    },
  );
});

test("a scheduled invocation of the address comes in time", async () => {
  await atEveryPoint(
    (world) => {
      const { address } = world.agent(COPY);
      const request = {
        method: "add",
        args: '["later"]',
        idempotencyKey: "later",
        isNewKey: false,
        mode: "enqueue",
        scheduledFor: world.clock.now + 60_000,
      } as const;
      return world.agent(COPY).persist("invoke", (runtime) => runtime.invoke(address, request));
    },
    ({ copy }) => {
      const of = (kind: string) =>
        entriesOn(copy.disk).findLast(({ entry }) => entry.kind === kind)?.entry;
      const [asked, begun] = [of("PendingAgentInvocation"), of("AgentInvocationStarted")];
      expect(asked).toMatchObject({ idempotencyKey: "later" });
      expect(begun).toMatchObject({ idempotencyKey: "later" });
      expect((begun?.at ?? 0) - (asked?.at ?? 0)).toBeLessThan(61_000);
    },
  );
});

test("of several forks to one key one is made", async () => {
  await atEveryPoint(
    (world) => {
      const { address } = world.agent(COPY);
      const request = { source: world.agent(SOURCE).address, incarnation: "another" };
      return world.agent(COPY).persist("fork", (runtime) => runtime.fork(address, request));
    },
    async (one) => {
      const made = [one.forked, one.came as Result<AgentView>].filter(({ ok }) => ok);
      expect(made).toHaveLength(1);
      expect(await linesOf(one, COPY)).toEqual(WHOLE);
    },
  );
});

test("a source that goes on, and drops snapshots, gives the copy what it was", async () => {
  await atEveryPoint(
    async (world) => {
      for (const line of ["1", "2", "3", "4", "5", "6"]) await add(world, SOURCE, line);
    },
    async (one) => {
      expect(one.forked).toMatchObject({ ok: true });
      const lines = await linesOf(one, COPY);
      expect(lines.slice(0, WHOLE.length)).toEqual(WHOLE);
    },
  );
});

test("a source that is reverted over an update meanwhile gives the copy all that it was, or nothing", async () => {
  const outcomes = await atEveryPoint(
    async (world) => {
      const source = world.agent(SOURCE);
      return source.persist("revert", (runtime) => runtime.revert({ invocations: 5 }));
    },
    async (one) => {
      expect(one.came).toMatchObject({ ok: true });
      if (!one.forked.ok) expect(one.copy.disk.isPrepared).toBe(false);
      else expect([WHOLE, ["a by 1"]]).toContainEqual(await linesOf(one, COPY));
    },
  );
  expect(outcomes).toEqual(["forked", "invalid-cut"]);
});

test("a source that is deleted meanwhile, and made anew, is not mixed with what comes after it", async () => {
  const outcomes = await atEveryPoint(
    async (world) => {
      await world.agent(SOURCE).persist("delete", (runtime) => runtime.destroy());
      for (const line of ["new", `2${LONG}`, `3${LONG}`]) await add(world, SOURCE, line);
    },
    async (one) => {
      if (!one.forked.ok) expect(one.copy.disk.isPrepared).toBe(false);
      else {
        const lines = await linesOf(one, COPY);
        expect(lines[0] === "new by 2" || lines.join() === WHOLE.join()).toBe(true);
      }
    },
  );
  expect(outcomes).toContain("agent-not-found");
});
