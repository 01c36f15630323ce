/** Calls from agent to agent are made exactly once, whatever dies in between. */
import { describe, expect, test } from "vitest";
import { AgentClient } from "./support/api.ts";
import { box } from "./support/box.ts";
import { hostForFile } from "./support/host.ts";
import { until } from "./support/until.ts";

const host = hostForFile();

const members = `
  async relay(key, url, item) {
    const mark = await agent(Box, key).send(url, item);
    this.items.push(item);
    return \`\${mark} by \${key}\`;
  }
  async relayAll(key, url, items) {
    const stub = agent(Box, key);
    const keys = [];
    for (const item of items) keys.push(await stub.enqueue.add(item));
    await fetch(url, { method: "POST", body: "enqueued" });
    return keys;
  }
  async finish(address, id, url) {
    const first = await completePromise(address, id, "done");
    await fetch(url, { method: "POST", body: String(first) });
    return first;
  }
  async ask() {
    const promise = createPromise();
    console.log(promise.id);
    return promise.wait();
  }
  async circle(other, url) {
    await fetch(url, { method: "POST", body: this.key });
    return agent(Box, other).list().then(() => "listed", ({ code }) => code);
  }`;
const code = box({ mark: "one", members }).replace(
  "{ Agent,",
  "{ Agent, agent, completePromise, createPromise,",
);

function bodies(path: string): readonly string[] {
  return host.receiver.at(path).map(({ body }) => body);
}

describe("after kill -9 in the middle", () => {
  test("a call that is under way is attached to: the callee runs it once, the caller gets its result", async () => {
    const caller = await host.box("relay", code);
    const callee = new AgentClient(host.api, "relay", "Box", "callee");
    const gate = host.receiver.shut("/relay");
    const key = await caller.enqueue("relay", "callee", `${host.receiver.url}/relay`, "a");
    await host.receiver.arrived("/relay", 1);
    await host.crash();
    await host.receiver.arrived("/relay", 2);
    gate.open();
    expect(await caller.outcome(key)).toMatchObject({ result: "one by callee" });
    expect(new Set(host.receiver.at("/relay").map(({ key: sent }) => sent)).size).toBe(1);
    const kinds = await callee.kinds();
    expect(kinds.filter((kind) => kind === "PendingAgentInvocation")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "AgentInvocationFinished")).toHaveLength(1);
    expect(await callee.invoke("list")).toEqual(['answer to "a"']);
  });

  test("a call that had ended is not made again, on a caller that lost its instance", async () => {
    const caller = await host.box("ended", code);
    const callee = new AgentClient(host.api, "ended", "Box", "callee");
    const gate = host.receiver.shut("/ended");
    const key = await caller.enqueue("relayAll", "callee", `${host.receiver.url}/ended`, [
      "a",
      "b",
    ]);
    await host.receiver.arrived("/ended", 1);
    await host.crash();
    await host.receiver.arrived("/ended", 2);
    gate.open();
    const { result } = await caller.outcome(key);
    expect(result).toHaveLength(2);
    expect(await callee.invoke("list")).toEqual(["a", "b"]);
    for (const sent of result as string[]) {
      expect(await callee.outcome(sent)).toMatchObject({ status: "completed" });
    }
  });

  test("agents that wait for each other when both are recovered are told so", async () => {
    const one = await host.box("ring", code);
    const two = await host.another("ring", "two");
    const gate = host.receiver.shut("/ring");
    const keys = [
      await one.enqueue("circle", "two", `${host.receiver.url}/ring`),
      await two.enqueue("circle", "ring", `${host.receiver.url}/ring`),
    ];
    await host.receiver.arrived("/ring", 2);
    await host.crash();
    await host.receiver.arrived("/ring", 4);
    gate.open();
    const results = [
      (await one.outcome(keys[0] ?? "")).result,
      (await two.outcome(keys[1] ?? "")).result,
    ];
    expect(results).toContain("call-cycle");
    expect(await one.view()).toMatchObject({ status: "idle", pendingInvocations: 0 });
    expect(await two.view()).toMatchObject({ status: "idle", pendingInvocations: 0 });
  });

  test("a promise that another agent completes is completed once", async () => {
    const asking = await host.box("asking", code);
    const finishing = await host.another("asking", "finishing");
    const asked = await asking.enqueue("ask");
    const id = await until("a promise was made", async () => {
      const logged = (await asking.oplog()).find(({ kind }) => kind === "Log");
      return logged?.["message"] as string | undefined;
    });
    const gate = host.receiver.shut("/asking");
    const url = `${host.receiver.url}/asking`;
    const key = await finishing.enqueue("finish", "asking/Box/asking", id, url);
    await host.receiver.arrived("/asking", 1);
    await host.crash();
    gate.open();
    expect(await finishing.outcome(key)).toMatchObject({ result: true });
    expect(await asking.outcome(asked)).toMatchObject({ result: "done" });
    expect(bodies("/asking").every((body) => body === "true")).toBe(true);
    const kinds = await asking.kinds();
    expect(kinds.filter((kind) => kind === "PromiseCompleted")).toHaveLength(1);
  });
});
