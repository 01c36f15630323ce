/** semantics 8: revert, in every status, over everything that a history can hold. */
import { beforeAll, describe, expect, test } from "vitest";
import type { AgentView, EntryView, InvocationView } from "../../src/core/api/views.ts";
import { agentPath, type Answer } from "./support/api.ts";
import { problemOf } from "./support/problem.ts";
import { openReceiver } from "./support/receiver.ts";
import { openSite } from "./support/site.ts";
import { traceOf } from "./support/trace.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, fresh } = site;

const script = `
import { Agent, atomically, createPromise, sleep, step } from "perdure";
export class Counter extends Agent {
  static snapshots = "disabled";
  count = 0;
  add(by = 1) { return (this.count += by); }
  state() { return { ...this }; }
  fail() { this.count += 100; throw new Error("no"); }
  async nap(duration) { this.count += 10; await sleep(duration); return ++this.count; }
  async post(url) { this.count += 10; return (await fetch(url, { method: "POST" })).text(); }
  async twice(url) {
    const first = (await step("draw", () => Math.random()));
    await fetch(url, { method: "POST" });
    this.drawn = first;
    return ++this.count;
  }
  async whole() { await atomically(async () => { await step("one", () => 1); await step("two", () => 2); }); return ++this.count; }
  async ask() { const { id, wait } = createPromise(); this.id = id; return { id, got: await wait() }; }
  promise() { const { id } = createPromise(); this.kept = id; return id; }
}
export class Made extends Agent {
  onCreate() { this.made = true; this.count = 0; }
  add() { return ++this.count; }
  state() { return { ...this }; }
}
`;

beforeAll(async () => {
  await api.upload("past", script);
});

function address(type = "Counter"): string {
  return agentPath("past", type, fresh("key"));
}

function revert<Body = AgentView>(agent: string, json: unknown): Promise<Answer<Body>> {
  return api.send<Body>("POST", `${agent}/revert`, { json });
}

async function reverted(agent: string, json: unknown): Promise<AgentView> {
  const answer = await revert(agent, json);
  expect([answer.status, answer.text.slice(0, 500)]).toEqual([200, expect.any(String)]);
  return answer.body;
}

async function status(agent: string, name: AgentView["status"]): Promise<AgentView> {
  return until(
    () => api.agent(agent),
    (seen) => seen.status === name,
  );
}

/** The index of the nth entry of a kind, counted from 1; from the end when it is negative. */
async function indexOf(agent: string, kind: string, nth = 1): Promise<number> {
  const all = (await api.oplog(agent)).filter((entry) => entry.kind === kind);
  return all.at(nth > 0 ? nth - 1 : nth)?.index ?? 0;
}

async function napping(agent: string, duration: string, key = "nap"): Promise<void> {
  await api.invoke(agent, "nap", { args: [duration], key, query: "?mode=enqueue" });
  await status(agent, duration.endsWith("h") ? "suspended" : "running");
}

describe("the request", () => {
  test.each([
    [{}, "exactly one of toIndex and invocations"],
    [{ toIndex: 3, invocations: 1 }, "exactly one of toIndex and invocations"],
    [{ invocations: 0 }, "invocations"],
    [{ toIndex: 1.5 }, "toIndex"],
    [{ toIndex: "3" }, "toIndex"],
    [{ toIndex: 3, force: true }, "force"],
  ])("%j is 400 invalid-request", async (json, told) => {
    const agent = address();
    await api.result(agent, "add");
    const problem = problemOf(await revert(agent, json), 400, "invalid-request");
    expect(problem.detail).toContain(told);
  });

  test("no agent: 404, and none is made", async () => {
    const agent = address();
    problemOf(await revert(agent, { toIndex: 1 }), 404, "agent-not-found");
    expect((await api.get(agent)).status).toBe(404);
  });

  test.each([
    [{ toIndex: 0 }, "out of range"],
    [{ toIndex: -3 }, "out of range"],
    [{ toIndex: 7 }, "the last one"],
    [{ toIndex: 4000 }, "out of range"],
    [{ invocations: 3 }, "has 2 method invocations"],
  ])("%j is 422 invalid-cut, and nothing is written", async (json, told) => {
    const agent = address();
    await api.result(agent, "add");
    await api.result(agent, "add");
    const before = await traceOf(api, agent);
    const problem = problemOf(await revert(agent, json), 422, "invalid-cut");
    expect(problem.detail).toContain(told);
    expect(await traceOf(api, agent)).toEqual(before);
  });

  test("inside a call, an atomic region and a deleted region: 422 with what stands there and the nearest cuts", async () => {
    const agent = address();
    await api.result(agent, "nap", "1ms");
    await api.result(agent, "whole");
    const sleeping = await indexOf(agent, "Start");
    const call = problemOf(await revert(agent, { toIndex: sleeping }), 422, "invalid-cut");
    expect(call.detail).toContain(`inside the call sleep that began at ${sleeping}`);
    expect(call.detail).toContain(`${sleeping - 1} and ${sleeping + 1}`);
    const begin = await indexOf(agent, "BeginAtomicRegion");
    const region = problemOf(await revert(agent, { toIndex: begin + 2 }), 422, "invalid-cut");
    expect(region.detail).toContain(`inside the atomic region that began at ${begin}`);
    await reverted(agent, { invocations: 1 });
    const gone = problemOf(await revert(agent, { toIndex: begin }), 422, "invalid-cut");
    expect(gone.detail).toContain("which a revert has deleted");
  });

  test("the initialization stays: the least index is its end", async () => {
    const agent = address("Made");
    await api.result(agent, "add");
    const end = await indexOf(agent, "AgentInvocationFinished");
    const problem = problemOf(await revert(agent, { toIndex: end - 1 }), 422, "invalid-cut");
    expect(problem.detail).toContain(`The nearest index that can be cut is ${end}`);
    problemOf(await revert(agent, { invocations: 2 }), 422, "invalid-cut");
    await reverted(agent, { toIndex: end });
    expect(await api.result(agent, "state")).toEqual({ made: true, count: 0 });
  });
});

