/** What POST A/invoke refuses before anything runs, through HTTP: the problem, and that nothing was written. */
import { beforeAll, describe, expect, test } from "vitest";
import type { InvocationView } from "../../src/core/api/views.ts";
import { agentPath, type Call, type Sent } from "./support/api.ts";
import { crew } from "./support/broken-agents.ts";
import { problemOf, type Problem } from "./support/problem.ts";
import { openSite } from "./support/site.ts";
import { traceOf } from "./support/trace.ts";

const { api, fresh } = await openSite();

const json = { "content-type": "application/json" };

/** The three ways to ask for an invocation. */
const modes = [
  ["await", ""],
  ["enqueue", "mode=enqueue"],
  ["scheduled", "delay=1h"],
] as const;

beforeAll(async () => {
  await api.upload("crew", crew);
});

type Row = readonly [
  what: string,
  method: string,
  sent: Sent,
  query: string,
  status: number,
  code: string,
];

const rows: readonly Row[] = [
  ["an unknown method", "subtract", {}, "", 404, "method-not-found"],
  ["a hidden method", "_hidden", {}, "", 404, "method-not-found"],
  ["a private method", "%23secret", {}, "", 404, "method-not-found"],
  ["the constructor", "constructor", {}, "", 404, "method-not-found"],
  ["onCreate", "onCreate", {}, "", 404, "method-not-found"],
  ["saveSnapshot", "saveSnapshot", {}, "", 404, "method-not-found"],
  ["loadSnapshot", "loadSnapshot", {}, "", 404, "method-not-found"],
  ["a getter", "accessor", {}, "", 404, "method-not-found"],
  ["a static method", "made", {}, "", 404, "method-not-found"],
  ["a field", "total", {}, "", 404, "method-not-found"],
  ["a member of Agent", "params", {}, "", 404, "method-not-found"],
  ["toString", "toString", {}, "", 404, "method-not-found"],
  ["hasOwnProperty", "hasOwnProperty", {}, "", 404, "method-not-found"],
  ["__proto__", "__proto__", {}, "", 404, "method-not-found"],
  ["__defineGetter__", "__defineGetter__", {}, "", 404, "method-not-found"],
  ["arguments that the schema refuses", "add", { json: ["one"] }, "", 422, "invalid-arguments"],
  ["arguments that the schema misses", "add", {}, "", 422, "invalid-arguments"],
  ["no JSON", "echo", { body: "{", headers: json }, "", 400, "invalid-json"],
  ["two JSON values", "echo", { body: "1 2", headers: json }, "", 400, "invalid-json"],
  [
    "no UTF-8",
    "echo",
    { body: new Uint8Array([0x22, 0xff, 0x22]), headers: json },
    "",
    400,
    "invalid-json",
  ],
  [
    "another media type",
    "echo",
    { body: "[1]", headers: { "content-type": "text/plain" } },
    "",
    415,
    "unsupported-media-type",
  ],
  [
    "too much",
    "echo",
    { body: `"${"x".repeat(16 * 1024 * 1024)}"`, headers: json },
    "",
    413,
    "payload-too-large",
  ],
  ["an unknown mode", "echo", {}, "mode=later", 400, "invalid-request"],
  ["an at that is no time", "echo", {}, "at=tomorrow", 400, "invalid-request"],
  ["an at that is no day", "echo", {}, "at=2027-02-30T00:00:00Z", 400, "invalid-request"],
  ["a delay that is none", "echo", {}, "delay=soon", 400, "invalid-request"],
  ["a negative delay", "echo", {}, "delay=-5s", 400, "invalid-request"],
  ["at and delay", "echo", {}, "at=1&delay=1", 400, "invalid-request"],
  ["delay twice", "echo", {}, "delay=1&delay=2", 400, "invalid-request"],
  [
    "a key with a blank",
    "echo",
    { headers: { "idempotency-key": "a b" } },
    "",
    400,
    "invalid-request",
  ],
  [
    "a key of 257 characters",
    "echo",
    { headers: { "idempotency-key": "k".repeat(257) } },
    "",
    400,
    "invalid-request",
  ],
  ["an empty key", "echo", { headers: { "idempotency-key": "" } }, "", 400, "invalid-request"],
  [
    "a key beyond ASCII",
    "echo",
    { headers: { "idempotency-key": "caf\u00e9" } },
    "",
    400,
    "invalid-request",
  ],
];

describe("refused at once, however it is asked for", () => {
  /** Asks in every way that the row's own query leaves open. */
  async function refuseAll(agent: string, [, method, sent, own, status, code]: Row): Promise<void> {
    const queries = own === "" ? modes.map(([, query]) => query) : [own];
    for (const query of queries) {
      problemOf(await api.send("POST", `${agent}/invoke/${method}?${query}`, sent), status, code);
    }
  }

  test.each(rows)("on a new address, no agent comes of it: %s", async (...row) => {
    const agent = agentPath("crew", "Worker", fresh("key"));
    const before = await traceOf(api, agent);
    await refuseAll(agent, row);
    expect(await traceOf(api, agent)).toEqual(before);
    problemOf(await api.get(agent), 404, "agent-not-found");
  });

  test.each(rows)("on an agent, nothing is written: %s", async (...row) => {
    const agent = agentPath("crew", "Worker", fresh("key"));
    await api.result(agent, "add", 1);
    const before = await traceOf(api, agent);
    await refuseAll(agent, row);
    expect(await traceOf(api, agent)).toEqual(before);
    expect(await api.result(agent, "add", 1)).toBe(2);
  });
});

