/** `RetryableError`: an invocation that begins anew, in the state before it. */
import { afterAll, describe, expect, test } from "vitest";
import type { EntryView, InvocationView, JsonValue } from "../../src/core/api/views.ts";
import { openReceiver } from "./support/receiver.ts";
import { regionAgents } from "./support/region-agents.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, place } = site;
const receiver = await openReceiver();
afterAll(() => receiver.close());

const keysOf = (path: string) =>
  receiver.received
    .filter((request) => request.path === path)
    .map(({ headers }) => headers["idempotency-key"]);

const kinds = (entries: readonly EntryView[]) =>
  entries.map(({ kind }) => kind).filter((kind) => kind === "Error" || kind === "Jump");

const show = async (agent: string, key: string): Promise<InvocationView> =>
  (await api.get<InvocationView>(`${agent}/invocations/${key}?wait=30`)).body;

/** Waits until an agent has failed that many tries. */
function untilTried(agent: string, times: number): Promise<unknown> {
  return until(
    async () => kinds(await api.oplog(agent)).filter((kind) => kind === "Error").length,
    (count) => count >= times,
  );
}

describe("semantics 3.6: RetryableError", () => {
  test("the method begins anew in the state before it; who waits learns the outcome only", async () => {
    const { agent } = await place("Again", regionAgents);
    await api.result(agent, "add", "before");
    const result = await api.result(agent, "flaky", `${receiver.url}/flaky`, 3);
    expect(result).toMatchObject({ attempt: 3, log: ["before", "try 3"], answer: "ok" });
    const entries = await api.oplog(agent);
    expect(kinds(entries)).toEqual(["Error", "Jump", "Error", "Jump"]);
    expect(entries.filter(({ kind }) => kind === "AgentInvocationFinished")).toHaveLength(2);
    expect(await api.agent(agent)).toMatchObject({ status: "idle" });
  });

  test("each try is an Error with its number and the time of the next; the jump goes from after the start to itself", async () => {
    const { agent } = await place("Again", regionAgents);
    await api.result(agent, "flaky", `${receiver.url}/numbers`, 3);
    const entries = await api.oplog(agent);
    const started = entries.find(({ kind }) => kind === "AgentInvocationStarted")?.index ?? 0;
    const errors = entries.filter(({ kind }) => kind === "Error");
    expect(errors).toMatchObject([
      { attempt: 1, retryFrom: started, error: { name: "RetryableError", message: "not yet" } },
      { attempt: 2, retryFrom: started },
    ]);
    for (const { at, retryAt } of errors) {
      expect(Date.parse(retryAt as string) - Date.parse(at)).toBe(20);
    }
    const jumps = entries.filter(({ kind }) => kind === "Jump");
    expect(jumps.map(({ region }) => region)).toEqual(
      jumps.map(({ index }) => [started + 1, index]),
    );
  });

  test("keys and chance derived in it count from its beginning and repeat", async () => {
    const { agent } = await place("Again", regionAgents);
    await api.result(agent, "flaky", `${receiver.url}/repeats`, 3);
    const keys = keysOf("/repeats");
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    const sent = receiver.received.filter(({ path }) => path === "/repeats");
    expect(new Set(sent.map(({ body }) => body)).size).toBe(1);
  });

  test("a try begins at the time at which it was let go back, live and in replay", async () => {
    const { agent } = await place("Again", regionAgents);
    const time = Number(await api.result(agent, "clock"));
    await site.crash();
    await api.result(agent, "add", "replayed");
    const entries = await api.oplog(agent);
    const at = (kind: string) => Date.parse(entries.find((entry) => entry.kind === kind)?.at ?? "");
    expect(time).toBe(at("Jump"));
    expect(time - at("AgentInvocationStarted")).toBeGreaterThanOrEqual(61);
  });

  test("used up: the invocation fails with that error, and the agent stays usable, in the state at the throw", async () => {
    const { agent } = await place("Again", regionAgents);
    const answer = await api.invoke(agent, "hopeless");
    expect(answer).toMatchObject({
      status: 500,
      body: { code: "invocation-failed", error: { name: "RetryableError", message: "never" } },
    });
    expect(kinds(await api.oplog(agent))).toEqual(["Error", "Jump"]);
    expect(await api.result(agent, "add", "after")).toEqual(["try 2", "after"]);
    await site.crash();
    expect(await api.result(agent, "add", "again")).toEqual(["try 2", "after", "again"]);
  });

  test("afterMs says when, also when it comes out of a step; the agent is retrying until then", async () => {
    const { agent } = await place("Again", regionAgents);
    await api.invoke(agent, "patient", { args: [3_600_000, 2], key: "k", query: "?mode=enqueue" });
    const seen = await until(
      () => api.agent(agent),
      ({ status }) => status === "retrying",
    );
    expect(Date.parse(seen.nextWakeAt ?? "")).toBeGreaterThan(Date.now() + 3_500_000);
    expect(seen.lastError).toMatchObject({ name: "RetryableError", message: "in a step" });
    expect((await api.send("POST", `${agent}/resume`)).status).toBe(202);
    expect(await show(agent, "k")).toMatchObject({ status: "completed", result: 2 });
    expect(await api.result(agent, "add", "x")).toEqual(["try 2", "x"]);
  });

  test("what other callers ask for meanwhile waits its turn", async () => {
    const { agent } = await place("Again", regionAgents);
    await api.result(agent, "add", "first");
    const patient = api.result(agent, "patient", 700, 2);
    await untilTried(agent, 1);
    const added = await api.result(agent, "add", "later");
    expect(await patient).toBe(2);
    expect(added).toEqual(["first", "try 2", "later"]);
  });

  test("what a failed try left open is cancelled", async () => {
    const { agent } = await place("Again", regionAgents);
    expect(await api.result(agent, "drops")).toBe("done");
  });

  test("a restart does not refill the budget, and replay sees each try's number again", async () => {
    const { agent } = await place("Again", regionAgents);
    await api.invoke(agent, "patient", { args: [2500, 9], key: "k", query: "?mode=enqueue" });
    await untilTried(agent, 1);
    await site.crash();
    await untilTried(agent, 2);
    await site.crash();
    expect(await show(agent, "k")).toMatchObject({
      status: "failed",
      error: { name: "RetryableError", message: "in a step" },
    });
    const entries = await api.oplog(agent);
    expect(kinds(entries)).toEqual(["Error", "Jump", "Error", "Jump"]);
    const log = await api.result(agent, "add", "end");
    expect(log).toEqual(["try 3", "end"]);
    await site.crash();
    expect(await api.result(agent, "add", "replayed")).toEqual([
      ...(log as JsonValue[]),
      "replayed",
    ]);
  });
});

test("a retry policy that is none is refused at upload", async () => {
  const script = `import { Agent } from "perdure";
    export class Bad extends Agent { static methods = { run: { retry: { attempts: 0 } } }; run() {} }`;
  const headers = { "content-type": "text/javascript" };
  const path = `/v1/components/${site.fresh()}/revisions`;
  const answer = await api.send("POST", path, { body: script, headers });
  expect(answer).toMatchObject({ status: 422, body: { code: "invalid-component" } });
  expect(answer.text).toContain("static methods.run.retry of Bad");
});
