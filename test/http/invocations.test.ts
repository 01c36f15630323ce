/** Invoking through HTTP: shapes of an Invocation in every status, order, waiting. */
import { describe, expect, test } from "vitest";
import type { InvocationView } from "../../src/core/api/views.ts";
import { agentPath } from "./support/api.ts";
import { iso, uuid } from "./support/matchers.ts";
import { problemOf } from "./support/problem.ts";
import { openSite } from "./support/site.ts";
import { workerAgent } from "./support/worker-agent.ts";
import { until } from "./support/until.ts";

const { api, fresh } = await openSite();

await api.upload("crew", workerAgent);

const worker = (): string => agentPath("crew", "Worker", fresh("key"));
const show = (agent: string, key: string, query = "") =>
  api.get<InvocationView>(`${agent}/invocations/${encodeURIComponent(key)}${query}`);

describe("awaiting a method", () => {
  test("200 with the whole Invocation, which GET shows again", async () => {
    const agent = worker();
    const answer = await api.invoke(agent, "note", { args: ["a"], key: "k/1" });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(answer.body).toEqual({
      idempotencyKey: "k/1",
      method: "note",
      status: "completed",
      acceptedAt: iso,
      startedAt: iso,
      finishedAt: iso,
      revision: 1,
      result: 1,
    });
    const { acceptedAt, startedAt = "", finishedAt = "" } = answer.body;
    expect([acceptedAt, startedAt, finishedAt].toSorted()).toEqual([
      acceptedAt,
      startedAt,
      finishedAt,
    ]);
    expect((await show(agent, "k/1")).body).toEqual(answer.body);
  });

  test("without a key the server makes one", async () => {
    const agent = worker();
    const { body } = await api.invoke(agent, "note", { args: ["a"] });
    expect(body.idempotencyKey).toMatch(/^[\x21-\x7e]{1,256}$/);
    expect((await show(agent, body.idempotencyKey)).body).toEqual(body);
  });

  test.each([
    ["no body", undefined, []],
    ["an empty list", "[]", []],
    ["a list", '[1, "x", null]', [1, "x", null]],
    ["a list in a list", "[[1, 2]]", [[1, 2]]],
    ["an object", '{"a": [1]}', [{ a: [1] }]],
    ["a number", "7", [7]],
    ["null", "null", [null]],
    ["false", "false", [false]],
    ["text", '"caf\\u00e9 \\ud83d\\ude00"', ["café 😀"]],
    ["white space around", " [ 1 ] ", [1]],
  ])("arguments: %s", async (_, body, args) => {
    const agent = worker();
    const sent =
      body === undefined ? {} : { body, headers: { "content-type": "application/json" } };
    const answer = await api.send<InvocationView>("POST", `${agent}/invoke/echo`, sent);
    expect(answer.body.result).toEqual(args);
    const count = await api.send<InvocationView>("POST", `${agent}/invoke/count`, sent);
    expect(count.body.result).toBe(args.length);
  });

  test.each(["nothing", "later"])("undefined is shown as null: %s", async (method) => {
    const answer = await api.invoke(worker(), method);
    expect(answer.body).toHaveProperty("result", null);
    expect(answer.body.status).toBe("completed");
  });

  test("percent-encoded names of methods are decoded", async () => {
    expect((await api.invoke(worker(), "%6eote", { args: ["a"] })).body.method).toBe("note");
  });
});

describe("a method that throws", () => {
  test("500 invocation-failed with the invocation; the state stays what it was at the throw", async () => {
    const agent = worker();
    const problem = problemOf(
      await api.invoke(agent, "fail", { key: "k" }),
      500,
      "invocation-failed",
    );
    expect(problem.detail).toContain("refused by the author");
    expect(problem.invocation).toEqual({
      idempotencyKey: "k",
      method: "fail",
      status: "failed",
      acceptedAt: iso,
      startedAt: iso,
      finishedAt: iso,
      revision: 1,
      error: { name: "AgentError", message: "refused by the author" },
    });
    expect((await show(agent, "k")).body).toEqual(problem.invocation);
    expect(await api.result(agent, "list")).toEqual(["failed"]);
    expect((await api.agent(agent)).status).toBe("idle");
  });

  test.each([
    ["status and code", { status: 404, code: "no-such-order" }, 404, "no-such-order"],
    ["status alone", { status: 418 }, 418, "invocation-failed"],
    ["code alone", { code: "mine" }, 500, "mine"],
    ["status 400", { status: 400 }, 400, "invocation-failed"],
    ["status 599", { status: 599 }, 599, "invocation-failed"],
    ["status 399", { status: 399 }, 500, "invocation-failed"],
    ["status 600", { status: 600 }, 500, "invocation-failed"],
    ["status 200", { status: 200 }, 500, "invocation-failed"],
    ["a status of text", { status: "404" }, 500, "invocation-failed"],
    ["status 404.5", { status: 404.5 }, 500, "invocation-failed"],
  ])("the error chooses: %s", async (_, options, status, code) => {
    const agent = worker();
    problemOf(await api.invoke(agent, "fail", { args: [options], key: "k" }), status, code);
    problemOf(await api.invoke(agent, "fail", { args: [options], key: "k" }), status, code);
    expect(await api.result(agent, "list")).toEqual(["failed"]);
  });

  test("code and details arrive whole", async () => {
    const details = { fields: ["a", { b: null }], count: 2 };
    const agent = worker();
    const answer = await api.invoke(agent, "fail", { args: [{ code: "mine", details }] });
    const error = { name: "AgentError", message: "refused by the author", code: "mine", details };
    expect(problemOf(answer, 500, "mine").invocation?.error).toEqual(error);
  });

  test.each([
    ["broken", { name: "TypeError" }],
    ["rejects", { name: "RangeError", message: "out of range" }],
    ["text", { name: "Error", message: "a text" }],
  ])("whatever is thrown is an error with a name: %s", async (method, error) => {
    const problem = problemOf(await api.invoke(worker(), method), 500, "invocation-failed");
    expect(problem.invocation?.error).toMatchObject(error);
  });
});

