/** semantics 8: fork, in every status, and what of the source must not happen in the copy. */
import { beforeAll, describe, expect, test } from "vitest";
import type { AgentView, EntryView, InvocationView } from "../../src/core/api/views.ts";
import { agentPath, type Answer } from "./support/api.ts";
import { openReceiver } from "./support/receiver.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, fresh } = site;

const script = `
import { Agent, createPromise, sleep, step } from "perdure";
export class Counter extends Agent {
  static snapshots = "disabled";
  born = [Date.now(), Math.random(), this.key];
  keys = [];
  count = 0;
  add(by = 1) { this.keys.push(this.key); return (this.count += by); }
  state() { return { ...this }; }
  who() { return this.address; }
  environment() { return this.env; }
  async nap(duration) { this.count += 10; await step("nap", () => this.key); await sleep(duration); this.keys.push(this.key); return ++this.count; }
  async pay(url) {
    this.keys.push(this.key);
    await fetch(url + "/first", { method: "POST" });
    this.keys.push(this.key);
    await fetch(url + "/0");
    await fetch(url + "/second", { method: "POST" });
    this.keys.push(this.key);
    return ++this.count;
  }
  async ask() { const { id, wait } = createPromise(); this.id = id; return { id, got: await wait() }; }
  async poll(url) { const seen = []; for (let at = 0; at < 4; at++) seen.push(await (await fetch(url + "/" + at)).text()); this.seen = seen; return seen; }
}
export class Broken extends Agent {
  static snapshots = "disabled";
  onCreate() { throw new Error("never"); }
  isBorn() { return this.born; }
}
export class Slow extends Agent {
  async onCreate() { await sleep(1500); this.born = true; }
  isBorn() { return this.born; }
}
`;

beforeAll(async () => {
  await api.upload("copied", script);
});

function address(key = fresh("key"), type = "Counter"): string {
  return agentPath("copied", type, key);
}

function fork<Body = AgentView>(agent: string, json: unknown): Promise<Answer<Body>> {
  return api.send<Body>("POST", `${agent}/fork`, { json });
}

/** Forks to a fresh key; answers the path of the copy. */
async function forked(agent: string, atIndex?: number): Promise<string> {
  const key = fresh("copy");
  const copy = agent.replace(/[^/]+$/, encodeURIComponent(key));
  const answer = await fork(agent, { key, ...(atIndex === undefined ? {} : { atIndex }) });
  expect([answer.status, answer.text.slice(0, 500)]).toEqual([201, expect.any(String)]);
  expect(answer.headers.get("location")).toBe(copy);
  return copy;
}

function outlineOf(entries: readonly EntryView[]) {
  return entries.map(({ index, kind, at }) => [index, kind, at]);
}

function reaches(agent: string, name: AgentView["status"]): Promise<AgentView> {
  return until(
    () => api.agent(agent),
    (shown) => shown.status === name,
  );
}

function enqueue(agent: string, method: string, key: string, ...args: unknown[]) {
  return api.invoke(agent, method, { args, key, query: "?mode=enqueue" });
}

async function indexOf(agent: string, kind: string): Promise<number> {
  const entries = await api.oplog(agent);
  return entries.find((entry) => entry.kind === kind)?.index ?? 0;
}

function state(agent: string): Promise<Record<string, unknown>> {
  return api.result(agent, "state") as Promise<Record<string, unknown>>;
}

/** Requests with a number for their path wait until `open`; all others are answered at once. */
async function openGates() {
  let held: (() => void)[] = [];
  const receiver = await openReceiver(async ({ path }, response) => {
    if (/^\/\d$/.test(path)) await new Promise<void>((resolve) => held.push(resolve));
    response.end(path.slice(1));
  });
  return {
    url: receiver.url,
    received: receiver.received,
    paths: () => receiver.received.map(({ path }) => path),
    waiting: () => held.length,
    open() {
      const opened = held;
      held = [];
      for (const go of opened) go();
    },
    close: () => receiver.close(),
  };
}

