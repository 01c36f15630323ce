/** More than one update at a time, and back again. */
import { describe, expect, test } from "vitest";
import type { UpdateMode } from "../../src/core/api/views.ts";
import type { AgentClient } from "./support/api.ts";
import { box, hooks, OTHER_COUNT } from "./support/box.ts";
import { hostForFile } from "./support/host.ts";

const host = hostForFile();

/** Keeps the agent busy until the given requests are made, so that they wait together. */
async function whileBusy(
  agent: AgentClient,
  path: string,
  act: () => Promise<void>,
): Promise<void> {
  const gate = host.receiver.shut(path);
  const key = await agent.enqueue("send", `${host.receiver.url}${path}`, "busy");
  await host.receiver.arrived(path, 1);
  await act();
  gate.open();
  await agent.outcome(key);
}

async function requested(agent: AgentClient, mode: UpdateMode, revision: number): Promise<string> {
  const { status, body } = await agent.requestUpdate(mode, revision);
  expect(status).toBe(202);
  return body.id;
}

/** The conclusions in the order in which they were written. */
async function conclusions(agent: AgentClient): Promise<[kind: string, revision: unknown][]> {
  const entries = await agent.oplog();
  return entries
    .filter(({ kind }) => kind === "SuccessfulUpdate" || kind === "FailedUpdate")
    .map(({ kind, revision }) => [kind, revision]);
}

describe("several updates", () => {
  test("an automatic one that is requested while a manual one waits in the queue goes first", async () => {
    const agent = await host.box("first", ...["one", "two", "three"].map((mark) => box({ mark })));
    await agent.invoke("add", "a");
    let manual = "";
    await whileBusy(agent, "/first", async () => {
      manual = await requested(agent, "manual", 2);
      expect(await agent.update("automatic", 3)).toMatchObject({ status: "successful" });
      expect((await agent.updates()).pending).toMatchObject([{ id: manual, status: "queued" }]);
    });
    expect(await agent.conclusion(manual)).toMatchObject({ status: "successful" });
    expect(await conclusions(agent)).toEqual([
      ["SuccessfulUpdate", 3],
      ["SuccessfulUpdate", 2],
    ]);
    expect(await agent.invoke("list")).toEqual(["a", 'answer to "busy"']);
    await host.crash();
    expect(await agent.view()).toMatchObject({ revision: 2 });
    expect(await agent.invoke("list")).toEqual(["a", 'answer to "busy"']);
  });

  test("a failed one never takes another with it", async () => {
    const unloadable = 'loadSnapshot() { throw new Error("cannot read this"); }';
    const agent = await host.box(
      "mixed",
      box({ mark: "one" }),
      box({ mark: "two", members: unloadable }),
      box({ mark: "three", count: OTHER_COUNT }),
      box({ mark: "four" }),
      box({ mark: "five", count: OTHER_COUNT }),
    );
    await agent.invoke("add", "a");
    const ids: string[] = [];
    await whileBusy(agent, "/mixed", async () => {
      ids.push(await requested(agent, "manual", 2));
      ids.push(await requested(agent, "manual", 5));
      ids.push(await requested(agent, "automatic", 3));
      ids.push(await requested(agent, "automatic", 4));
    });
    const concluded = [];
    for (const id of ids) concluded.push((await agent.conclusion(id)).status);
    expect(concluded).toEqual(["failed", "successful", "failed", "successful"]);
    expect(await conclusions(agent)).toEqual([
      ["FailedUpdate", 3],
      ["SuccessfulUpdate", 4],
      ["FailedUpdate", 2],
      ["SuccessfulUpdate", 5],
    ]);
    expect(await agent.view()).toMatchObject({ status: "idle", revision: 5 });
    await host.crash();
    expect(await agent.invoke("list")).toEqual(["a", 'answer to "busy"']);
  });

  test("pending together: each is applied once, in order, whatever becomes of the one before", async () => {
    const shown = (mark: string, count?: string) =>
      box({
        mark,
        members: hooks(host.receiver.url, mark),
        ...(count === undefined ? {} : { count }),
      });
    const agent = await host.box(
      "together",
      shown("one"),
      shown("two"),
      shown("three", OTHER_COUNT),
      shown("four"),
    );
    await agent.update("manual", 2);
    await agent.invoke("add", "a");
    // The trial of the first loads the manual snapshot, and waits in it.
    const gate = host.receiver.shut("/loaded/together");
    const ids = [await requested(agent, "automatic", 3), await requested(agent, "automatic", 4)];
    expect((await agent.updates()).pending.map(({ id }) => id)).toEqual(ids);
    const again = await agent.requestUpdate("automatic", 3);
    expect(again).toMatchObject({ status: 409, body: { code: "update-already-pending" } });
    gate.open();
    const [third, fourth] = [
      await agent.conclusion(ids[0] ?? ""),
      await agent.conclusion(ids[1] ?? ""),
    ];
    expect(third).toMatchObject({ status: "failed", revision: 3 });
    expect(fourth).toMatchObject({ status: "successful", revision: 4 });
    expect(await agent.invoke("list")).toEqual(["a"]);
  });

  test("the same one twice is refused while it waits in the queue, and when it is done", async () => {
    const agent = await host.box("twice", box({ mark: "one" }), box({ mark: "two" }));
    let id = "";
    await whileBusy(agent, "/twice", async () => {
      id = await requested(agent, "manual", 2);
      const again = await agent.requestUpdate("manual", 2);
      expect(again).toMatchObject({ status: 409, body: { code: "update-already-pending" } });
    });
    await agent.conclusion(id);
    const again = await agent.requestUpdate("manual", 2);
    expect(again).toMatchObject({ status: 409, body: { code: "already-at-revision" } });
  });

  test.each(["automatic", "manual"] as const)("back to the older code: %s", async (mode) => {
    const name = `back-${mode}`;
    const agent = await host.box(name, box({ mark: "one" }), box({ mark: "two" }));
    const url = `${host.receiver.url}/${name}`;
    await agent.invoke("add", "a");
    for (const [revision, mark] of [
      [2, "two"],
      [1, "one"],
      [2, "two"],
      [1, "one"],
    ] as const) {
      expect(await agent.update(mode, revision)).toMatchObject({ status: "successful" });
      await host.crash();
      expect(await agent.view()).toMatchObject({ status: "idle", revision });
      if (mode === "manual") expect(await agent.invoke("send", url, mark)).toBe(mark);
      else expect(await agent.invoke("add", mark)).toBeTypeOf("number");
    }
    const items = await agent.invoke("list");
    expect(items).toHaveLength(5);
    expect(await conclusions(agent)).toHaveLength(4);
  });
});