describe("enqueueing", () => {
  test.each([
    ["mode", "?mode=enqueue", {}],
    ["Prefer", "", { prefer: "respond-async" }],
    ["Prefer among others", "", { prefer: "wait=5, respond-async" }],
  ])("by %s: 202, pending, Location, and the agent is there", async (_, query, headers) => {
    const agent = worker();
    const answer = await api.invoke(agent, "slow", {
      args: ["a", 50],
      key: "k 1".replace(" ", "/"),
      query,
      headers,
    });
    expect(answer.status).toBe(202);
    expect(answer.headers.get("location")).toBe(`${agent}/invocations/k%2F1`);
    expect(answer.body).toEqual({
      idempotencyKey: "k/1",
      method: "slow",
      status: "pending",
      acceptedAt: iso,
    });
    expect((await api.agent(agent)).incarnation).toEqual(uuid);
    const ended = await api.get<InvocationView>(`${answer.headers.get("location")}?wait=30`);
    expect(ended.body).toMatchObject({
      status: "completed",
      result: 1,
      acceptedAt: answer.body.acceptedAt,
    });
  });

  test("a running one is shown as running", async () => {
    const agent = worker();
    await api.invoke(agent, "slow", { args: ["a", 700], key: "k", query: "?mode=enqueue" });
    const { body } = await until(
      () => show(agent, "k"),
      (seen) => seen.body.status !== "pending",
    );
    expect(body).toEqual({
      idempotencyKey: "k",
      method: "slow",
      status: "running",
      acceptedAt: iso,
      startedAt: iso,
    });
    expect(await api.agent(agent)).toMatchObject({ status: "running", pendingInvocations: 0 });
  });

  test("first in, first out, awaited ones included; pendingInvocations counts what has not started", async () => {
    const agent = worker();
    await api.invoke(agent, "slow", { args: ["0", 600], key: "0", query: "?mode=enqueue" });
    await until(
      () => show(agent, "0"),
      ({ body }) => body.status === "running",
    );
    const awaited: Promise<unknown>[] = [];
    for (let n = 1; n <= 9; n++) {
      const call = { args: [String(n), n % 2], key: String(n) };
      if (n % 3 === 0) {
        awaited.push(api.invoke(agent, "slow", call));
        await until(
          () => show(agent, call.key),
          ({ status }) => status === 200,
        );
      } else await api.invoke(agent, "slow", { ...call, query: "?mode=enqueue" });
    }
    expect((await api.agent(agent)).pendingInvocations).toBe(9);
    await Promise.all(awaited);
    expect(await api.result(agent, "list")).toEqual([
      "0",
      "1",
      "2",
      "3",
      "4",
      "5",
      "6",
      "7",
      "8",
      "9",
    ]);
    expect((await api.agent(agent)).pendingInvocations).toBe(0);
  });

  test("a failed one shows its error to GET, with 200", async () => {
    const agent = worker();
    await api.invoke(agent, "fail", {
      args: [{ status: 404, code: "gone" }],
      key: "k",
      query: "?mode=enqueue",
    });
    const ended = await show(agent, "k", "?wait=30");
    expect(ended.status).toBe(200);
    expect(ended.body).toMatchObject({
      status: "failed",
      error: { name: "AgentError", code: "gone" },
    });
    expect(ended.body).not.toHaveProperty("result");
  });
});

describe("GET with wait", () => {
  test("answers as soon as it ends", async () => {
    const agent = worker();
    await api.invoke(agent, "slow", { args: ["a", 200], key: "k", query: "?mode=enqueue" });
    const started = Date.now();
    const { body } = await show(agent, "k", "?wait=50");
    expect(body).toMatchObject({ status: "completed", result: 1 });
    expect(Date.now() - started).toBeLessThan(30_000);
  });

  test("answers with the present state when the time is up", async () => {
    const agent = worker();
    await api.invoke(agent, "note", { args: ["a"], key: "k", query: "?delay=1h" });
    const started = Date.now();
    const { status, body } = await show(agent, "k", "?wait=0.3");
    expect([status, body.status]).toEqual([200, "scheduled"]);
    expect(Date.now() - started).toBeGreaterThanOrEqual(290);
  });

  test.each(["", "?wait=0", "?wait=60"])("of an ended one answers at once: %s", async (query) => {
    const agent = worker();
    const { body } = await api.invoke(agent, "note", { args: ["a"], key: "k" });
    expect((await show(agent, "k", query)).body).toEqual(body);
  });
});