describe("an idle agent", () => {
  test("the last two invocations: its value is what it was before them, another agent's is not touched", async () => {
    const [agent, other] = [address(), address()];
    for (const each of [agent, other]) for (let n = 0; n < 3; n++) await api.result(each, "add");
    const seen = await reverted(agent, { invocations: 2 });
    expect(seen).toMatchObject({
      status: "idle",
      deletedRegions: [[6, 10]],
      skippedRegions: [[6, 10]],
      lastOplogIndex: 11,
    });
    expect((await api.oplog(agent)).at(-1)).toMatchObject({ kind: "Revert", region: [6, 10] });
    expect(await api.result(agent, "add")).toBe(2);
    expect(await api.result(other, "add")).toBe(4);
  });

  test("its state at n is back, after kill -9 too, and a revert of a revert goes further back", async () => {
    const agent = address();
    for (let by = 1; by <= 4; by++) await api.result(agent, "add", by);
    await reverted(agent, { toIndex: 10 });
    expect(await api.result(agent, "add", 0)).toBe(6);
    await site.crash();
    expect(await api.result(agent, "add", 100)).toBe(106);
    const back = await reverted(agent, { toIndex: 4 });
    expect(back.deletedRegions).toEqual([[5, back.lastOplogIndex - 1]]);
    await site.crash();
    expect(await api.result(agent, "add", 0)).toBe(1);
    await reverted(agent, { toIndex: 1 });
    expect(await api.result(agent, "state")).toEqual({ count: 0 });
  });

  test("invocations count live ones only, and with it all of them can be taken back", async () => {
    const agent = address();
    for (let n = 0; n < 3; n++) await api.result(agent, "add");
    await reverted(agent, { invocations: 2 });
    await api.result(agent, "add", 10);
    problemOf(await revert(agent, { invocations: 3 }), 422, "invalid-cut");
    await reverted(agent, { invocations: 2 });
    expect(await api.result(agent, "state")).toEqual({ count: 0 });
  });

  test("a reverted key is unknown and can be used again; a kept one is not run again; over kill -9", async () => {
    const agent = address();
    await api.invoke(agent, "add", { args: [1], key: "kept" });
    await api.invoke(agent, "add", { args: [2], key: "gone" });
    await reverted(agent, { invocations: 1 });
    const unknown = await api.get(`${agent}/invocations/gone`);
    problemOf(unknown, 404, "invocation-not-found");
    await site.crash();
    problemOf(await api.get(`${agent}/invocations/gone`), 404, "invocation-not-found");
    const listed = await api.get<{ invocations: InvocationView[] }>(`${agent}/invocations`);
    expect(listed.body.invocations.map(({ idempotencyKey }) => idempotencyKey)).toEqual(["kept"]);
    const again = await api.invoke(agent, "add", { args: [30], key: "gone" });
    expect(again.body).toMatchObject({ result: 31 });
    const kept = await api.invoke(agent, "add", { args: [1], key: "kept" });
    expect(kept.body).toMatchObject({ result: 1 });
    await site.crash();
    const later = await api.get(`${agent}/invocations/gone`);
    expect(later.body).toMatchObject({ status: "completed", result: 31 });
    expect(await api.result(agent, "add", 0)).toBe(31);
  });

  test("a request that is scheduled survives, and a cancellation stands", async () => {
    const agent = address();
    await api.result(agent, "add");
    await api.invoke(agent, "add", { key: "later", query: "?delay=1h" });
    await api.invoke(agent, "add", { key: "never", query: "?delay=1h" });
    await api.send("DELETE", `${agent}/invocations/never`);
    await reverted(agent, { toIndex: 1 });
    const later = await api.get(`${agent}/invocations/later`);
    expect(later.body).toMatchObject({ status: "scheduled" });
    const never = await api.get(`${agent}/invocations/never`);
    expect(never.body).toMatchObject({ status: "cancelled" });
    expect(await api.result(agent, "state")).toEqual({ count: 0 });
  });

  test("the completion of a promise that stays is taken back: it can be completed anew", async () => {
    const agent = address();
    const id = (await api.result(agent, "promise")) as string;
    const { lastOplogIndex } = await api.agent(agent);
    const complete = (): Promise<Answer> =>
      api.send("POST", `${agent}/promises/${id}`, { json: 1 });
    expect((await complete()).body).toEqual({ completed: true });
    expect((await complete()).body).toEqual({ completed: false });
    await api.result(agent, "add");
    await reverted(agent, { toIndex: lastOplogIndex });
    expect((await complete()).body).toEqual({ completed: true });
    await reverted(agent, { toIndex: 1 });
    problemOf(await complete(), 404, "promise-not-found");
  });
});

