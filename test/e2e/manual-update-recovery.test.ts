/** Regression: recovery after a manual update loads its snapshot, however often and whatever came after. */
import { describe, expect, test } from "vitest";
import type { AgentClient } from "./support/api.ts";
import { box, type HookReport, hooks, OTHER_COUNT } from "./support/box.ts";
import { hostForFile } from "./support/host.ts";
import { until } from "./support/until.ts";

const host = hostForFile();

/** Revision 1; revision 2, which diverges on its history; revision 3, which agrees with 2 and takes snapshots. */
function codes(): [string, string, string] {
  const code = (mark: string, count?: string, more = "") =>
    box({
      mark,
      members: `${more}${hooks(host.receiver.url, mark)}`,
      ...(count === undefined ? {} : { count }),
    });
  const policy = "static snapshots = { everyInvocations: 2 };";
  return [code("one"), code("two", OTHER_COUNT), code("three", OTHER_COUNT, policy)];
}

function loads(key: string): HookReport[] {
  return host.receiver.at(`/loaded/${key}`).map(({ body }) => JSON.parse(body) as HookReport);
}

interface Filled {
  readonly agent: AgentClient;
  readonly key: string;
  /** What the box must hold. */
  readonly items: string[];
}

async function add({ agent, items }: Filled, item: string): Promise<void> {
  items.push(item);
  expect(await agent.invoke("add", item)).toBe(`another count: ${items.length}`);
}

/** An agent with a history that its present code diverges on, after a manual update. */
async function updated(key: string): Promise<Filled> {
  const agent = await host.box(key, ...codes());
  await agent.invoke("add", "a");
  await agent.invoke("add", "b");
  expect(await agent.update("manual", 2)).toMatchObject({ status: "successful" });
  expect(loads(key)).toEqual([{ mark: "two", found: [], savedBy: 1 }]);
  return { agent, key, items: ["a", "b"] };
}

async function expectWhole({ agent, items }: Filled): Promise<void> {
  expect(await agent.invoke("list")).toEqual(items);
  const view = await agent.view();
  expect(view).toMatchObject({ status: "idle" });
  expect(view.lastError).toBeUndefined();
  expect(await agent.kinds()).not.toContain("SnapshotRecoveryFailed");
}

/** Crashes, and expects the next invocation to find an instance that loaded exactly this, once. */
async function expectLoad(filled: Filled, report: HookReport): Promise<void> {
  const before = loads(filled.key).length;
  await host.crash();
  await expectWhole(filled);
  expect(loads(filled.key).slice(before)).toEqual([report]);
}

describe("recovery after a manual update loads its snapshot", () => {
  test.each([1, 10])("after %i kills, with an invocation after each", async (kills) => {
    const filled = await updated(`busy-${kills}`);
    for (let kill = 0; kill < kills; kill++) {
      await expectLoad(filled, { mark: "two", found: [], savedBy: 1 });
      await add(filled, `after kill ${kill}`);
    }
    await expectLoad(filled, { mark: "two", found: [], savedBy: 1 });
  });

  test.each([1, 10])("after %i kills without any invocation between", async (kills) => {
    const filled = await updated(`quiet-${kills}`);
    for (let kill = 1; kill < kills; kill++) await host.crash();
    await expectLoad(filled, { mark: "two", found: [], savedBy: 1 });
  });

  test("then after an automatic update, then from automatic snapshots", async () => {
    const filled = await updated("onwards");
    await add(filled, "c");
    const trials = loads("onwards").length;
    expect(await filled.agent.update("automatic", 3)).toMatchObject({ status: "successful" });
    expect(loads("onwards").slice(trials)).toEqual([{ mark: "three", found: [], savedBy: 1 }]);
    await expectLoad(filled, { mark: "three", found: [], savedBy: 1 });
    await add(filled, "d");
    await add(filled, "e");
    const first = await until("an automatic snapshot was taken", async () => {
      return (await filled.agent.view()).lastAutomaticSnapshotIndex ?? undefined;
    });
    await expectLoad(filled, { mark: "three", found: [], savedBy: 3 });
    await add(filled, "f");
    await add(filled, "g");
    await until("a later snapshot was taken", async () => {
      const { lastAutomaticSnapshotIndex: last } = await filled.agent.view();
      return last !== null && last > first ? last : undefined;
    });
    await expectLoad(filled, { mark: "three", found: [], savedBy: 3 });
    const { lastManualUpdateSnapshotIndex } = await filled.agent.view();
    const pending = (await filled.agent.oplog()).find(({ mode }) => mode === "manual");
    expect(lastManualUpdateSnapshotIndex).toBe(pending?.index);
  });

  test("also when the kill hits the middle of an invocation", async () => {
    const filled = await updated("amid");
    const gate = host.receiver.shut("/amid");
    const key = await filled.agent.enqueue("send", `${host.receiver.url}/amid`, "c");
    await host.receiver.arrived("/amid", 1);
    await host.crash();
    const [first, second] = await host.receiver.arrived("/amid", 2);
    gate.open();
    expect(second).toEqual(first);
    expect(await filled.agent.outcome(key)).toMatchObject({ result: "two", revision: 2 });
    filled.items.push('answer to "c"');
    await expectLoad(filled, { mark: "two", found: [], savedBy: 1 });
  });

  test("and a second manual update replaces it", async () => {
    const filled = await updated("replaced");
    await add(filled, "c");
    expect(await filled.agent.update("manual", 1)).toMatchObject({ status: "successful" });
    await expectLoad(filled, { mark: "one", found: [], savedBy: 2 });
    expect(await filled.agent.update("manual", 3)).toMatchObject({ status: "successful" });
    await expectLoad(filled, { mark: "three", found: [], savedBy: 1 });
  });
});
