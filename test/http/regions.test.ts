/** Atomic regions, sagas, writes that must not be repeated, and policies of retries. */
import { afterAll, describe, expect, test } from "vitest";
import type { InvocationView } from "../../src/core/api/views.ts";
import { openReceiver } from "./support/receiver.ts";
import { regionAgents } from "./support/region-agents.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, place } = site;

/** The first request to each of these is never answered. */
const held = new Set<string>();
/** The statuses with which a path answers first. */
const statuses = new Map<string, number[]>();
const receiver = await openReceiver(async ({ path }, response) => {
  if (held.delete(path)) return;
  if (path.endsWith("/slow")) await new Promise((resolve) => setTimeout(resolve, 100));
  response.statusCode = statuses.get(path)?.shift() ?? 200;
  response.end(response.statusCode === 200 ? "good" : "bad");
});
afterAll(() => receiver.close());

const sentUnder = (path: string) =>
  receiver.received.filter((request) => request.path.startsWith(`${path}/`));
const pathsUnder = (path: string) =>
  sentUnder(path).map((request) => request.path.slice(path.length));
const keysOf = (path: string) =>
  receiver.received
    .filter((request) => request.path === path)
    .map(({ headers }) => headers["idempotency-key"]);

/** Enqueues a call, kills the server once the held request is under way, and gives the outcome. */
async function killedAt(
  agent: string,
  method: string,
  { base, hold, args = [] }: { base: string; hold: string; args?: unknown[] },
): Promise<InvocationView> {
  held.add(hold);
  const sent = { args: [receiver.url + base, ...args], key: "k", query: "?mode=enqueue" };
  await api.invoke(agent, method, sent);
  await until(
    () => held.has(hold),
    (isHeld) => !isHeld,
  );
  await site.crash();
  return (await api.get<InvocationView>(`${agent}/invocations/k?wait=30`)).body;
}

const kindsOf = async (agent: string) => (await api.oplog(agent)).map(({ kind }) => kind);

describe("semantics 7: atomic regions", () => {
  test("killed inside: all of it is done again, under the same keys, and nothing before it", async () => {
    const { agent } = await place("Atomic", regionAgents);
    const ended = await killedAt(agent, "pair", { base: "/a", hold: "/a/second" });
    expect(ended).toMatchObject({ status: "completed", result: { log: ["first", "second"] } });
    expect(pathsUnder("/a")).toEqual([
      "/before",
      "/first",
      "/second",
      "/first",
      "/second",
      "/after",
    ]);
    for (const path of ["/a/first", "/a/second"]) expect(new Set(keysOf(path)).size).toBe(1);
    expect(new Set(sentUnder("/a").map(({ headers }) => headers["idempotency-key"])).size).toBe(4);
    const entries = await api.oplog(agent);
    const begin = entries.find(({ kind }) => kind === "BeginAtomicRegion")?.index ?? 0;
    const jump = entries.find(({ kind }) => kind === "Jump");
    expect(jump?.region).toEqual([begin + 1, jump?.index]);
    expect(entries.find(({ kind }) => kind === "EndAtomicRegion")).toMatchObject({ begin });
    const state = { ...(ended.result as object) };
    await site.crash();
    expect(await api.result(agent, "many", 7)).toBe(7);
    const { body } = await api.get<InvocationView>(`${agent}/invocations/k`);
    expect(body.result).toEqual(state);
    expect(pathsUnder("/a")).toHaveLength(6);
  });

  test("killed in the outer one of two: both are done again", async () => {
    const { agent } = await place("Atomic", regionAgents);
    const ended = await killedAt(agent, "nested", { base: "/n", hold: "/n/hold" });
    expect(ended).toMatchObject({ status: "completed", result: "done" });
    expect(pathsUnder("/n")).toEqual(["/outer", "/inner", "/hold", "/outer", "/inner", "/hold"]);
    for (const path of ["/n/outer", "/n/inner"]) expect(new Set(keysOf(path)).size).toBe(1);
    expect(keysOf("/n/outer")[0]).not.toBe(keysOf("/n/inner")[0]);
  });

  test.each([["ended"], ["fails"]])("killed after it %s: it is not done again", async (method) => {
    const { agent } = await place("Atomic", regionAgents);
    const base = `/e-${method}`;
    const ended = await killedAt(agent, method, { base, hold: `${base}/hold` });
    expect(ended.status).toBe("completed");
    expect(pathsUnder(base)).toEqual(["/inside", "/hold", "/hold"]);
    expect(await kindsOf(agent)).not.toContain("Jump");
  });

  test("one that ended while another was open is taken along by it", async () => {
    const { agent } = await place("Atomic", regionAgents);
    const ended = await killedAt(agent, "both", { base: "/b", hold: "/b/hold" });
    expect(ended).toMatchObject({ status: "completed", result: "done" });
    const keys = keysOf("/b/one");
    expect(keys).toHaveLength(4);
    expect(new Set(keys).size).toBe(2);
  });

  test("a long sleep inside takes the agent out of memory, and does not begin the region anew", async () => {
    const { agent } = await place("Atomic", regionAgents);
    const args = [`${receiver.url}/r`, "11s"];
    await api.invoke(agent, "rests", { args, key: "k", query: "?mode=enqueue" });
    await until(
      () => api.agent(agent),
      ({ status }) => status === "suspended",
    );
    await site.crash();
    const { body } = await api.get<InvocationView>(`${agent}/invocations/k?wait=30`);
    expect(body).toMatchObject({ status: "completed", result: ["slept"] });
    expect(pathsUnder("/r")).toEqual(["/before", "/hold"]);
    expect(await kindsOf(agent)).not.toContain("Jump");
  });
});

