/** Regression: recovery after a manual update loads its snapshot. Here under eviction and resets. */
import { describe, expect, test } from "vitest";
import { box as code, type HookReport, hooks, OTHER_COUNT } from "../e2e/support/box.ts";
import { until } from "../e2e/support/until.ts";
import { box, type HostedAgent, receiverForTests, RECEIVER, reset } from "./support/host.ts";

const arrivals = receiverForTests();

function loads(key: string): HookReport[] {
  return arrivals()
    .at(`/loaded/${key}`)
    .map(({ body }) => JSON.parse(body) as HookReport);
}

const policy = "static snapshots = { everyInvocations: 2 };";

/** An agent after a manual update to code that diverges on what was before it. */
async function updated(key: string): Promise<HostedAgent> {
  const agent = await box(
    key,
    code({ mark: "one", members: hooks(RECEIVER, "one") }),
    code({ mark: "two", count: OTHER_COUNT, members: hooks(RECEIVER, "two") }),
    code({ mark: "three", count: OTHER_COUNT, members: policy + hooks(RECEIVER, "three") }),
  );
  await agent.invoke("add", "a");
  expect(await agent.update("manual", 2)).toMatchObject({ status: "successful" });
  return agent;
}

/** How an agent can lose its memory. */
const losses = {
  evicted: (agent: HostedAgent) => agent.evict(),
  reset: (_agent: HostedAgent) => reset(),
} as const;

const cases = (["evicted", "reset"] as const).flatMap((loss) => [
  [loss, 1] as const,
  [loss, 10] as const,
]);

describe("recovery after a manual update loads its snapshot", () => {
  test.each(cases)("%s %i times, with an invocation after each", async (loss, times) => {
    const key = `busy-${loss}-${times}`;
    const agent = await updated(key);
    const items = ["a"];
    for (let nth = 0; nth < times; nth++) {
      const before = loads(key).length;
      await losses[loss](agent);
      items.push(`${nth}`);
      expect(await agent.invoke("add", `${nth}`)).toBe(`another count: ${items.length}`);
      expect(loads(key).slice(before)).toEqual([{ mark: "two", found: [], savedBy: 1 }]);
    }
    expect(await agent.invoke("list")).toEqual(items);
    expect(await agent.view()).toMatchObject({ status: "idle", revision: 2 });
  });

  test.each(cases)("%s %i times without any invocation between", async (loss, times) => {
    const key = `quiet-${loss}-${times}`;
    const agent = await updated(key);
    const before = loads(key).length;
    for (let nth = 0; nth < times; nth++) {
      // Looking at it brings the object back to memory, and wakes no instance.
      expect(await agent.view()).toMatchObject({ status: "idle", revision: 2 });
      await losses[loss](agent);
    }
    expect(loads(key)).toHaveLength(before);
    expect(await agent.invoke("list")).toEqual(["a"]);
    expect(loads(key).slice(before)).toEqual([{ mark: "two", found: [], savedBy: 1 }]);
  });

  test.each(["evicted", "reset"] as const)(
    "%s after an automatic update, and after automatic snapshots",
    async (loss) => {
      const key = `onwards-${loss}`;
      const agent = await updated(key);
      const last = () => loads(key).at(-1);
      expect(await agent.update("automatic", 3)).toMatchObject({ status: "successful" });
      expect(last()).toEqual({ mark: "three", found: [], savedBy: 1 });
      await losses[loss](agent);
      for (const item of ["b", "c"]) await agent.invoke("add", item);
      expect(last()).toEqual({ mark: "three", found: [], savedBy: 1 });
      await until("an automatic snapshot was taken", async () => {
        return (await agent.view()).lastAutomaticSnapshotIndex ?? undefined;
      });
      for (let nth = 0; nth < 3; nth++) {
        await losses[loss](agent);
        expect(await agent.invoke("list")).toEqual(["a", "b", "c"]);
        expect(last()).toEqual({ mark: "three", found: [], savedBy: 3 });
      }
      expect(await agent.kinds()).not.toContain("SnapshotRecoveryFailed");
    },
  );
});
