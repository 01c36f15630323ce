/** Automatic updates: the new code replays the history, and takes over or leaves no trace. */
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { AgentClient } from "./support/api.ts";
import { box, OTHER_COUNT } from "./support/box.ts";
import { hostForFile } from "./support/host.ts";
import { seededRandom } from "./support/seed.ts";

const host = hostForFile();
const one = box({ mark: "one" });
const two = box({ mark: "two" });
const diverging = box({ mark: "two", count: OTHER_COUNT });

/** Invokes `send` on a path that is shut; gives how to let it end, once its request has come. */
async function sending(agent: AgentClient, path: string) {
  const gate = host.receiver.shut(path);
  const answer = agent.request("send", [`${host.receiver.url}${path}`, "b"]);
  await host.receiver.arrived(path, 1);
  return {
    async ends() {
      gate.open();
      return (await answer).body;
    },
  };
}

describe("an automatic update succeeds", () => {
  test("on an idle agent: the state stays, the new code answers, also after a crash", async () => {
    const members = "count() { return this.items.length; }";
    const agent = await host.box("idle", one, box({ mark: "two", members }));
    await agent.invoke("add", "a");
    const before = await agent.oplog();
    expect(await agent.update("automatic", 2)).toMatchObject({ status: "successful", revision: 2 });
    const added = (await agent.kinds()).slice(before.length);
    expect(added).toEqual(["PendingUpdate", "SuccessfulUpdate"]);
    expect(await agent.view()).toMatchObject({ status: "idle", revision: 2, skippedRegions: [] });
    expect(await agent.invoke("count")).toBe(1);
    await host.crash();
    expect(await agent.invoke("list")).toEqual(["a"]);
  });

  test("in the middle of a fetch: the very same request is waited for, the new code ends it", async () => {
    const agent = await host.box("fetching", one, two);
    await agent.invoke("add", "a");
    const send = await sending(agent, "/fetching");
    expect(await agent.update("automatic", 2)).toMatchObject({ status: "successful" });
    expect(await agent.view()).toMatchObject({ status: "running", revision: 2 });
    expect(await send.ends()).toMatchObject({ status: "completed", result: "two", revision: 2 });
    expect(host.receiver.at("/fetching")).toHaveLength(1);
    expect(await agent.invoke("list")).toEqual(["a", 'answer to "b"']);
    const kinds = await agent.kinds();
    expect(kinds.filter((kind) => kind === "Start" || kind === "End")).toEqual(["Start", "End"]);
  });

  test("in the middle of a fetch that no caller waits for any more, over a crash", async () => {
    const agent = await host.box("crashing", one, two);
    const path = "/crashing";
    const gate = host.receiver.shut(path);
    const key = await agent.enqueue("send", `${host.receiver.url}${path}`, "b");
    await host.receiver.arrived(path, 1);
    await agent.update("automatic", 2);
    await host.crash();
    const [first, second] = await host.receiver.arrived(path, 2);
    gate.open();
    expect(second).toEqual(first);
    expect(await agent.outcome(key)).toMatchObject({ result: "two", revision: 2 });
    expect(await agent.invoke("list")).toEqual(['answer to "b"']);
  });

  test("in the middle of a step and of a short sleep: what has ended never runs again", async () => {
    const nap = (mark: string) => `async nap(url) {
      await step("tell", async () => { await fetch(url, { method: "POST", body: "told" }); });
      await sleep(1500);
      await fetch(url, { method: "POST", body: "slept" });
      return "${mark}";
    }`;
    const agent = await host.box(
      "napping",
      box({ mark: "one", members: nap("one") }),
      box({ mark: "two", members: nap("two") }),
    );
    const key = await agent.enqueue("nap", `${host.receiver.url}/napping`);
    await expect.poll(() => agent.kinds(), { timeout: 10_000 }).toContain("End");
    expect(await agent.update("automatic", 2)).toMatchObject({ status: "successful" });
    expect(await agent.outcome(key)).toMatchObject({ result: "two", revision: 2 });
    expect(host.receiver.at("/napping").map(({ body }) => body)).toEqual(["told", "slept"]);
  });

  test("while an invocation begins: what its step sends leaves under one key", async () => {
    const members = `async tell(url) {
      await step("tell", async () => { await fetch(url, { method: "POST", body: "told" }); });
    }`;
    const codes = ["one", "two"].map((mark) => box({ mark, members }));
    await host.box("beginning", ...codes);
    const keys = Array.from({ length: 5 }, (_, nth) => `beginning-${nth}`);
    const agents = await Promise.all(keys.map((key) => host.another("beginning", key)));
    const random = seededRandom("beginning");
    for (let round = 0; round < 6; round++) {
      const tellAndUpdate = async (agent: AgentClient, nth: number): Promise<void> => {
        const path = `/beginning-${round}-${nth}`;
        const told = agent.request("tell", [`${host.receiver.url}${path}`]);
        await delay(random() * 4);
        const update = await agent.update("automatic", round % 2 === 0 ? 2 : 1);
        expect([(await told).status, update.status]).toEqual([200, "successful"]);
        expect(new Set(host.receiver.at(path).map(({ key }) => key)).size).toBe(1);
      };
      await Promise.all(agents.map(tellAndUpdate));
    }
  });

  test("before the pending invocations, which then run on the new code", async () => {
    const agent = await host.box("overtaking", one, two);
    const send = await sending(agent, "/overtaking");
    const keys = [await agent.enqueue("add", "c"), await agent.enqueue("add", "d")];
    await agent.update("automatic", 2);
    await send.ends();
    for (const key of keys) expect(await agent.outcome(key)).toMatchObject({ revision: 2 });
    expect(await agent.invoke("list")).toEqual(['answer to "b"', "c", "d"]);
  });

  test("and heals an agent whose onCreate throws: what it did before is not done again", async () => {
    const onCreate = (then: string) => `async onCreate() {
      await fetch("${host.receiver.url}/healing", { method: "POST", body: "born" });
      ${then}
    }`;
    const agent = await host.box(
      "healing",
      box({ mark: "one", members: onCreate('throw new Error("stillborn");') }),
      box({ mark: "two", members: onCreate('throw new Error("stillborn again");') }),
      box({ mark: "three", members: onCreate('this.items.push("alive");') }),
    );
    expect(await agent.view()).toMatchObject({
      status: "failed",
      lastError: { message: "stillborn" },
    });
    const unhealed = await agent.update("automatic", 2);
    expect(unhealed).toMatchObject({
      status: "failed",
      detail: expect.stringContaining("again") as unknown,
    });
    expect(await agent.view()).toMatchObject({
      status: "failed",
      revision: 1,
      lastError: { message: "stillborn" },
    });
    expect(await agent.update("automatic", 3)).toMatchObject({ status: "successful" });
    const healed = await agent.reaches("idle");
    expect(healed).toMatchObject({ revision: 3 });
    expect(healed.lastError).toBeUndefined();
    expect(await agent.invoke("list")).toEqual(["alive"]);
    expect(host.receiver.at("/healing")).toHaveLength(1);
  });
});

