/** Calls that are tried again while the method waits: which, how often, and that a restart does not refill the budget. */
import { afterAll, describe, expect, test } from "vitest";
import type { EntryView, InvocationView } from "../../src/core/api/views.ts";
import { openReceiver, type Respond } from "./support/receiver.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, place } = site;

const arrivals = new Map<string, number[]>();
const arrivedAt = (path: string): readonly number[] => arrivals.get(path) ?? [];

/** `/broken/2/…` breaks the first two connections, `/half/…` in the middle of the answer, `/503/…` answers so. */
let openGate = (): void => {};
const gate = new Promise<void>((resolve) => {
  openGate = resolve;
});

const respond: Respond = async ({ path }, response) => {
  if (path === "/gate") await gate;
  const times = [...arrivedAt(path), Date.now()];
  arrivals.set(path, times);
  const [, kind, bad = "0"] = path.split("/");
  if (times.length > Number(bad)) response.end(`try ${times.length}`);
  else if (kind === "broken") response.destroy();
  else if (kind === "half") {
    response.writeHead(200, { "content-length": "100" });
    response.write("the first half", () => response.destroy());
  } else response.writeHead(503).end("busy");
};
const receiver = await openReceiver(respond);
afterAll(() => receiver.close());

const code = `
  import { Agent, sleep, step, withIdempotence, withRetry } from "perdure";
  const text = async (...given) => (await fetch(...given)).text();
  const caught = (promise) => promise.catch(({ name }) => name);
  const quick = { attempts: 3, initialMs: 20, factor: 1, jitter: 0 };
  export class Caller extends Agent {
    get(url) { return caught(withRetry(quick, () => text(url))); }
    post(url, headers = {}) { return caught(withRetry(quick, () => text(url, { method: "POST", body: "x", headers }))); }
    put(url) { return caught(withIdempotence(false, () => withRetry(quick, () => text(url, { method: "PUT", body: "x" })))); }
    plain(url) { return caught(text(url)); }
    on(url, policy = quick) { return withRetry({ ...policy, on: [503] }, async () => { const answer = await fetch(url); return [answer.status, await answer.text()]; }); }
    steps(url, policy = quick) { return caught(step("send", async () => { const answer = await fetch(url); if (!answer.ok) throw new RangeError("busy"); return answer.text(); }, { retry: policy })); }
    inline(policy = quick) { return caught(step("inline", () => { throw new RangeError("no"); }, { retry: policy })); }
    slow(url, policy) { return caught(withRetry(policy, () => text(url))); }
    async leave(busy, broken, gate) {
      const later = { ...quick, initialMs: 3000 };
      void this.steps(busy, later);
      void this.slow(broken, later);
      await fetch(gate);
      return "left";
    }
    async wait(ms) { await sleep(ms); return "waited"; }
    hello() { return "hello"; }
  }`;

const errorsOf = (entries: readonly EntryView[]) => entries.filter(({ kind }) => kind === "Error");

async function untilTried(agent: string, times: number): Promise<readonly EntryView[]> {
  const entries = await until(
    () => api.oplog(agent),
    (seen) => errorsOf(seen).length >= times,
  );
  return errorsOf(entries);
}

const show = async (agent: string, key: string): Promise<InvocationView> =>
  (await api.get<InvocationView>(`${agent}/invocations/${key}?wait=30`)).body;

describe("sdk: fetch is tried again when repeating it is safe", () => {
  test.each([
    ["get", "/broken/2/get"],
    ["get", "/half/2/get"],
    ["post", "/broken/2/post"],
    ["post", "/half/2/post"],
    ["plain", "/broken/2/plain"],
  ])("%s %s: twice in vain, then answered", async (method, path) => {
    const { agent } = await place("Caller", code);
    expect(await api.result(agent, method, receiver.url + path)).toBe("try 3");
    const keys = receiver.received
      .filter((request) => request.path === path)
      .map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
  });

  test("each failed try that is repeated is an Error with the Start that it belongs to", async () => {
    const { agent } = await place("Caller", code);
    await api.result(agent, "get", `${receiver.url}/half/2/entries`);
    const entries = await api.oplog(agent);
    const start = entries.find(({ kind }) => kind === "Start")?.index;
    expect(errorsOf(entries)).toMatchObject([
      { retryFrom: start, attempt: 1, error: { name: "TypeError" } },
      { retryFrom: start, attempt: 2 },
    ]);
    for (const { at, retryAt } of errorsOf(entries)) {
      expect(Date.parse(retryAt as string) - Date.parse(at)).toBe(20);
    }
    expect(entries.filter(({ kind }) => kind === "End")).toHaveLength(1);
  });

  test.each([
    ["get", "/broken/9/used-up", 3],
    ["get", "/half/9/used-up", 3],
    ["put", "/half/9/once", 1],
  ])(
    "%s %s: rejects with a TypeError after its tries, and the agent stays usable",
    async (method, path, tries) => {
      const { agent } = await place("Caller", code);
      expect(await api.result(agent, method, receiver.url + path)).toBe("TypeError");
      expect(arrivedAt(path)).toHaveLength(tries);
      expect(errorsOf(await api.oplog(agent))).toHaveLength(tries - 1);
      expect(await api.result(agent, "hello")).toBe("hello");
    },
  );

  test("nobody listens: tried again, then a TypeError", async () => {
    const { agent } = await place("Caller", code);
    expect(await api.result(agent, "get", "http://127.0.0.1:1/")).toBe("TypeError");
    expect(errorsOf(await api.oplog(agent))).toHaveLength(2);
  });

  test("withRetry({ on }) repeats answers of these statuses; the last one is the answer", async () => {
    const { agent } = await place("Caller", code);
    expect(await api.result(agent, "on", `${receiver.url}/503/2/on`)).toEqual([200, "try 3"]);
    expect(await api.result(agent, "on", `${receiver.url}/503/9/on`)).toEqual([503, "busy"]);
    expect(arrivedAt("/503/9/on")).toHaveLength(3);
    expect(errorsOf(await api.oplog(agent))).toHaveLength(4);
  });

  test("a step with a policy is one Start and one End, with an Error for each failed try between", async () => {
    const { agent } = await place("Caller", code);
    expect(await api.result(agent, "steps", `${receiver.url}/503/2/step`)).toBe("try 3");
    expect(await api.result(agent, "inline")).toBe("RangeError");
    const kinds = (await api.oplog(agent)).map(({ kind }) => kind);
    const ofCalls = kinds.filter((kind) => ["Start", "End", "Error"].includes(kind));
    expect(ofCalls).toEqual(["Start", "Error", "Error", "End", "Start", "Error", "Error", "End"]);
    await api.send("POST", `${agent}/interrupt`, { json: { recover: true } });
    expect(await api.result(agent, "get", `${receiver.url}/503/0/replayed`)).toBe("try 1");
  });
});

