import { describe, expect, test } from "vitest";
import type { InvokeRequest } from "../../../src/core/api/operations.ts";
import { accept, refuse, type ErrorCode, type Refusal } from "../../../src/core/errors.ts";
import { invocation, problemOf, startApp } from "./fake-ports.ts";

const A = "/v1/agents/shop/Cart/a%2Fb";
const jsonType = { "Content-Type": "application/json" };

async function requestSeen(query: string, init: RequestInit = {}): Promise<InvokeRequest> {
  const { send, calls } = startApp();
  const response = await send("POST", `${A}/invoke/add${query}`, init);
  expect(response.ok).toBe(true);
  const [name, address, request] = calls[0] ?? [];
  expect(name).toBe("invoke");
  expect(address).toEqual({ component: "shop", type: "Cart", key: "a/b" });
  return request as InvokeRequest;
}

async function expectInvalid(
  path: string,
  headers: Record<string, string>,
  issue: readonly string[],
) {
  const { send, calls } = startApp();
  const response = await send("POST", path, { headers });
  expect(response.status).toBe(400);
  const problem = await problemOf(response);
  expect(problem.code).toBe("invalid-request");
  expect(problem.issues?.[0]?.path).toEqual(issue);
  expect(calls).toEqual([]);
}

describe("arguments", () => {
  test.each([
    ["an array is the list of positional arguments", '[1, "x"]', '[1, "x"]'],
    ["an empty array is none", "[]", "[]"],
    ["a number is the only argument", "7", "[7]"],
    ["null is the only argument", "null", "[null]"],
    ["an object is the only argument", '{ "a": 1 }', '[{ "a": 1 }]'],
    ["no body is no arguments", "", "[]"],
    ["the text goes on as it came", "[1.0, 1e3, 12345678901234567890]", undefined],
  ])("%s", async (_, body, args) => {
    const seen = await requestSeen("", { headers: jsonType, body });
    expect(seen.args).toBe(args ?? body);
  });

  test("the method's name is decoded", async () => {
    const { send, calls } = startApp();
    await send("POST", `${A}/invoke/%24add`);
    expect((calls[0]?.[2] as InvokeRequest | undefined)?.method).toBe("$add");
  });
});

describe("Idempotency-Key", () => {
  test.each([["k"], ["x".repeat(256)], ["!~:/#\"'"]])("is passed on: %s", async (key) => {
    const seen = await requestSeen("", { headers: { "Idempotency-Key": key } });
    expect(seen.idempotencyKey).toBe(key);
  });

  test("is made by the server when absent", async () => {
    const [first, second] = [await requestSeen(""), await requestSeen("")];
    expect(first.idempotencyKey).toMatch(/^[0-9a-f-]{36}$/);
    expect(second.idempotencyKey).not.toBe(first.idempotencyKey);
  });

  test.each([["x".repeat(257)], ["two words"], [""], ["caf\u00e9"]])(
    "of other than 1..256 visible characters is 400: %s",
    (key) =>
      expectInvalid(`${A}/invoke/add`, { "Idempotency-Key": key }, ["header", "Idempotency-Key"]),
  );
});

describe("mode", () => {
  test.each([
    ["", {}, "await"],
    ["?mode=await", {}, "await"],
    ["?mode=enqueue", {}, "enqueue"],
    ["", { Prefer: "respond-async" }, "enqueue"],
    ["", { Prefer: "wait=10, Respond-Async; x=1" }, "enqueue"],
    ["", { Prefer: "return=minimal" }, "await"],
    ["?mode=await", { Prefer: "respond-async" }, "await"],
    ["?other=1", {}, "await"],
  ])("query %j with headers %j is %s", async (query, headers, mode) => {
    expect((await requestSeen(query, { headers })).mode).toBe(mode);
  });

  test.each([
    ["?mode=later", "mode"],
    ["?mode=", "mode"],
    ["?mode=await&mode=enqueue", "mode"],
    ["?at=tomorrow", "at"],
    ["?delay=soon", "delay"],
    ["?at=0&delay=1s", "delay"],
  ])("a query that does not fit is 400 invalid-request: %s", (query, name) =>
    expectInvalid(`${A}/invoke/add${query}`, {}, ["query", name]),
  );

  test("`at` and `delay` schedule, which implies enqueue", async () => {
    const at = await requestSeen("?at=2030-01-01T00:00:00Z");
    expect(at).toMatchObject({ mode: "enqueue", scheduledFor: Date.UTC(2030, 0, 1) });
    const before = Date.now();
    const { mode, scheduledFor = 0 } = await requestSeen("?delay=1h");
    expect(mode).toBe("enqueue");
    expect(scheduledFor).toBeGreaterThanOrEqual(before + 3_600_000);
    expect(scheduledFor).toBeLessThanOrEqual(Date.now() + 3_600_000);
    expect(await requestSeen("")).not.toHaveProperty("scheduledFor");
  });
});

