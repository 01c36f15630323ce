/** Reverts under eviction and resets: what was deleted stays deleted, whatever is lost from memory. */
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