describe("the agent in the meantime", () => {
  test("a method that does not wait for its calls ends them: nothing is tried or written after it", async () => {
    const { agent } = await place("Caller", code);
    const urls = ["/503/9/left", "/broken/9/left", "/gate"].map((path) => receiver.url + path);
    await api.invoke(agent, "leave", { args: urls, key: "k", query: "?mode=enqueue" });
    await untilTried(agent, 2);
    openGate();
    expect(await show(agent, "k")).toMatchObject({ status: "completed", result: "left" });
    const before = await api.oplog(agent);
    const next = Math.max(...errorsOf(before).map(({ retryAt }) => Date.parse(retryAt as string)));
    expect(await api.result(agent, "wait", next - Date.now() + 100)).toBe("waited");
    expect(errorsOf(await api.oplog(agent))).toEqual(errorsOf(before));
    expect(await api.agent(agent)).toMatchObject({ status: "idle" });
    expect(
      [arrivedAt("/503/9/left"), arrivedAt("/broken/9/left")].map(({ length }) => length),
    ).toEqual([1, 1]);
    await api.send("POST", `${agent}/interrupt`, { json: { recover: true } });
    expect(await api.result(agent, "hello")).toBe("hello");
  });

  test("is running, without an error; interrupted it tries nothing, resumed it goes on counting", async () => {
    const { agent } = await place("Caller", code);
    const path = "/broken/9/interrupted";
    const policy = { attempts: 3, initialMs: 1000, factor: 1, jitter: 0 };
    await api.invoke(agent, "slow", {
      args: [receiver.url + path, policy],
      key: "k",
      query: "?mode=enqueue",
    });
    const [error] = await untilTried(agent, 1);
    const seen = await api.agent(agent);
    expect(seen.status).toBe("running");
    expect(seen.lastError).toBeUndefined();
    await api.send("POST", `${agent}/interrupt`);
    await until(
      () => Date.now(),
      (now) => now > Date.parse(error?.["retryAt"] as string) + 300,
    );
    expect(arrivedAt(path)).toHaveLength(1);
    await api.send("POST", `${agent}/resume`);
    expect(await show(agent, "k")).toMatchObject({ status: "completed", result: "TypeError" });
    expect(arrivedAt(path)).toHaveLength(3);
  });
});

describe("kill -9 while a call is tried again", () => {
  const policy = { attempts: 4, initialMs: 1500, factor: 1, jitter: 0 };

  test.each([
    ["slow", "/broken/9/killed", "TypeError"],
    ["on", "/503/9/killed", [503, "busy"]],
    ["steps", "/503/8/killed", "RangeError"],
  ])(
    "%s: the budget is not refilled, and the next try is not before its time",
    async (method, path, result) => {
      const { agent } = await place("Caller", code);
      const args = [receiver.url + path, policy];
      await api.invoke(agent, method, { args, key: "k", query: "?mode=enqueue" });
      await untilTried(agent, 1);
      await site.crash();
      await untilTried(agent, 2);
      await site.crash();
      expect(await show(agent, "k")).toMatchObject({ status: "completed", result });
      expect(arrivedAt(path)).toHaveLength(4);
      const errors = errorsOf(await api.oplog(agent));
      expect(errors.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      errors.forEach(({ retryAt }, at) => {
        expect(arrivedAt(path)[at + 1]).toBeGreaterThanOrEqual(Date.parse(retryAt as string));
      });
    },
  );
});
