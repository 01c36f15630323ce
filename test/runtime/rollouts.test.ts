/** Rollouts over agents that are made up: what holds whatever they answer, and whenever the host dies. */
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { announceSeed, checkAsync } from "../support/property.ts";
import { FleetWorld, type AgentKind } from "../support/fleet-world.ts";

announceSeed();

beforeAll(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterAll(() => {
  vi.restoreAllMocks();
});

const kinds = ["good", "bad", "current", "deleted", "unreachable-once", "slow"] as const;

const plans = fc.record({
  agents: fc.array(fc.constantFrom<AgentKind>("good", ...kinds), { maxLength: 24 }),
  concurrency: fc.integer({ min: 1, max: 5 }),
  canary: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
  stopOnFailures: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  events: fc.array(
    fc.record({
      after: fc.nat(12),
      what: fc.constantFrom("kill", "kill", "pause", "resume"),
    }),
    { maxLength: 8 },
  ),
});

function settingsOf({
  concurrency,
  canary,
  stopOnFailures,
}: {
  concurrency: number;
  canary?: number | undefined;
  stopOnFailures?: number | undefined;
}) {
  return {
    concurrency,
    ...(canary === undefined ? {} : { canary: { agents: canary } }),
    ...(stopOnFailures === undefined ? {} : { stopOnFailures }),
  };
}

describe("whatever agents answer, and whenever the host is killed, paused and resumed", () => {
  test("a rollout ends with exact counts, never asks one agent twice, and keeps its rules", async () => {
    await checkAsync(
      plans,
      async ({ agents, events, ...given }) => {
        const world = new FleetWorld(agents, given.concurrency);
        const id = await world.start(settingsOf(given));
        for (const { after, what } of events) {
          await world.steps(after);
          if (what === "kill") world.kill();
          else await world.command(id, what);
        }
        const threshold = (isCanary: boolean) =>
          given.stopOnFailures ?? (isCanary ? 1 : Number.POSITIVE_INFINITY);
        for (let view = await world.rest(id); view.status !== "completed";) {
          expect(["paused", "stopped"]).toContain(view.status);
          if (view.status === "stopped") {
            const seen = world.failuresSinceResumption();
            expect(seen).toBeGreaterThanOrEqual(threshold(view.phase === "canary"));
          }
          const asked = world.asked.size;
          await world.steps(5);
          expect(world.asked.size).toBe(asked);
          await world.command(id, "resume");
          view = await world.rest(id);
        }
        const { counts } = await world.show(id);
        const count = (...wanted: AgentKind[]) =>
          agents.filter((kind) => wanted.includes(kind)).length;
        expect(counts).toEqual({
          total: agents.length,
          waiting: 0,
          inProgress: 0,
          updated: count("good", "unreachable-once", "slow"),
          failed: count("bad"),
          notNeeded: count("current"),
          gone: count("deleted"),
        });
        world.checkRules(given.canary ?? 0);
      },
      400,
    );
  });

  test("a cancelled rollout begins nothing more, and counts what it has begun", async () => {
    await checkAsync(
      plans,
      async ({ agents, events, ...given }) => {
        const world = new FleetWorld(agents, given.concurrency);
        const id = await world.start(settingsOf(given));
        for (const { after, what } of events) {
          await world.steps(after);
          if (what === "kill") world.kill();
        }
        const { status } = await world.command(id, "cancel");
        if (status !== "cancelled") return;
        const { counts, failures = [] } = await world.rest(id);
        const { total = 0, waiting = 0 } = counts;
        expect(counts["inProgress"]).toBe(0);
        expect(total - waiting).toBe(world.begun(id));
        expect(failures).toHaveLength(counts["failed"] ?? 0);
        world.checkRules(given.canary ?? 0);
      },
      200,
    );
  });
});

describe("an agent's part", () => {
  test("of an update that somebody else has asked for is the conclusion of that one", async () => {
    const world = new FleetWorld(["twin"], 1);
    const id = await world.start({});
    expect((await world.rest(id)).counts).toMatchObject({ total: 1, updated: 1 });
    expect(world.updateIdsOf(0)).toEqual(["twin"]);
  });

  test("is told in full when it fails, with the report of the update", async () => {
    const world = new FleetWorld(["bad"], 1);
    const id = await world.start({});
    const { failures } = await world.rest(id);
    expect(failures).toEqual([
      {
        type: "Box",
        key: "a0",
        outcome: "failed",
        updateId: expect.any(String) as string,
        code: "update-failed",
        detail: "it diverges",
        report: { index: 4 },
      },
    ]);
  });

  test("has failed when the agent stays out of reach", async () => {
    const world = new FleetWorld(["unreachable"], 1);
    const id = await world.start({});
    const { status, failures } = await world.rest(id);
    expect(status).toBe("completed");
    expect(failures).toMatchObject([{ code: "agent-unreachable" }]);
  });

  test("that takes for hours is waited for, with an alarm and without asking for it anew", async () => {
    const world = new FleetWorld(["endless", "good"], 2);
    const id = await world.start({});
    await world.until(3_600_000);
    const view = await world.show(id);
    expect(view).toMatchObject({ status: "running", counts: { updated: 1, inProgress: 1 } });
    expect(view.inProgress).toMatchObject([{ key: "a0", outcome: "in-progress" }]);
    expect(world.updateIdsOf(0)).toHaveLength(1);
    expect(world.calls).toBeLessThan(2_000);
    world.finish(0);
    expect(await world.rest(id)).toMatchObject({ status: "completed", counts: { updated: 2 } });
  });
});

describe("a dry run", () => {
  test("tells of every agent, whatever the others came to, and updates none", async () => {
    const agents: AgentKind[] = ["good", "bad", "current", "busy", "deleted", "failed", "bad"];
    const world = new FleetWorld(agents, 2);
    const id = await world.start({ dryRun: true, canary: { agents: 2 }, stopOnFailures: 1 });
    const { status, counts, failures } = await world.rest(id);
    expect([status, counts]).toEqual([
      "completed",
      {
        total: 7,
        waiting: 0,
        inProgress: 0,
        compatible: 1,
        diverges: 2,
        notNeeded: 1,
        busy: 1,
        gone: 1,
        failed: 1,
      },
    ]);
    expect(failures).toMatchObject([
      { key: "a1", outcome: "diverges", detail: "it diverges", report: { index: 4 } },
      { key: "a5", outcome: "failed", code: "agent-failed", report: { lastError: {} } },
      { key: "a6", outcome: "diverges" },
    ]);
    expect(world.asked.size).toBe(0);
  });

  test("goes on after a kill", async () => {
    const world = new FleetWorld(["good", "good", "bad", "good"], 1);
    const id = await world.start({ dryRun: true });
    await world.steps(4);
    world.kill();
    const { counts } = await world.rest(id);
    expect(counts).toMatchObject({ compatible: 3, diverges: 1 });
  });
});

describe("lists", () => {
  test("of rollouts are newest first, by the page", async () => {
    const world = new FleetWorld(["good"], 1);
    const ids: string[] = [];
    for (let number = 0; number < 5; number++) ids.unshift(await world.start({}));
    const first = await world.rollouts.list(3);
    const { rollouts } = await world.rollouts.list(3, first.before);
    expect([...first.rollouts, ...rollouts].map(({ id }) => id)).toEqual(ids);
    expect(await world.rollouts.list(5)).not.toHaveProperty("before");
  });

  test("of agents are in their order, by the page and by outcome", async () => {
    const world = new FleetWorld(["good", "bad", "good", "bad", "good"], 2);
    const id = await world.start({});
    await world.rest(id);
    const keys = async (request: Parameters<typeof world.rollouts.agents>[1]) => {
      const page = await world.rollouts.agents(id, request);
      if (!page.ok) throw new Error(page.refusal.detail);
      return [page.value.agents.map(({ key }) => key), page.value.after];
    };
    expect(await keys({ limit: 3 })).toEqual([["a0", "a1", "a2"], 2]);
    expect(await keys({ limit: 3, after: 2 })).toEqual([["a3", "a4"], undefined]);
    expect(await keys({ limit: 1, outcome: "failed" })).toEqual([["a1"], 1]);
    expect(await keys({ limit: 1, outcome: "failed", after: 1 })).toEqual([["a3"], undefined]);
  });

  test("know no rollout of another name", async () => {
    const world = new FleetWorld([], 1);
    for (const answer of [
      world.rollouts.show("none"),
      world.rollouts.command("none", "pause"),
      world.rollouts.agents("none", { limit: 1 }),
    ]) {
      expect(await answer).toMatchObject({ ok: false, refusal: { code: "rollout-not-found" } });
    }
  });
});
