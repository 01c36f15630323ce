/** From which base an agent is recovered when there are snapshots of both kinds, and what happens when one fails. */
import { describe, expect, test } from "vitest";
import type { AgentClient } from "./support/api.ts";
import { box, type HookReport, hooks, OTHER_COUNT } from "./support/box.ts";
import { hostForFile } from "./support/host.ts";
import { until } from "./support/until.ts";

const host = hostForFile();
const EVERY_TWO = "static snapshots = { everyInvocations: 2 };";
const NEVER = 'static snapshots = "disabled";';

function code(
  mark: string,
  policy: string,
  more: { duringLoad?: string; count?: string } = {},
): string {
  const { duringLoad, count } = more;
  const members = `${policy}${hooks(host.receiver.url, mark, duringLoad)}`;
  return box({ mark, members, ...(count === undefined ? {} : { count }) });
}

function loads(key: string): HookReport[] {
  return host.receiver.at(`/loaded/${key}`).map(({ body }) => JSON.parse(body) as HookReport);
}

async function fill(agent: AgentClient, ...items: readonly string[]): Promise<void> {
  for (const item of items) await agent.invoke("add", item);
}

/** Waits for the automatic snapshot that is due, and gives its index. */
function automaticSnapshot(agent: AgentClient): Promise<number> {
  return until("an automatic snapshot was taken", async () => {
    const { lastAutomaticSnapshotIndex } = await agent.view();
    return lastAutomaticSnapshotIndex ?? undefined;
  });
}

describe("an automatic snapshot of the old revision", () => {
  test("is what the new one is recovered from, though its trial never used it", async () => {
    const agent = await host.box("reused", code("one", EVERY_TWO), code("two", NEVER));
    await fill(agent, "a", "b", "c");
    const index = await automaticSnapshot(agent);
    expect(await agent.update("automatic", 2)).toMatchObject({ status: "successful" });
    expect(loads("reused")).toEqual([]);
    expect(await agent.view()).toMatchObject({ lastAutomaticSnapshotIndex: index });
    await host.crash();
    expect(await agent.invoke("list")).toEqual(["a", "b", "c"]);
    expect(loads("reused")).toEqual([{ mark: "two", found: [], savedBy: 1 }]);
    expect(await agent.kinds()).not.toContain("SnapshotRecoveryFailed");
  });

  test("that the new one cannot load is passed over: the whole history is replayed", async () => {
    const refuse = 'throw new Error("too old for me");';
    const agent = await host.box(
      "refused",
      code("one", EVERY_TWO),
      code("two", NEVER, { duringLoad: refuse }),
    );
    await fill(agent, "a", "b", "c");
    const index = await automaticSnapshot(agent);
    await agent.update("automatic", 2);
    await host.crash();
    expect(await agent.invoke("list")).toEqual(["a", "b", "c"]);
    const failures = (await agent.oplog()).filter(({ kind }) => kind === "SnapshotRecoveryFailed");
    expect(failures).toMatchObject([{ snapshotIndex: index }]);
    expect(failures[0]?.["detail"]).toContain("too old for me");
    expect(await agent.view()).toMatchObject({ status: "idle", revision: 2 });
  });

  test("after which the tail diverges is passed over too", async () => {
    const forget = "state = { items: [] };";
    const agent = await host.box(
      "forgetful",
      code("one", EVERY_TWO),
      code("two", NEVER, { duringLoad: forget }),
    );
    await fill(agent, "a", "b");
    await automaticSnapshot(agent);
    await agent.update("automatic", 2);
    await fill(agent, "c");
    await host.crash();
    expect(await agent.invoke("list")).toEqual(["a", "b", "c"]);
    expect(await agent.kinds()).toContain("SnapshotRecoveryFailed");
  });

  test("is passed over in favour of the manual one where there is one", async () => {
    const picky = 'if (revision === 2) throw new Error("not from there");';
    const agent = await host.box(
      "picky",
      code("one", NEVER),
      code("two", EVERY_TWO, { count: OTHER_COUNT }),
      code("three", NEVER, { count: OTHER_COUNT, duringLoad: picky }),
    );
    await fill(agent, "a");
    await agent.update("manual", 2);
    await fill(agent, "b", "c");
    await automaticSnapshot(agent);
    expect(await agent.update("automatic", 3)).toMatchObject({ status: "successful" });
    await host.crash();
    const before = loads("picky").length;
    expect(await agent.invoke("list")).toEqual(["a", "b", "c"]);
    expect(
      loads("picky")
        .slice(before)
        .map(({ savedBy }) => savedBy),
    ).toEqual([2, 1]);
  });
});

describe("the manual snapshot", () => {
  test("gives way to a later automatic one, which the next manual update clears", async () => {
    const agent = await host.box(
      "cleared",
      code("one", NEVER),
      code("two", EVERY_TWO),
      code("three", NEVER),
    );
    await agent.update("manual", 2);
    await fill(agent, "a", "b");
    const automatic = await automaticSnapshot(agent);
    const view = await agent.view();
    expect(view.lastManualUpdateSnapshotIndex).toBeLessThan(automatic);
    await agent.update("manual", 3);
    const after = await agent.view();
    expect(after.lastManualUpdateSnapshotIndex).toBeGreaterThan(automatic);
    expect(after.lastAutomaticSnapshotIndex).toBeNull();
    await host.crash();
    expect(await agent.invoke("list")).toEqual(["a", "b"]);
    expect(loads("cleared").at(-1)).toEqual({ mark: "three", found: [], savedBy: 2 });
  });

  test("that cannot be loaded any more fails the agent, once and for good, until an update heals it", async () => {
    const doubtful = 'if (await told.text() === "no") throw new Error("it has faded");';
    const agent = await host.box(
      "faded",
      code("one", NEVER),
      code("two", NEVER, { duringLoad: doubtful, count: OTHER_COUNT }),
      code("three", NEVER, { count: OTHER_COUNT }),
    );
    await fill(agent, "a");
    expect(await agent.update("manual", 2)).toMatchObject({ status: "successful" });
    await fill(agent, "b");
    host.receiver.answers.set("/loaded/faded", "no");
    await host.crash();
    const loadsBefore = loads("faded").length;
    const answer = await agent.request("list", []);
    expect(answer).toMatchObject({ status: 409, body: { code: "agent-failed" } });
    const failed = await agent.view();
    expect(failed).toMatchObject({ status: "failed", revision: 2 });
    expect(failed.lastError?.message).toContain("it has faded");
    await host.crash();
    expect(await agent.request("add", ["x"])).toMatchObject({ status: 409 });
    expect(loads("faded")).toHaveLength(loadsBefore + 1);
    expect((await agent.kinds()).filter((kind) => kind === "Error")).toHaveLength(1);
    expect(await agent.update("automatic", 3)).toMatchObject({ status: "successful" });
    expect(await agent.invoke("list")).toEqual(["a", "b"]);
  });
});