describe("an automatic update fails and leaves the agent as it was", () => {
  /** Expects the failed update to be all that was written since `before`. */
  async function expectNoTrace(agent: AgentClient, before: number): Promise<void> {
    expect((await agent.kinds()).slice(before)).toEqual(["PendingUpdate", "FailedUpdate"]);
    const view = await agent.view();
    expect(view).toMatchObject({ status: "idle", revision: 1, updates: { pending: [] } });
    expect(view.lastError).toBeUndefined();
  }

  test("when the new code diverges: the detail says where", async () => {
    const agent = await host.box("diverging", one, diverging);
    await agent.invoke("add", "a");
    const before = await agent.oplog();
    const update = await agent.update("automatic", 2);
    expect(update.status).toBe("failed");
    expect(update.detail).toContain("another count: 1");
    const finished = before.find(({ kind }) => kind === "AgentInvocationFinished");
    expect(update.detail).toContain(`${finished?.index}`);
    await expectNoTrace(agent, before.length);
    expect(await agent.invoke("add", "b")).toBe(2);
    await host.crash();
    expect(await agent.invoke("list")).toEqual(["a", "b"]);
  });

  test("while an invocation runs: it goes on in the old instance", async () => {
    const agent = await host.box("going-on", one, diverging);
    await agent.invoke("add", "a");
    const send = await sending(agent, "/going-on");
    expect(await agent.update("automatic", 2)).toMatchObject({ status: "failed" });
    expect(await agent.view()).toMatchObject({ status: "running", revision: 1 });
    expect(await send.ends()).toMatchObject({ result: "one", revision: 1 });
    expect(host.receiver.at("/going-on")).toHaveLength(1);
    expect(await agent.invoke("list")).toEqual(["a", 'answer to "b"']);
    expect(await agent.kinds()).not.toContain("Error");
  });

  test("when a method of the history is gone", async () => {
    const agent = await host.box("gone", one, box({ mark: "two", without: ["add"] }));
    await agent.invoke("add", "a");
    const before = await agent.oplog();
    const update = await agent.update("automatic", 2);
    expect(update).toMatchObject({
      status: "failed",
      detail: expect.stringContaining("add") as unknown,
    });
    await expectNoTrace(agent, before.length);
  });

  test("when the method that is running is gone, and has recorded nothing yet", async () => {
    const members = "async forever() { await new Promise(() => {}); }";
    const agent = await host.box("gone-now", box({ mark: "one", members }), two);
    await agent.enqueue("forever");
    await agent.reaches("running");
    const update = await agent.update("automatic", 2);
    expect(update).toMatchObject({
      status: "failed",
      detail: expect.stringContaining("forever") as unknown,
    });
    expect(await agent.view()).toMatchObject({ status: "running", revision: 1 });
  });

  test("when the constructor throws", async () => {
    const members = 'constructor() { super(); throw new Error("no life here"); }';
    const agent = await host.box("lifeless", one, box({ mark: "two", members }));
    const before = await agent.oplog();
    const update = await agent.update("automatic", 2);
    expect(update).toMatchObject({ detail: expect.stringContaining("no life here") as unknown });
    await expectNoTrace(agent, before.length);
    expect(await agent.invoke("add", "a")).toBe(1);
  });

  test("when the code throws as it is loaded", async () => {
    // No agent's time is that old: it loads for the check of the upload alone.
    const mortal = `${two}\nif (Date.now() > 0) throw new Error("out of date");`;
    const agent = await host.box("mortal", one, mortal);
    await agent.invoke("add", "a");
    const before = await agent.oplog();
    const update = await agent.update("automatic", 2);
    expect(update).toMatchObject({
      status: "failed",
      detail: expect.stringContaining("out of date") as unknown,
    });
    await expectNoTrace(agent, before.length);
    expect(await agent.invoke("add", "b")).toBe(2);
  });
});

describe("a request for an update is refused at once", () => {
  test("for what the agent has, what does not exist, and what is not the agent's type", async () => {
    const other = 'import { Agent } from "perdure"; export class Other extends Agent {}';
    const agent = await host.box("refusing", one, other);
    const before = await agent.oplog();
    const ask = (revision: number) => agent.requestUpdate("automatic", revision);
    expect(await ask(1)).toMatchObject({ status: 409, body: { code: "already-at-revision" } });
    expect(await ask(2)).toMatchObject({ status: 404, body: { code: "agent-type-not-found" } });
    expect(await ask(3)).toMatchObject({ status: 404, body: { code: "revision-not-found" } });
    expect(await agent.oplog()).toEqual(before);
  });
});