describe("sdk: saga", () => {
  test("compensations run in reverse order, one that fails is logged, then the error goes on", async () => {
    const { agent } = await place("Traveller", regionAgents);
    const answer = await api.invoke(agent, "book", { args: [`${receiver.url}/s`] });
    expect(answer.body).toMatchObject({ code: "no-seats" });
    expect(pathsUnder("/s")).toEqual(["/flight", "/hotel", "/cancel-hotel", "/cancel-flight"]);
    expect(sentUnder("/s").at(-1)?.body).toBe("good");
    const logs = (await api.oplog(agent)).filter(({ kind }) => kind === "Log");
    expect(logs).toMatchObject([
      { level: "error", message: "A compensation of a saga failed: RangeError: no refund" },
    ]);
  });

  test("one that succeeds compensates for nothing", async () => {
    const { agent } = await place("Traveller", regionAgents);
    expect(await api.result(agent, "book", `${receiver.url}/t`, false)).toBe("good");
    expect(pathsUnder("/t")).toEqual(["/flight", "/hotel"]);
  });

  test("killed in a compensation: it goes on there, and repeats nothing that had ended", async () => {
    const { agent } = await place("Traveller", regionAgents);
    const ended = await killedAt(agent, "book", { base: "/u", hold: "/u/cancel-flight" });
    expect(ended).toMatchObject({ status: "failed", error: { code: "no-seats" } });
    expect(pathsUnder("/u")).toEqual([
      "/flight",
      "/hotel",
      "/cancel-hotel",
      "/cancel-flight",
      "/cancel-flight",
    ]);
    expect(new Set(keysOf("/u/cancel-flight")).size).toBe(1);
  });

  test("an action that ends after the throw is compensated for as well", async () => {
    const { agent } = await place("Traveller", regionAgents);
    expect(await api.result(agent, "late", `${receiver.url}/l`)).toBe("at once");
    expect(pathsUnder("/l")).toEqual(["/slow", "/undo-slow"]);
  });
});

