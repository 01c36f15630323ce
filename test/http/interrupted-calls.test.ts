/** Killed in the middle of a call: what goes on, what is sent again, and under which key. */
import { afterAll, describe, expect, test } from "vitest";
import type { InvocationView } from "../../src/core/api/views.ts";
import { openReceiver } from "./support/receiver.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, place } = site;

/** The first request to such a path is never answered. */
const held = new Set(["/read", "/w/second", "/s/step-second", "/talk"]);
const receiver = await openReceiver(({ path }, response) => {
  if (!held.delete(path)) response.end(`answer to ${path}`);
});
afterAll(() => receiver.close());

const code = `
  import { Agent, sleep, step } from "perdure";
  export class Caller extends Agent {
    log = [];
    async read(url) { this.log.push("begin"); this.log.push(await (await fetch(url)).text()); return this.log; }
    async write(url) {
      await fetch(url + "/first", { method: "POST", body: "1" });
      this.log.push(await (await fetch(url + "/second", { method: "POST", body: "2" })).text());
      return this.log;
    }
    async inStep(url) {
      const text = await step("send", async () => {
        await fetch(url + "/step-first", { method: "POST", body: "1" });
        return (await fetch(url + "/step-second", { method: "POST", body: "2" })).text();
      });
      this.log.push(text);
      return this.log;
    }
    async talk(url) { console.log("before"); this.chance = Math.random(); await fetch(url); console.log("after"); return this.chance; }
    async rest(ms) { this.log.push("begin"); await sleep(ms); this.log.push("end"); return this.log; }
    add(word) { this.log.push(word); return this.log; }
  }`;

const show = (agent: string, key: string, wait = 30) =>
  api.get<InvocationView>(`${agent}/invocations/${key}?wait=${wait}`);

const sentTo = (path: string) => receiver.received.filter((request) => request.path === path);
const keysOf = (path: string) => sentTo(path).map(({ headers }) => headers["idempotency-key"]);

/** Kills the server once a request to that path is under way. */
async function killDuring(path: string): Promise<void> {
  await until(
    () => sentTo(path).length,
    (count) => count === 1,
  );
  await site.crash();
}

describe("killed while a request is under way", () => {
  test("a read is asked again, and the method goes on from there", async () => {
    const { agent } = await place("Caller", code);
    await api.invoke(agent, "read", {
      args: [`${receiver.url}/read`],
      key: "k",
      query: "?mode=enqueue",
    });
    await killDuring("/read");
    const { body } = await show(agent, "k");
    expect(body).toMatchObject({ status: "completed", result: ["begin", "answer to /read"] });
    const kinds = (await api.oplog(agent)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "Start" || kind === "End")).toEqual(["Start", "End"]);
  });

  test("a write is sent again under the same key; what had ended is not sent again", async () => {
    const { agent } = await place("Caller", code);
    await api.invoke(agent, "write", {
      args: [`${receiver.url}/w`],
      key: "k",
      query: "?mode=enqueue",
    });
    await killDuring("/w/second");
    const { body } = await show(agent, "k");
    expect(body).toMatchObject({ status: "completed", result: ["answer to /w/second"] });
    const [first, second] = [keysOf("/w/first"), keysOf("/w/second")];
    expect([first.length, second.length]).toEqual([1, 2]);
    expect(second[0]).toBe(second[1]);
    expect(second[0]).not.toBe(first[0]);
  });

  test("a step runs again, its writes under the same keys", async () => {
    const { agent } = await place("Caller", code);
    await api.invoke(agent, "inStep", {
      args: [`${receiver.url}/s`],
      key: "k",
      query: "?mode=enqueue",
    });
    await killDuring("/s/step-second");
    const { body } = await show(agent, "k");
    expect(body).toMatchObject({ status: "completed", result: ["answer to /s/step-second"] });
    const [first, second] = [keysOf("/s/step-first"), keysOf("/s/step-second")];
    expect([first.length, second.length]).toEqual([2, 2]);
    expect([first[0], second[0]]).toEqual([first[1], second[1]]);
    expect(first[0]).not.toBe(second[0]);
  });

  test("lines before it are logged once, and chance is what it was", async () => {
    const { agent } = await place("Caller", code);
    await api.invoke(agent, "talk", {
      args: [`${receiver.url}/talk`],
      key: "k",
      query: "?mode=enqueue",
    });
    await killDuring("/talk");
    const { body } = await show(agent, "k");
    expect(body.status).toBe("completed");
    const lines = (await api.oplog(agent)).flatMap(({ kind, message }) =>
      kind === "Log" ? [message] : [],
    );
    expect(lines).toEqual(["before", "after"]);
  });
});

describe("killed while it sleeps, with others in the queue", () => {
  test("all go on in order, each once, without a request to wake them", async () => {
    const { agent } = await place("Caller", code);
    await api.invoke(agent, "rest", { args: [1500], key: "k", query: "?mode=enqueue" });
    for (const word of ["a", "b"]) {
      await api.invoke(agent, "add", { args: [word], key: word, query: "?mode=enqueue" });
    }
    await until(
      () => api.agent(agent),
      ({ status }) => status === "running",
    );
    await site.crash();
    expect((await show(agent, "b")).body).toMatchObject({
      status: "completed",
      result: ["begin", "end", "a", "b"],
    });
    const started = (await api.oplog(agent)).filter(
      ({ kind }) => kind === "AgentInvocationStarted",
    );
    expect(started.map(({ idempotencyKey }) => idempotencyKey)).toEqual(["k", "a", "b"]);
  });

  test("a long sleep suspends: the agent says until when, and kill -9 changes nothing", async () => {
    const { agent } = await place("Caller", code);
    await api.invoke(agent, "rest", { args: ["1h"], key: "k", query: "?mode=enqueue" });
    const seen = await until(
      () => api.agent(agent),
      ({ status }) => status === "suspended",
    );
    expect(Date.parse(seen.nextWakeAt ?? "")).toBeGreaterThan(Date.now() + 3_500_000);
    const suspend = (await api.oplog(agent)).at(-1);
    expect(suspend).toMatchObject({ kind: "Suspend", until: seen.nextWakeAt });
    await api.invoke(agent, "add", { args: ["x"], key: "x", query: "?mode=enqueue" });
    await site.crash();
    expect(await api.agent(agent)).toMatchObject({
      status: "suspended",
      pendingInvocations: 1,
      nextWakeAt: seen.nextWakeAt,
    });
    expect((await show(agent, "k", 0)).body.status).toBe("running");
    expect((await api.send("DELETE", agent)).status).toBe(204);
  });
});