test("a function in a field is no method", async () => {
  const agent = agentPath("crew", "Fielded", fresh("key"));
  problemOf(await api.invoke(agent, "field"), 404, "method-not-found");
  await api.result(agent, "run");
  const before = await traceOf(api, agent);
  problemOf(await api.invoke(agent, "field"), 404, "method-not-found");
  expect(await traceOf(api, agent)).toEqual(before);
});

describe("arguments against the method's own schema", () => {
  const issuesOf = async (method: string, args: unknown): Promise<Problem["issues"]> => {
    const agent = agentPath("crew", "Worker", fresh("key"));
    const { issues } = problemOf(
      await api.invoke(agent, method, { args }),
      422,
      "invalid-arguments",
    );
    problemOf(await api.get(agent), 404, "agent-not-found");
    return issues;
  };
  const said = (issues: Problem["issues"]) =>
    issues?.map(({ message, path }) => [message, path.map(String)]);

  test("issues name the argument by its position and the place in it", async () => {
    expect(said(await issuesOf("add", [1.5]))).toEqual([["must be a whole number", ["0"]]]);
    expect(said(await issuesOf("greet", [1, {}]))).toEqual([
      ["must be text", ["1", "name"]],
      ["and short", ["1", "name", "0"]],
    ]);
    expect(said(await issuesOf("greet", ["x"]))).toEqual([
      ["must be a whole number", ["0"]],
      ["must be text", ["1", "name"]],
      ["and short", ["1", "name", "0"]],
    ]);
  });

  test("what fits runs; a refused key can be used again", async () => {
    const agent = agentPath("crew", "Worker", fresh("key"));
    problemOf(await api.invoke(agent, "add", { args: ["x"], key: "k" }), 422, "invalid-arguments");
    const answer = await api.invoke(agent, "add", { args: [3], key: "k" });
    expect(answer.body).toMatchObject({ status: "completed", result: 3 });
    expect(await api.result(agent, "greet", 2, { name: "ab" })).toBe("abab");
  });
});

describe("a reused Idempotency-Key", () => {
  const first: Call = { args: [{ a: 1, b: { c: [1, 2], d: null } }, "x"] };
  const others: readonly (readonly [string, string, Call])[] = [
    ["another method", "rest", { args: [0] }],
    ["another method, same arguments", "greet", first],
    ["an unknown method", "nothing", first],
    ["other arguments", "echo", { args: [{ a: 2, b: { c: [1, 2], d: null } }, "x"] }],
    ["more arguments", "echo", { args: [{ a: 1, b: { c: [1, 2], d: null } }, "x", null] }],
    ["fewer arguments", "echo", { args: [{ a: 1, b: { c: [1, 2], d: null } }] }],
    ["no arguments", "echo", {}],
    ["another order of elements", "echo", { args: [{ a: 1, b: { c: [2, 1], d: null } }, "x"] }],
    ["a member more", "echo", { args: [{ a: 1, b: { c: [1, 2], d: null, e: null } }, "x"] }],
    ["a member less", "echo", { args: [{ a: 1, b: { c: [1, 2] } }, "x"] }],
  ];

  test.each(others)("for %s is 422, and nothing happens", async (_, method, call) => {
    const agent = agentPath("crew", "Worker", fresh("key"));
    expect((await api.invoke(agent, "echo", { ...first, key: "k" })).status).toBe(200);
    const before = await traceOf(api, agent);
    for (const [, query] of modes) {
      const answer = await api.invoke(agent, method, { ...call, key: "k", query: `?${query}` });
      problemOf(answer, 422, "idempotency-key-reused");
    }
    expect(await traceOf(api, agent)).toEqual(before);
  });

  test("for one that is still pending is 422 as well", async () => {
    const agent = agentPath("crew", "Worker", fresh("key"));
    await api.invoke(agent, "echo", { args: [1], key: "k", query: "?delay=1h" });
    const before = await traceOf(api, agent);
    problemOf(
      await api.invoke(agent, "echo", { args: [2], key: "k" }),
      422,
      "idempotency-key-reused",
    );
    expect(await traceOf(api, agent)).toEqual(before);
  });

  test.each([
    ["the same text", JSON.stringify(first.args)],
    ["reordered members", '[{"b":{"d":null,"c":[1,2]},"a":1},"x"]'],
    ["other white space", '[ {"a" : 1.0 , "b":{ "c":[1,2],\n "d":null}},"x" ]'],
    ["escapes", '[{"\\u0061":1,"b":{"c":[1,2e0],"d":null}},"\\u0078"]'],
  ])("for the same arguments is the same invocation: %s", async (_, body) => {
    const agent = agentPath("crew", "Worker", fresh("key"));
    const one = await api.invoke(agent, "echo", { ...first, key: "k" });
    const before = await traceOf(api, agent);
    const headers = { ...json, "idempotency-key": "k" };
    const again = await api.send<InvocationView>("POST", `${agent}/invoke/echo`, { body, headers });
    expect([again.status, again.body]).toEqual([200, one.body]);
    expect(await traceOf(api, agent)).toEqual(before);
  });

  test("is another invocation on another agent", async () => {
    for (const amount of [1, 2]) {
      const agent = agentPath("crew", "Worker", fresh("key"));
      const answer = await api.invoke(agent, "add", { args: [amount], key: "k" });
      expect(answer.body).toMatchObject({ status: "completed", result: amount });
    }
  });
});