describe("sdk: withIdempotence(false)", () => {
  test("a write whose outcome is unknown after a crash rejects with outcome-unknown, recorded as its end", async () => {
    const { agent } = await place("Careful", regionAgents);
    const ended = await killedAt(agent, "pay", { base: "/w/pay", hold: "/w/pay" });
    expect(ended.result).toEqual(["AgentError", "outcome-unknown", true]);
    expect(keysOf("/w/pay")).toHaveLength(1);
    const ends = (await api.oplog(agent)).filter(({ kind }) => kind === "End");
    expect(ends).toMatchObject([{ error: { code: "outcome-unknown" } }]);
    await site.crash();
    expect(await api.result(agent, "pay", `${receiver.url}/w/more`)).toBe("good");
  });

  test("a read is asked again", async () => {
    const { agent } = await place("Careful", regionAgents);
    const ended = await killedAt(agent, "look", { base: "/w/look", hold: "/w/look" });
    expect(ended.result).toBe("good");
    expect(keysOf("/w/look")).toHaveLength(2);
  });

  test("a write that is still under way in the living host is waited for by the next instance", async () => {
    const { agent } = await place("Careful", regionAgents);
    const args = [`${receiver.url}/w/slow`];
    await api.invoke(agent, "pay", { args, key: "k", query: "?mode=enqueue" });
    await until(
      () => keysOf("/w/slow").length,
      (count) => count === 1,
    );
    await api.send("POST", `${agent}/interrupt`, { json: { recover: true } });
    const { body } = await api.get<InvocationView>(`${agent}/invocations/k?wait=30`);
    expect(body).toMatchObject({ status: "completed", result: "good" });
    expect(keysOf("/w/slow")).toHaveLength(1);
  });
});

describe("sdk: withRetry", () => {
  const quick = { attempts: 4, initialMs: 5, jitter: 0 };

  test.each([
    ["an answer that is named is tried again", { ...quick, on: [503] }, [503, 503], 200, 3],
    [
      "the last try's answer is the answer",
      { ...quick, attempts: 2, on: [503] },
      [503, 503],
      503,
      2,
    ],
    ["an answer that is not named is an answer", { ...quick, on: [503] }, [500], 500, 1],
    ["without names every answer is one", quick, [503], 503, 1],
  ])("%s", async (what, policy, first, status, times) => {
    const { agent } = await place("Careful", regionAgents);
    const path = `/v/${encodeURIComponent(what)}`;
    statuses.set(path, [...first]);
    const init = { method: "POST" };
    expect(await api.result(agent, "insist", receiver.url + path, policy, init)).toBe(status);
    expect(keysOf(path)).toHaveLength(times);
    expect(new Set(keysOf(path)).size).toBe(1);
    const starts = (await kindsOf(agent)).filter((kind) => kind === "Start");
    expect(starts).toHaveLength(1);
  });

  test("a write that must not be repeated is not, whatever the policy", async () => {
    const { agent } = await place("Careful", regionAgents);
    statuses.set("/v/once", [503]);
    expect(await api.result(agent, "once", `${receiver.url}/v/once`)).toBe(503);
    expect(keysOf("/v/once")).toHaveLength(1);
  });

  test.each([["own"], ["scope"]])(
    "a step that throws is run again by its policy (%s), as one call and under the same keys",
    async (how) => {
      const { agent } = await place("Careful", regionAgents);
      const path = `/v/step-${how}`;
      statuses.set(path, [500, 500]);
      expect(await api.result(agent, "stepped", receiver.url + path, how)).toBe("good");
      expect(keysOf(path)).toHaveLength(3);
      expect(new Set(keysOf(path)).size).toBe(1);
      const calls = (await kindsOf(agent)).filter((kind) => kind === "Start" || kind === "End");
      expect(calls).toEqual(["Start", "End"]);
    },
  );

  test("the last error of a step is its error; a step without a policy is run once", async () => {
    const { agent } = await place("Careful", regionAgents);
    statuses.set("/v/last", [500, 500, 500]);
    statuses.set("/v/plain", [500]);
    const last = await api.invoke(agent, "stepped", { args: [`${receiver.url}/v/last`, "own"] });
    expect(last.body).toMatchObject({ error: { name: "RangeError", message: "bad" } });
    expect(keysOf("/v/last")).toHaveLength(3);
    await api.invoke(agent, "stepped", { args: [`${receiver.url}/v/plain`, "none"] });
    expect(keysOf("/v/plain")).toHaveLength(1);
  });

  test("a policy that is none is a clear error", async () => {
    const { agent } = await place("Careful", regionAgents);
    const answer = await api.invoke(agent, "wrong");
    expect(answer.text).toContain("The policy of withRetry must have the form");
  });
});
