/** Beginning anew and going back, beside everything else that can happen to an agent. */
import { afterAll, describe, expect, test } from "vitest";
import type { AgentView, InvocationView } from "../../src/core/api/views.ts";
import { openReceiver } from "./support/receiver.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, place } = site;
const unanswered: (() => void)[] = [];
const held = new Set<string>();
const receiver = await openReceiver(({ path }, response) => {
  if (held.delete(path)) unanswered.push(() => response.end("late"));
  else response.end("ok");
});
afterAll(() => receiver.close());

/** `rest`: how `run` goes on; `longest`: for how long it waits before it begins anew. */
const code = (rest: string, longest = 3_600_000) => `
  import { Agent, RetryableError, atomically, invocation } from "perdure";
  export class Worker extends Agent {
    static snapshots = { everyInvocations: 1 };
    static methods = { run: { retry: { attempts: 3, initialMs: ${longest}, maxMs: ${longest}, jitter: 0 } } };
    log = [];
    add(word) { this.log.push(word); return this.log; }
    run() { this.log.push("try " + invocation().attempt); ${rest} }
    async region(url) {
      await atomically(async () => {
        this.log.push("in");
        for (const path of ["/first", "/second"]) await (await fetch(url + path, { method: "POST" })).text();
      });
      return this.log;
    }
    sometimes(number) {
      if (number % 3 === 0 && invocation().attempt < 3) throw new RetryableError("again", { afterMs: 1 });
      return this.log.push(number);
    }
  }
  export class Stillborn extends Agent {
    onCreate() { throw new RetryableError("not today", { afterMs: 1 }); }
    run() {}
  }`;
const throws = `throw new RetryableError("not yet");`;
const once = `if (invocation().attempt === 1) throw new RetryableError("not yet"); return this.log;`;

const outcome = async (agent: string): Promise<InvocationView> =>
  (await api.get<InvocationView>(`${agent}/invocations/k?wait=30`)).body;
const became = (agent: string, name: AgentView["status"]): Promise<AgentView> =>
  until(
    () => api.agent(agent),
    ({ status }) => status === name,
  );
const enqueue = (agent: string, method: string, ...args: unknown[]) =>
  api.invoke(agent, method, { args, key: "k", query: "?mode=enqueue" });
const count = async (agent: string, wanted: string) =>
  (await api.oplog(agent)).filter(({ kind }) => kind === wanted).length;

async function update(agent: string): Promise<AgentView["updates"]> {
  const json = { revision: "latest", mode: "automatic" };
  expect((await api.send("POST", `${agent}/update`, { json })).status).toBe(202);
  return until(
    () => api.updates(agent),
    ({ pending }) => pending.length === 0,
  );
}

/** Enqueues `region`, and gives what to await once its second request is under way. */
async function inRegion(agent: string, base: string): Promise<void> {
  held.add(`${base}/second`);
  await enqueue(agent, "region", receiver.url + base);
  await until(
    () => held.has(`${base}/second`),
    (isHeld) => !isHeld,
  );
}
const sentTo = (path: string) => receiver.received.filter((request) => request.path === path);

