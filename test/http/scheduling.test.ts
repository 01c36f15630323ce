/** Invocations of later, and of the same key again: each runs once, when it is due, also over kill -9. */
import { describe, expect, test } from "vitest";
import type { InvocationView } from "../../src/core/api/views.ts";
import { agentPath } from "./support/api.ts";
import { iso } from "./support/matchers.ts";
import { problemOf } from "./support/problem.ts";
import { openSite } from "./support/site.ts";
import { workerAgent } from "./support/worker-agent.ts";

const site = await openSite();
const { api, fresh } = site;

await api.upload("crew", workerAgent);

const worker = (): string => agentPath("crew", "Worker", fresh("key"));
const show = (agent: string, key: string, query = "") =>
  api.get<InvocationView>(`${agent}/invocations/${encodeURIComponent(key)}${query}`);

describe("scheduling", () => {
  test.each(["delay=1h", "delay=90m", "delay=PT1H30M", "delay=3600000", "delay=2d"])(
    "?%s: 202, scheduled, Location; it does not count as pending",
    async (query) => {
      const agent = worker();
      const before = Date.now();
      const answer = await api.invoke(agent, "note", { args: ["a"], key: "k", query: `?${query}` });
      expect([answer.status, answer.headers.get("location")]).toEqual([
        202,
        `${agent}/invocations/k`,
      ]);
      expect(answer.body).toEqual({
        idempotencyKey: "k",
        method: "note",
        status: "scheduled",
        acceptedAt: iso,
        scheduledFor: iso,
      });
      const due = Date.parse(answer.body.scheduledFor ?? "");
      expect(due).toBeGreaterThan(before + 3_500_000);
      const seen = await api.agent(agent);
      expect(seen).toMatchObject({ status: "idle", pendingInvocations: 0 });
      expect(seen).toHaveProperty("nextWakeAt", answer.body.scheduledFor);
      expect((await show(agent, "k")).body).toEqual(answer.body);
      expect(await api.result(agent, "note", "b")).toBe(1);
    },
  );

  test.each([
    ["an ISO time", "2020-01-02T03:04:05.678Z", "2020-01-02T03:04:05.678Z"],
    ["an offset", "2020-01-02T03:04:05%2B01:00", "2020-01-02T02:04:05.000Z"],
    ["epoch milliseconds", "1577934245678", "2020-01-02T03:04:05.678Z"],
  ])("at a time in the past is pending and due at once: %s", async (_, at, scheduledFor) => {
    const agent = worker();
    const answer = await api.invoke(agent, "note", { args: ["a"], key: "k", query: `?at=${at}` });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ status: "pending", scheduledFor });
    expect((await show(agent, "k", "?wait=30")).body).toMatchObject({
      status: "completed",
      scheduledFor,
      result: 1,
    });
  });

  test("it runs when it is due, and not before, without a request", async () => {
    const agent = worker();
    const answer = await api.invoke(agent, "note", { args: ["a"], key: "k", query: "?delay=600" });
    const { body } = await show(agent, "k", "?wait=30");
    expect(body).toMatchObject({
      status: "completed",
      result: 1,
      scheduledFor: answer.body.scheduledFor,
    });
    expect(Date.parse(body.startedAt ?? "")).toBeGreaterThanOrEqual(
      Date.parse(body.scheduledFor ?? ""),
    );
  });

  test("several run in the order of their times", async () => {
    const agent = worker();
    const base = Date.now() + 500;
    for (const [word, offset] of [
      ["c", 3],
      ["a", 1],
      ["b", 2],
    ] as const) {
      await api.invoke(agent, "note", { args: [word], key: word, query: `?at=${base + offset}` });
    }
    await show(agent, "c", "?wait=30");
    expect(await api.result(agent, "list")).toEqual(["a", "b", "c"]);
  });

  test("survives kill -9, and runs after the restart without a request to the agent", async () => {
    const agent = worker();
    await api.invoke(agent, "note", { args: ["a"], key: "k", query: "?delay=1500" });
    await site.crash();
    const { body } = await show(agent, "k", "?wait=30");
    expect(body).toMatchObject({ status: "completed", result: 1 });
  });
});

describe("the same Idempotency-Key", () => {
  test("two awaiting at once run it once, and get the same outcome", async () => {
    const agent = worker();
    const call = { args: ["a", 150], key: "k" };
    const answers = await Promise.all([1, 2, 3, 4].map(() => api.invoke(agent, "slow", call)));
    for (const answer of answers) {
      expect([answer.status, answer.body]).toEqual([200, answers[0]?.body]);
    }
    expect(await api.result(agent, "list")).toEqual(["a"]);
  });

  test("two at once get the same failure", async () => {
    const agent = worker();
    const call = { args: [{ status: 409, code: "taken" }], key: "k" };
    const answers = await Promise.all([1, 2, 3].map(() => api.invoke(agent, "fail", call)));
    const problems = answers.map((answer) => problemOf(answer, 409, "taken").invocation);
    expect(new Set(problems.map((invocation) => JSON.stringify(invocation))).size).toBe(1);
    expect(await api.result(agent, "list")).toEqual(["failed"]);
  });

  test("awaiting what is enqueued or running attaches to it; enqueueing again shows it", async () => {
    const agent = worker();
    const call = { args: ["a", 300], key: "k" };
    await api.invoke(agent, "slow", { ...call, query: "?mode=enqueue" });
    const [awaited, again] = await Promise.all([
      api.invoke(agent, "slow", call),
      api.invoke(agent, "slow", { ...call, query: "?mode=enqueue" }),
    ]);
    expect([awaited.status, awaited.body.result]).toEqual([200, 1]);
    expect(again.status).toBe(202);
    const after = await api.invoke(agent, "slow", call);
    expect([after.status, after.body]).toEqual([200, awaited.body]);
    expect(await api.result(agent, "list")).toEqual(["a"]);
  });

  test("scheduling again keeps the first time", async () => {
    const agent = worker();
    const first = await api.invoke(agent, "note", { args: ["a"], key: "k", query: "?delay=1h" });
    const again = await api.invoke(agent, "note", { args: ["a"], key: "k", query: "?delay=2h" });
    expect([again.status, again.body]).toEqual([202, first.body]);
  });

  test("still answers after kill -9", async () => {
    const agent = worker();
    const first = await api.invoke(agent, "note", { args: ["a"], key: "k" });
    await site.crash();
    const again = await api.invoke(agent, "note", { args: ["a"], key: "k" });
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(await api.result(agent, "list")).toEqual(["a"]);
  });
});
