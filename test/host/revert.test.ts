/** Reverts under eviction and resets: what was deleted stays deleted, whatever is lost from memory. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { box as code, OTHER_COUNT } from "../e2e/support/box.ts";
import { until } from "../e2e/support/until.ts";
import { box, type HostedAgent, receiverForTests, RECEIVER, reset } from "./support/host.ts";

const arrivals = receiverForTests();

/** How an agent can lose its memory. */
const losses = {
  evicted: (agent: HostedAgent) => agent.evict(),
  reset: (_agent: HostedAgent) => reset(),
} as const;

const LOSSES = ["evicted", "reset"] as const;
const policy = "static snapshots = { everyInvocations: 2 };";

async function lastIndex(agent: HostedAgent): Promise<number> {
  return (await agent.view()).lastOplogIndex;
}

describe.each(LOSSES)("an agent that is %s after it", (loss) => {
  test("is what it was at the cut, and goes on from there", async () => {
    const agent = await box(`plain-${loss}`, code({ mark: "one" }));
    await agent.invoke("add", "a");
    const cut = await lastIndex(agent);
    for (const item of ["b", "c"]) await agent.invoke("add", item);
    await agent.revert({ toIndex: cut });
    await losses[loss](agent);
    expect(await agent.invoke("add", "d")).toBe(2);
    await losses[loss](agent);
    expect(await agent.invoke("list")).toEqual(["a", "d"]);
  });

  test("with a checkpoint from before it: it is not used where the revert reaches behind it", async () => {
    const agent = await box(`checkpoint-${loss}`, code({ mark: "one", members: policy }));
    await agent.invoke("add", "a");
    const cut = await lastIndex(agent);
    for (const item of ["b", "c", "d"]) await agent.invoke("add", item);
    await until("two snapshots were taken", async () => {
      const kinds = await agent.kinds();
      return kinds.filter((kind) => kind === "Snapshot").length === 2 ? true : undefined;
    });
    await agent.revert({ toIndex: cut });
    await losses[loss](agent);
    expect(await agent.view()).toMatchObject({ lastAutomaticSnapshotIndex: null, status: "idle" });
    expect(await agent.invoke("list")).toEqual(["a"]);
  });

  test("back over a manual update: the old revision, also ten times", async () => {
    const agent = await box(
      `manual-${loss}`,
      code({ mark: "one" }),
      code({ mark: "two", count: OTHER_COUNT }),
    );
    await agent.invoke("add", "a");
    const cut = await lastIndex(agent);
    await agent.update("manual", 2);
    await agent.invoke("add", "b");
    await agent.revert({ toIndex: cut });
    const items = ["a"];
    for (let nth = 0; nth < 10; nth++) {
      await losses[loss](agent);
      items.push(`${nth}`);
      expect(await agent.invoke("add", `${nth}`)).toBe(items.length);
    }
    expect(await agent.invoke("list")).toEqual(items);
    expect(await agent.view()).toMatchObject({ status: "idle", revision: 1 });
  });
});

test("an agent that is reset right after the revert of a fetch under way does not send it again", async () => {
  const agent = await box("under-way", code({ mark: "one" }));
  await agent.invoke("add", "a");
  const gate = arrivals().shut("/lost");
  const key = await agent.enqueue("send", `${RECEIVER}/lost`, "x");
  await arrivals().arrived("/lost", 1);
  await agent.revert({ invocations: 1 });
  await reset();
  gate.open();
  expect(await agent.invoke("list")).toEqual(["a"]);
  expect(await agent.invocation(key)).toMatchObject({ status: 404 });
  expect(arrivals().at("/lost")).toHaveLength(1);
});

/** A model of a box on two revisions: its items, its revision, and where one can go back to. */
class Model {
  items: readonly string[] = [];
  revision = 1;
  readonly past: { cut: number; items: readonly string[]; revision: number }[] = [];
}

type Command = "add" | "update" | "hand over" | "snapshot" | "revert" | "evict" | "reset";
const COMMANDS: readonly Command[] = [
  "add",
  "add",
  "update",
  "hand over",
  "snapshot",
  "revert",
  "evict",
  "reset",
];

async function perform(agent: HostedAgent, model: Model, command: Command, choice: number) {
  switch (command) {
    case "add":
      await agent.invoke("add", `${choice}`);
      model.items = [...model.items, `${choice}`];
      break;
    case "update":
    case "hand over": {
      const revision = 3 - model.revision;
      const mode = command === "update" ? "automatic" : "manual";
      expect(await agent.update(mode, revision)).toMatchObject({ status: "successful" });
      model.revision = revision;
      break;
    }
    case "snapshot":
      await agent.snapshot();
      break;
    case "revert": {
      const at = choice % (model.past.length + 1);
      const moment = model.past[at];
      if (moment === undefined || moment.cut >= (await lastIndex(agent))) return;
      await agent.revert({ toIndex: moment.cut });
      model.past.length = at + 1;
      model.items = moment.items;
      model.revision = moment.revision;
      break;
    }
    case "evict":
      await agent.view();
      return agent.evict();
    case "reset":
      return reset();
  }
}

function seedOfRun(): number {
  const { env } = process as { readonly env: Readonly<Record<string, string | undefined>> };
  const given = Number(env["PERDURE_SEED"] ?? Number.NaN);
  return Number.isSafeInteger(given) ? given : Math.trunc(Math.random() * 0x7fffffff);
}

test("semantics 8: random histories with reverts agree with a model of them", async () => {
  const seed = seedOfRun();
  console.info(`PERDURE_SEED=${seed}`);
  const step = fc.tuple(fc.constantFrom(...COMMANDS), fc.nat(99));
  const scripts = fc.array(step, { minLength: 4, maxLength: 14 });
  for (const [nth, script] of fc.sample(scripts, { seed, numRuns: 50 }).entries()) {
    const agent = await box(`random-${nth}`, code({ mark: "one" }), code({ mark: "two" }));
    const model = new Model();
    for (const [command, choice] of script) {
      await perform(agent, model, command, choice);
      const { items, revision } = model;
      if (command === "evict" || command === "reset") continue;
      expect(await agent.invoke("list"), JSON.stringify(script)).toEqual(items);
      const view = await agent.view();
      expect(view).toMatchObject({ status: "idle", revision });
      model.past.push({ cut: view.lastOplogIndex, items, revision });
    }
    await reset();
    expect(await agent.invoke("list"), JSON.stringify(script)).toEqual(model.items);
  }
}, 240_000);