describe("an agent that is busy", () => {
  test.each(["3s", "1h"])(
    "with a nap of %s: who waits for it is told, and what is pending goes on",
    async (duration) => {
      const agent = address();
      await api.result(agent, "add");
      await napping(agent, duration);
      const told = api.invoke(agent, "nap", { args: [duration], key: "nap" });
      const polled = api.get(`${agent}/invocations/nap?wait=30`);
      const next = api.invoke(agent, "add", { key: "next" });
      await until(
        async () => (await api.agent(agent)).pendingInvocations,
        (pending) => pending === 1,
      );
      await reverted(agent, { invocations: 1 });
      problemOf(await told, 409, "invocation-reverted");
      problemOf(await polled, 409, "invocation-reverted");
      expect((await next).body).toMatchObject({ status: "completed", result: 2 });
      expect(await api.agent(agent)).toMatchObject({ status: "idle", pendingInvocations: 0 });
      await site.crash();
      expect(await api.result(agent, "state")).toEqual({ count: 2 });
    },
  );

  test("in a fetch: the request is aborted, and its answer is nobody's", async () => {
    let aborted = false;
    const receiver = await openReceiver((_, response) => {
      response.on("close", () => {
        aborted = true;
      });
    });
    const agent = address();
    await api.result(agent, "add");
    const lost = api.invoke(agent, "post", { args: [receiver.url], key: "lost" });
    await until(
      () => receiver.received.length,
      (count) => count === 1,
    );
    await reverted(agent, { invocations: 1 });
    problemOf(await lost, 409, "invocation-reverted");
    await until(
      () => aborted,
      (isAborted) => isAborted,
    );
    expect(await api.result(agent, "state")).toEqual({ count: 1 });
    expect(receiver.received).toHaveLength(1);
    await receiver.close();
  });

  test("to between two calls of it: it goes on from there, and who waits for it gets its outcome", async () => {
    const receiver = await openReceiver(({ method }, response) => {
      if (method === "POST" && receiver.received.length > 1) response.end("second");
    });
    const agent = address();
    const outcome = api.invoke(agent, "twice", { args: [receiver.url], key: "twice" });
    await until(
      () => receiver.received.length,
      (count) => count === 1,
    );
    const drawn = (await api.oplog(agent)).find(({ kind }) => kind === "End") as EntryView;
    await reverted(agent, { toIndex: drawn.index });
    expect((await outcome).body).toMatchObject({ status: "completed", result: 1 });
    expect(await api.result(agent, "state")).toEqual({ count: 1, drawn: drawn["response"] });
    await receiver.close();
  });

  test("back into an invocation that had ended: it ends once more, and that is its outcome, over kill -9", async () => {
    const receiver = await openReceiver();
    const agent = address();
    await api.invoke(agent, "twice", { args: [receiver.url], key: "twice" });
    await api.result(agent, "add", 5);
    const drawn = await indexOf(agent, "End");
    await reverted(agent, { toIndex: drawn });
    const again = await api.get(`${agent}/invocations/twice?wait=30`);
    expect(again.body).toMatchObject({ status: "completed", result: 1 });
    const keys = receiver.received.map(({ headers }) => headers["idempotency-key"]);
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
    await site.crash();
    const later = await api.get(`${agent}/invocations/twice`);
    expect(later.body).toEqual(again.body);
    const listed = await api.get<{ invocations: InvocationView[] }>(`${agent}/invocations`);
    expect(listed.body.invocations).toEqual([again.body]);
    await receiver.close();
  });

  test("that waits for a promise is idle after it, and the promise is not known any more", async () => {
    const agent = address();
    await api.result(agent, "add");
    const asked = api.invoke(agent, "ask", { key: "ask" });
    const id = await until(
      async () => (await api.oplog(agent)).find(({ kind }) => kind === "End")?.["response"],
      (made) => made !== undefined,
    );
    await reverted(agent, { invocations: 1 });
    problemOf(await asked, 409, "invocation-reverted");
    const path = `${agent}/promises/${id as string}`;
    problemOf(await api.send("POST", path, { json: 1 }), 404, "promise-not-found");
    expect(await api.result(agent, "state")).toEqual({ count: 1 });
  });

  test("concurrent invocations beside a revert: each of them runs once or is told", async () => {
    const agent = address();
    await api.result(agent, "add");
    const calls = Array.from({ length: 20 }, (_, n) => api.invoke(agent, "add", { key: `k${n}` }));
    await reverted(agent, { toIndex: 1 });
    const answers = await Promise.all(calls);
    for (const { status: code, text } of answers) {
      expect([200, 409], text).toContain(code);
    }
    const kept = await api.get<{ invocations: InvocationView[] }>(`${agent}/invocations`);
    const state = (await api.result(agent, "state")) as { count: number };
    expect(state.count).toBe(kept.body.invocations.length);
  });
});