describe("semantics 8: fork", () => {
  test("the copy has the history of its source, its state, and an incarnation of its own", async () => {
    const source = address();
    await api.result(source, "add", 2);
    await api.result(source, "add", 3);
    const before = await api.oplog(source);
    const copy = await forked(source);
    const agent = await api.agent(copy);
    expect(agent).toMatchObject({ status: "idle", lastOplogIndex: before.length });
    expect(agent.incarnation).not.toBe((await api.agent(source)).incarnation);
    expect(outlineOf(await api.oplog(copy))).toEqual(outlineOf(before));
    expect((await api.oplog(copy))[0]).toMatchObject({
      key: agent.key,
      parent: decodeURIComponent(source.slice("/v1/agents/".length)),
    });
    expect((await state(copy))["count"]).toBe(5);
    expect(await api.oplog(source)).toEqual(before);
  });

  test("the two go on by themselves, and each sees its own key from the cut on", async () => {
    const source = address();
    await api.result(source, "add");
    const copy = await forked(source);
    await api.result(copy, "add", 10);
    await api.result(source, "add");
    const { key } = await api.agent(source);
    const { key: copied } = await api.agent(copy);
    await api.send("POST", `${copy}/interrupt`, { json: { recover: true } });
    const [left, right] = [await state(source), await state(copy)];
    expect([left["count"], right["count"]]).toEqual([2, 11]);
    expect([left["keys"], right["keys"]]).toEqual([
      [key, key],
      [key, copied],
    ]);
    expect(right["born"]).toEqual(left["born"]);
    expect(await api.result(copy, "who")).toBe(`copied/Counter/${copied}`);
  });

  test("at an early index the copy has exactly the invocations up to there", async () => {
    const source = address();
    await api.invoke(source, "add", { args: [1], key: "one" });
    const cut = (await api.agent(source)).lastOplogIndex;
    await api.invoke(source, "add", { args: [1], key: "two" });
    const copy = await forked(source, cut);
    expect((await api.agent(copy)).lastOplogIndex).toBe(cut);
    const { body } = await api.get<InvocationView>(`${copy}/invocations/one`);
    expect(body.result).toBe(1);
    expect((await api.get(`${copy}/invocations/two`)).status).toBe(404);
    expect((await api.invoke(copy, "add", { args: [1], key: "one" })).body.result).toBe(1);
    expect((await state(copy))["count"]).toBe(1);
  });

  test("of an interrupted agent it goes on, and the source stays as it was", async () => {
    const source = address();
    await enqueue(source, "nap", "nap", "1h");
    await reaches(source, "suspended");
    await api.send("POST", `${source}/interrupt`);
    const before = await api.agent(source);
    expect(before.status).toBe("interrupted");
    const copy = await forked(source);
    expect((await reaches(copy, "suspended")).nextWakeAt).toBeDefined();
    expect(await api.agent(source)).toEqual(before);
  });

  test("of a sleeping agent it sleeps on, and wakes when its source does", async () => {
    const source = address();
    await enqueue(source, "nap", "nap", "11s");
    const { nextWakeAt } = await reaches(source, "suspended");
    const copy = await forked(source);
    expect((await reaches(copy, "suspended")).nextWakeAt).toBe(nextWakeAt);
    const { body } = await api.get<InvocationView>(`${copy}/invocations/nap?wait=30`);
    expect(body.result).toBe(11);
  });

  test("of a failed agent it tries again with a fresh budget; the source stays failed", async () => {
    let isWell = true;
    const receiver = await openReceiver((_, response) => {
      response.statusCode = isWell ? 200 : 500;
      response.end();
    });
    const hooked = (revision: number) => `
      import { Agent } from "perdure";
      export class Hooked extends Agent {
        count = 0;
        add() { return (this.count += ${revision}); }
        async loadSnapshot({ count }) {
          if (!(await fetch("${receiver.url}")).ok) throw new Error("it does not load");
          this.count = count;
        }
      }`;
    await api.upload("hooked", hooked(1));
    await api.upload("hooked", hooked(2));
    const source = agentPath("hooked", "Hooked", "one");
    await api.send("PUT", source, { json: { revision: 1 } });
    await api.result(source, "add");
    await api.send("POST", `${source}/update`, { json: { revision: 2, mode: "manual" } });
    await until(
      () => api.updates(source),
      ({ successful }) => successful.length === 1,
    );
    isWell = false;
    await api.send("POST", `${source}/interrupt`, { json: { recover: true } });
    void enqueue(source, "add", "second");
    await reaches(source, "failed");
    isWell = true;
    expect((await fork(source, { key: "two" })).status).toBe(201);
    const copy = agentPath("hooked", "Hooked", "two");
    expect(await api.result(copy, "add")).toBe(3);
    expect((await api.agent(copy)).lastError).toBeUndefined();
    expect((await api.agent(source)).status).toBe("failed");
    await receiver.close();
  });

  test("an initialization that is under way goes on in the copy", async () => {
    const source = address(fresh("key"), "Slow");
    const created = api.send("PUT", source);
    await until(
      () => api.oplog(source),
      (entries) => entries.some(({ call }) => call === "sleep"),
    );
    const copy = await forked(source);
    for (const agent of [copy, source]) expect(await api.result(agent, "isBorn")).toBe(true);
    expect((await created).status).toBe(201);
  });

  test("of an agent whose initialization has failed it tries that again; an update heals the copy alone", async () => {
    const source = address(fresh("key"), "Broken");
    await api.send("PUT", source, { json: { revision: 1 } });
    const copy = await forked(source);
    expect((await reaches(copy, "failed")).lastError).toMatchObject({ message: "never" });
    await api.upload("copied", script.replace('throw new Error("never")', "this.born = true"));
    const json = { revision: "latest", mode: "automatic" };
    await api.send("POST", `${copy}/update`, { json });
    await reaches(copy, "idle");
    expect(await api.result(copy, "isBorn")).toBe(true);
    expect((await api.agent(source)).status).toBe("failed");
  });

  test("what waits in the source is cancelled in the copy, updates and schedules are ended as forked", async () => {
    const gated = await openGates();
    const source = address();
    await enqueue(source, "poll", "poll", gated.url);
    await until(gated.waiting, (count) => count === 1);
    await enqueue(source, "add", "pending");
    await api.invoke(source, "add", { key: "later", query: "?delay=1h" });
    await api.send("POST", `${source}/schedules`, { json: { cron: "@daily", method: "add" } });
    await api.upload("copied", `${script}\n// two`);
    await api.send("POST", `${source}/update`, { json: { revision: "latest", mode: "manual" } });
    const copy = await forked(source);
    await until(gated.waiting, (count) => count === 2);
    const [there, here] = [await api.agent(source), await api.agent(copy)];
    expect([there.pendingInvocations, here.pendingInvocations]).toEqual([1, 0]);
    expect([there.updates.pending.length, here.updates.pending.length]).toEqual([1, 0]);
    expect(here.updates.failed).toMatchObject([{ mode: "manual", detail: "forked" }]);
    for (const key of ["pending", "later"]) {
      const { body } = await api.get<InvocationView>(`${copy}/invocations/${key}`);
      expect(body.status).toBe("cancelled");
    }
    const schedules = await api.get<{ schedules: unknown[] }>(`${copy}/schedules`);
    expect(schedules.body.schedules).toEqual([]);
    expect(here.nextWakeAt).toBeUndefined();
    await gated.close();
  });

  test("a running poller and its copy finish independently", async () => {
    const gated = await openGates();
    const source = address();
    await enqueue(source, "poll", "poll", gated.url);
    await until(gated.waiting, (count) => count === 1);
    gated.open();
    await until(gated.waiting, (count) => count === 1);
    const copy = await forked(source);
    for (let left = 3; left > 0; left--) {
      await until(gated.waiting, (count) => count === 2);
      gated.open();
    }
    for (const agent of [source, copy]) {
      const { body } = await api.get<InvocationView>(`${agent}/invocations/poll?wait=30`);
      expect(body.result).toEqual(["0", "1", "2", "3"]);
    }
    expect(gated.paths().toSorted()).toEqual(["/0", "/1", "/1", "/2", "/2", "/3", "/3"]);
    await gated.close();
  });

  test("writes of the copy carry keys of their own after the cut, in the same invocation too", async () => {
    const gated = await openGates();
    const source = address();
    const paid = api.invoke(source, "pay", { args: [gated.url] });
    await until(gated.waiting, (count) => count === 1);
    const copy = await forked(source);
    await until(gated.waiting, (count) => count === 2);
    gated.open();
    expect((await paid).body.result).toBe(1);
    await reaches(copy, "idle");
    const keysOf = (path: string) =>
      gated.received
        .filter((request) => request.path === path)
        .map(({ headers }) => headers["idempotency-key"]);
    expect(keysOf("/first")).toHaveLength(1);
    expect(new Set(keysOf("/second")).size).toBe(2);
    await api.send("POST", `${copy}/interrupt`, { json: { recover: true } });
    const { key } = await api.agent(source);
    const { key: copied } = await api.agent(copy);
    expect((await state(copy))["keys"]).toEqual([key, key, copied]);
    const again = await forked(copy);
    await api.result(again, "add");
    await api.send("POST", `${again}/interrupt`, { json: { recover: true } });
    const { key: last } = await api.agent(again);
    expect((await state(again))["keys"]).toEqual([key, key, copied, last]);
    expect(keysOf("/second")).toHaveLength(2);
    await gated.close();
  });

  test("a promise that the source waits for is another one in the copy", async () => {
    const source = address();
    await enqueue(source, "ask", "ask");
    await until(
      () => api.oplog(source),
      (entries) => entries.length > 4,
    );
    const created = await indexOf(source, "End");
    const copy = await forked(source, created);
    const end = (await api.oplog(copy)).find(({ kind }) => kind === "End");
    const id = end?.["response"] as string;
    const complete = (agent: string, value: string) =>
      api.send("POST", `${agent}/promises/${id}`, { json: value });
    expect((await complete(copy, "copied")).body).toEqual({ completed: true });
    const answer = await api.get<InvocationView>(`${copy}/invocations/ask?wait=30`);
    expect(answer.body.result).toEqual({ id, got: "copied" });
    expect((await complete(source, "kept")).body).toEqual({ completed: true });
    const other = await api.get<InvocationView>(`${source}/invocations/ask?wait=30`);
    expect(other.body.result).toEqual({ id, got: "kept" });
  });

  test("of an agent that was created with params and env, the copy has them", async () => {
    const source = address();
    await api.send("PUT", source, { json: { params: { a: 1 }, env: { REGION: "eu" } } });
    const copy = await forked(source);
    expect(await api.agent(copy)).toMatchObject({ params: { a: 1 }, env: { REGION: "eu" } });
    expect(await api.result(copy, "environment")).toEqual({ REGION: "eu" });
  });
});