describe("an agent that waits for its next try", () => {
  test("is healed by an automatic update to code that does not throw", async () => {
    const { agent, component } = await place("Worker", code(throws));
    await enqueue(agent, "run");
    await became(agent, "retrying");
    await api.upload(component, code("return this.log;"));
    expect(await update(agent)).toMatchObject({ successful: [{ revision: 2 }] });
    expect(await outcome(agent)).toMatchObject({ status: "completed", result: ["try 1"] });
  });

  test("keeps its status and its time when an update fails", async () => {
    const { agent, component } = await place("Worker", code(throws));
    await api.result(agent, "add", "a");
    await enqueue(agent, "run");
    const before = await became(agent, "retrying");
    await api.upload(component, code(throws).replace("this.log.push(word); return", "return 7;"));
    const { updates: _, lastOplogIndex: _index, ...stays } = before;
    expect(await update(agent)).toMatchObject({ failed: [{ revision: 2 }], successful: [] });
    expect(await api.agent(agent)).toMatchObject(stays);
  });

  test("goes on with the next try when it is interrupted and resumed, also over a crash", async () => {
    const { agent } = await place("Worker", code(once));
    await api.result(agent, "add", "before");
    await enqueue(agent, "run");
    await became(agent, "retrying");
    await api.send("POST", `${agent}/interrupt`);
    await site.crash();
    expect(await api.agent(agent)).toMatchObject({ status: "interrupted" });
    expect((await api.send("POST", `${agent}/resume`)).status).toBe(202);
    expect(await outcome(agent)).toMatchObject({ result: ["before", "try 2"] });
    expect(await count(agent, "Jump")).toBe(1);
  });

  test("begins anew from its snapshot, and replays the rest after a crash", async () => {
    const { agent } = await place("Worker", code(once, 300));
    for (const word of ["a", "b"]) await api.result(agent, "add", word);
    await enqueue(agent, "run");
    await became(agent, "retrying");
    await site.crash();
    expect(await outcome(agent)).toMatchObject({ result: ["a", "b", "try 2"] });
    await site.crash();
    expect(await api.result(agent, "add", "c")).toEqual(["a", "b", "try 2", "c"]);
  });

  test("in a crowd of callers each gets its own outcome, and each call is done once", async () => {
    const { agent } = await place("Worker", code(throws));
    const numbers = Array.from({ length: 30 }, (_, number) => number);
    const results = await Promise.all(
      numbers.map((number) => api.result(agent, "sometimes", number)),
    );
    expect(results.toSorted((left, right) => Number(left) - Number(right))).toEqual(
      numbers.map((number) => number + 1),
    );
    const log = (await api.result(agent, "add", "end")) as number[];
    expect(new Set(log).size).toBe(31);
    expect(await count(agent, "Jump")).toBe(20);
  });

  test("an initialization is not tried again by itself", async () => {
    const { agent } = await place("Stillborn", code(throws));
    expect((await api.invoke(agent, "run")).body).toMatchObject({ code: "agent-failed" });
    expect(await api.agent(agent)).toMatchObject({ lastError: { message: "not today" } });
  });
});

describe("an agent in an atomic region", () => {
  test("does the region again when it is interrupted and resumed", async () => {
    const { agent } = await place("Worker", code(throws));
    await inRegion(agent, "/i");
    await api.send("POST", `${agent}/interrupt`);
    expect((await api.send("POST", `${agent}/resume`)).status).toBe(202);
    expect(await outcome(agent)).toMatchObject({ result: ["in"] });
    expect([sentTo("/i/first").length, sentTo("/i/second").length]).toEqual([2, 2]);
    expect(await count(agent, "Jump")).toBe(1);
  });

  test("waits for the very same request when it is updated meanwhile", async () => {
    const { agent, component } = await place("Worker", code(throws));
    await inRegion(agent, "/u");
    await api.upload(component, code("return 1;"));
    expect(await update(agent)).toMatchObject({ successful: [{ revision: 2 }] });
    for (const answer of unanswered.splice(0)) answer();
    expect(await outcome(agent)).toMatchObject({ status: "completed", result: ["in"] });
    expect([sentTo("/u/first").length, sentTo("/u/second").length]).toEqual([1, 1]);
    expect(await count(agent, "Jump")).toBe(0);
  });

  test("dies again and again in it: one jump for each time that something was recorded", async () => {
    const { agent } = await place("Worker", code(throws));
    await inRegion(agent, "/d");
    for (let times = 0; times < 2; times++) {
      held.add("/d/second");
      await site.crash();
      await until(
        () => held.has("/d/second"),
        (isHeld) => !isHeld,
      );
    }
    await site.crash();
    expect(await outcome(agent)).toMatchObject({ result: ["in"] });
    expect(sentTo("/d/first")).toHaveLength(4);
    const keys = new Set(sentTo("/d/first").map(({ headers }) => headers["idempotency-key"]));
    expect(keys.size).toBe(1);
    expect(await count(agent, "Jump")).toBe(3);
  });
});