describe("answers", () => {
  test("await mode answers 200 with the Invocation", async () => {
    const response = await startApp().send("POST", `${A}/invoke/add`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(invocation);
  });

  test.each([["?mode=enqueue"], ["?delay=5m"]])(
    "enqueued and scheduled ones answer 202 with Location: %s",
    async (query) => {
      const pending = { ...invocation, status: "pending" } as const;
      const { send } = startApp({ agent: { invoke: async () => accept(pending) } });
      const headers = { "Idempotency-Key": "a/b#1" };
      const response = await send("POST", `${A}/invoke/add${query}`, { headers });
      expect(response.status).toBe(202);
      expect(response.headers.get("location")).toBe(`${A}/invocations/a%2Fb%231`);
      expect(await response.json()).toEqual(pending);
    },
  );

  const failed = { ...invocation, status: "failed" } as const;

  test.each<[string, Refusal["members"], number, string]>([
    ["500 without a status of its own", { invocation: failed }, 500, "invocation-failed"],
    ["the error's own status", { invocation: failed, status: 418 }, 418, "invocation-failed"],
    ["the error's own code", { authorCode: "out-of-stock" }, 500, "out-of-stock"],
    ["both", { status: 409, authorCode: "out-of-stock" }, 409, "out-of-stock"],
    ["500 for a status that is no error's", { status: 200 }, 500, "invocation-failed"],
    ["500 for a status that is none", { status: 1000 }, 500, "invocation-failed"],
  ])("a method that threw: %s", async (_, members, status, code) => {
    const refusal = refuse("invocation-failed", "Error: no", members);
    const { send } = startApp({ agent: { invoke: async () => refusal } });
    const response = await send("POST", `${A}/invoke/add`);
    expect(response.status).toBe(status);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ status, code, detail: "Error: no", type: "about:blank" });
    expect(problem["invocation"]).toEqual(members?.invocation);
    expect(problem).not.toHaveProperty("authorCode");
  });

  test.each<[ErrorCode, number]>([
    ["component-not-found", 404],
    ["agent-type-not-found", 404],
    ["method-not-found", 404],
    ["agent-not-found", 404],
    ["revision-not-found", 404],
    ["invocation-not-found", 404],
    ["idempotency-key-reused", 422],
    ["invalid-arguments", 422],
    ["agent-failed", 409],
    ["agent-interrupted", 409],
    ["agent-deleted", 409],
    ["agent-already-exists", 409],
    ["agent-busy", 409],
    ["already-at-revision", 409],
    ["update-already-pending", 409],
    ["read-only-violation", 500],
    ["queue-full", 429],
    ["payload-too-large", 413],
    ["invalid-component", 422],
  ])("the refusal %s has status %i", async (code, status) => {
    const { send } = startApp({ agent: { invoke: async () => refuse(code, "Do this.") } });
    const response = await send("POST", `${A}/invoke/add`);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await problemOf(response)).toMatchObject({ status, code, detail: "Do this." });
  });

  test("`invocation`, `lastError` and `issues` are members of the document", async () => {
    const lastError = { name: "Error", message: "no" };
    const issues = [{ message: "too small", path: [0] }];
    const members = { invocation: failed, lastError, issues };
    const refusal = refuse("agent-failed", "It failed.", members);
    const { send } = startApp({ agent: { invoke: async () => refusal } });
    const problem = await problemOf(await send("POST", `${A}/invoke/add`));
    expect(problem).toMatchObject(members);
  });

  test("queue-full has Retry-After", async () => {
    const refusal = refuse("queue-full", "Wait.", { retryAfterSeconds: 2.2 });
    const { send } = startApp({ agent: { invoke: async () => refusal } });
    const response = await send("POST", `${A}/invoke/add`);
    expect(response.headers.get("retry-after")).toBe("3");
    expect(await problemOf(response)).not.toHaveProperty("retryAfterSeconds");
  });

  test("the component objects are never asked", async () => {
    const { send, calls } = startApp();
    await send("POST", `${A}/invoke/add`);
    expect(calls.map(([name]) => name)).toEqual(["invoke"]);
  });
});
