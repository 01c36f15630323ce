/** After kill -9 everything that is due goes on by itself: no request wakes the agents here. */
import { describe, expect, test } from "vitest";
import type { AgentClient } from "./support/api.ts";
import { box } from "./support/box.ts";
import { hostForFile } from "./support/host.ts";

const host = hostForFile();

const members = `
  async doze(url, ms) {
    await fetch(url, { method: "POST", body: "before" });
    await sleep(ms);
    await fetch(url, { method: "POST", body: "after" });
    return "rested";
  }`;
const code = box({ mark: "one", members });

function bodies(path: string): readonly string[] {
  return host.receiver.at(path).map(({ body }) => body);
}

describe("after kill -9, without any request", () => {
  /** Sleeps through all tests of this file. */
  let sleeper: { agent: AgentClient; key: string; nextWakeAt: string } | undefined;

  test("a long sleep suspends the agent, and survives the kill", async () => {
    const agent = await host.box("long", code);
    const key = await agent.enqueue("doze", `${host.receiver.url}/long`, 11_000);
    const { nextWakeAt = "" } = await agent.reaches("suspended");
    sleeper = { agent, key, nextWakeAt };
    expect(Date.parse(nextWakeAt)).toBeGreaterThan(Date.now() + 9_000);
    const oplog = await agent.oplog();
    expect(oplog.at(-1)).toMatchObject({ kind: "Suspend", until: nextWakeAt });
    await host.crash();
    expect(await agent.view()).toMatchObject({ status: "suspended", nextWakeAt });
    expect(await agent.oplog()).toEqual(oplog);
  });

  test("the running invocation and those behind it go on, in order", async () => {
    const agent = await host.box("queue", code);
    const url = `${host.receiver.url}/queue`;
    const gate = host.receiver.shut("/queue");
    for (const item of ["a", "b", "c"]) await agent.enqueue("send", url, item);
    await host.receiver.arrived("/queue", 1);
    await host.crash();
    gate.open();
    await host.receiver.arrived("/queue", 4);
    expect(bodies("/queue")).toEqual(['"a"', '"a"', '"b"', '"c"']);
    expect(new Set(host.receiver.at("/queue").map(({ key }) => key)).size).toBe(3);
    expect(await agent.invoke("list")).toHaveLength(3);
  });

  test("a scheduled invocation runs when it is due, and not before", async () => {
    const agent = await host.box("schedule", code);
    const at = Date.now() + 1200;
    const args = [`${host.receiver.url}/schedule`, "later"];
    const accepted = await agent.request("send", args, { query: `?at=${at}` });
    expect(accepted).toMatchObject({ status: 202, body: { status: "scheduled" } });
    await host.crash();
    await host.receiver.arrived("/schedule", 1);
    expect(Date.now()).toBeGreaterThanOrEqual(at);
    expect(await agent.outcome(accepted.body.idempotencyKey)).toMatchObject({ result: "one" });
    expect(bodies("/schedule")).toEqual(['"later"']);
  });

  test("a scheduled invocation that became due while the server was down runs at the start", async () => {
    const agent = await host.box("overdue", code);
    const args = [`${host.receiver.url}/overdue`, "late"];
    await agent.request("send", args, { query: "?delay=300" });
    await host.server.kill9();
    const due = Date.now() + 300;
    await expect.poll(() => Date.now(), { timeout: 10_000 }).toBeGreaterThan(due);
    expect(bodies("/overdue")).toEqual([]);
    await host.server.restart();
    await host.receiver.arrived("/overdue", 1);
    expect(bodies("/overdue")).toEqual(['"late"']);
  });

  test("a short sleep ends, and what was before it is not done again", async () => {
    const agent = await host.box("nap", code);
    await agent.enqueue("doze", `${host.receiver.url}/nap`, 1500);
    await host.receiver.arrived("/nap", 1);
    // The sleep begins once the answer to the first request is recorded.
    await expect.poll(() => agent.kinds(), { timeout: 10_000 }).toContain("End");
    await host.crash();
    await host.receiver.arrived("/nap", 2);
    expect(bodies("/nap")).toEqual(["before", "after"]);
  });

  test("updates of both modes are concluded", async () => {
    for (const mode of ["automatic", "manual"] as const) {
      const key = `update-${mode}`;
      const moved = `async loadSnapshot(state) {
        await fetch("${host.receiver.url}/${key}", { method: "POST", body: "loaded" });
        this.items = state.items;
      }`;
      const agent = await host.box(
        key,
        code,
        box({ mark: "two", members: moved }),
        box({ mark: "three", members: moved }),
      );
      await agent.update("manual", 2);
      const gate = host.receiver.shut(`/${key}`);
      const { body: update } = await agent.requestUpdate(mode, 3);
      await host.receiver.arrived(`/${key}`, 2);
      await host.crash();
      await host.receiver.arrived(`/${key}`, 3);
      gate.open();
      expect(await agent.conclusion(update.id)).toMatchObject({ status: "successful" });
    }
  });

  test("a suspended agent takes new code, and sleeps on in it", async () => {
    const agent = await host.box("sleeper", code, box({ mark: "two", members }));
    await agent.enqueue("doze", `${host.receiver.url}/sleeper`, 60_000);
    const { nextWakeAt } = await agent.reaches("suspended");
    expect(await agent.update("automatic", 2)).toMatchObject({ status: "successful" });
    expect(await agent.reaches("suspended")).toMatchObject({ revision: 2, nextWakeAt });
    await host.crash();
    expect(await agent.view()).toMatchObject({ status: "suspended", revision: 2, nextWakeAt });
    expect(bodies("/sleeper")).toEqual(["before"]);
  });

  test("the long sleep ends in time, after all these kills", async () => {
    if (sleeper === undefined) throw new Error("nothing sleeps");
    const { agent, key, nextWakeAt } = sleeper;
    await expect.poll(() => bodies("/long"), { timeout: 20_000 }).toEqual(["before", "after"]);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(nextWakeAt));
    const { status, result, finishedAt = "" } = await agent.outcome(key);
    expect([status, result]).toEqual(["completed", "rested"]);
    expect(Date.parse(finishedAt)).toBeGreaterThanOrEqual(Date.parse(nextWakeAt));
    expect(await agent.view()).toMatchObject({ status: "idle" });
  });
});