describe("an agent that is not well", () => {
  test("interrupted: it is idle in the state before the interrupted invocation", async () => {
    const agent = address();
    await api.result(agent, "add");
    await napping(agent, "1h");
    await api.send("POST", `${agent}/interrupt`);
    expect(await reverted(agent, { invocations: 1 })).toMatchObject({ status: "idle" });
    expect(await api.result(agent, "state")).toEqual({ count: 1 });
  });

  test("interrupted, to the start of that invocation: it goes on by itself, for it was never interrupted", async () => {
    const agent = address();
    await napping(agent, "3s");
    await api.send("POST", `${agent}/interrupt`);
    const { lastOplogIndex } = await api.agent(agent);
    problemOf(await revert(agent, { toIndex: lastOplogIndex }), 422, "invalid-cut");
    await reverted(agent, { toIndex: await indexOf(agent, "AgentInvocationStarted", -1) });
    const ended = await api.get(`${agent}/invocations/nap?wait=30`);
    expect(ended.body).toMatchObject({ status: "completed", result: 11 });
  });

  test("an agent whose initialization failed has nothing to take back", async () => {
    const component = fresh("stillborn");
    await api.upload(
      component,
      `import { Agent } from "perdure"; export class Still extends Agent { onCreate() { throw new Error("no"); } }`,
    );
    const agent = agentPath(component, "Still", "one");
    await api.send("PUT", agent);
    const problem = problemOf(await revert(agent, { toIndex: 1 }), 422, "invalid-cut");
    expect(problem.detail).toContain("There is no index that can be cut");
  });
});

test("the caller of another agent whose call is reverted gets invocation-reverted as its error", async () => {
  const component = fresh("callers");
  await api.upload(
    component,
    `
    import { Agent, agent, sleep } from "perdure";
    export class Boss extends Agent {
      async ask(key) { try { return await agent("Clerk", key).nap(); } catch (error) { return [error.name, error.code]; } }
    }
    export class Clerk extends Agent { async nap() { await sleep("1h"); } add() { return 1; } }`,
  );
  const [boss, clerk] = [agentPath(component, "Boss", "b"), agentPath(component, "Clerk", "c")];
  await api.result(clerk, "add");
  const asked = api.result(boss, "ask", "c");
  await status(clerk, "suspended");
  await reverted(clerk, { invocations: 1 });
  expect(await asked).toEqual(["AgentError", "invocation-reverted"]);
});
