import { describe, expect, test } from "vitest";
import { accept, refuse } from "../../../src/core/errors.ts";
import { agent, invocation, problemOf, startApp } from "./fake-ports.ts";

const A = "/v1/agents/shop/Cart/k";

describe("the agent resource", () => {
  test("GET A answers the Agent", async () => {
    const { send, calls } = startApp();
    const response = await send("GET", A);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(agent);
    expect(calls).toEqual([["describe"]]);
  });

  test("PUT A answers 200 when it exists already", async () => {
    const create = async () => accept({ agent, created: false });
    const response = await startApp({ agent: { create } }).send("PUT", A);
    expect(response.status).toBe(200);
    expect(response.headers.get("location")).toBeNull();
  });

  test("DELETE A answers 204 without a body", async () => {
    const { send, calls } = startApp();
    const response = await send("DELETE", A);
    expect(response.status).toBe(204);
    expect(response.headers.get("content-type")).toBeNull();
    expect(await response.text()).toBe("");
    expect(calls).toEqual([["destroy"]]);
  });

  test("DELETE A of none is 404 agent-not-found", async () => {
    const destroy = async () => refuse("agent-not-found", "There is none.");
    const response = await startApp({ agent: { destroy } }).send("DELETE", A);
    expect(response.status).toBe(404);
    expect((await problemOf(response)).code).toBe("agent-not-found");
  });

  test("GET A/updates answers the three lists", async () => {
    const response = await startApp().send("GET", `${A}/updates`);
    expect(await response.json()).toEqual({ pending: [], successful: [], failed: [] });
  });
});

describe("GET A/invocations/{key}", () => {
  test.each([
    ["", 0],
    ["?wait=0", 0],
    ["?wait=60", 60_000],
    ["?wait=0.5", 500],
  ])("passes on the decoded key and waits: %j", async (query, waitMs) => {
    const { send, calls } = startApp();
    const response = await send("GET", `${A}/invocations/a%2Fb${query}`);
    expect(await response.json()).toEqual(invocation);
    const [name, key, waited] = calls[0] ?? [];
    expect([name, key]).toEqual(["invocation", "a/b"]);
    expect(waited).toBeLessThanOrEqual(waitMs);
    expect(waited).toBeGreaterThanOrEqual(Math.max(0, waitMs - 250));
  });

  test.each([["-1"], ["61"], ["60.1"], ["soon"], [""], ["1&wait=2"], ["Infinity"], ["0x10"]])(
    "`wait` outside 0..60 is 400 invalid-request: %s",
    async (wait) => {
      const { send, calls } = startApp();
      const response = await send("GET", `${A}/invocations/key-1?wait=${wait}`);
      expect(response.status).toBe(400);
      expect((await problemOf(response)).issues?.[0]?.path).toEqual(["query", "wait"]);
      expect(calls).toEqual([]);
    },
  );

  test("a key that is malformed percent-encoding is 400", async () => {
    expect((await startApp().send("GET", `${A}/invocations/%E0%A4`)).status).toBe(400);
  });
});

describe("GET A/oplog", () => {
  test.each([
    ["", { from: 1, limit: 100 }],
    ["?from=7&limit=1000", { from: 7, limit: 1000 }],
    ["?limit=1&unknown=x", { from: 1, limit: 1 }],
    ["?kind=Log", { from: 1, limit: 100, kinds: ["Log"] }],
    ["?kind=Log&q=a%20B&kind=End", { from: 1, limit: 100, kinds: ["Log", "End"], q: "a B" }],
  ])("passes on `from`, `limit` and the filters: %j", async (query, wanted) => {
    const { send, calls } = startApp();
    const response = await send("GET", `${A}/oplog${query}`);
    expect(await response.json()).toEqual({ entries: [], lastIndex: 0 });
    expect(calls).toEqual([["oplog", wanted]]);
  });

  test.each([
    ["?from=0", "from"],
    ["?from=-1", "from"],
    ["?from=1.5", "from"],
    ["?from=9999999999999999", "from"],
    ["?limit=0", "limit"],
    ["?limit=1001", "limit"],
    ["?limit=ten", "limit"],
    ["?limit=", "limit"],
    ["?limit=1&limit=2", "limit"],
    ["?kind=Create&kind=create", "kind"],
    ["?kind=", "kind"],
    ["?kind=toString", "kind"],
    ["?kind=Log%20", "kind"],
    ["?q=a&q=b", "q"],
  ])("a query that does not fit is 400 invalid-request: %s", async (query, name) => {
    const { send, calls } = startApp();
    const response = await send("GET", `${A}/oplog${query}`);
    expect(response.status).toBe(400);
    const problem = await problemOf(response);
    expect(problem.code).toBe("invalid-request");
    expect(problem.issues?.[0]?.path).toEqual(["query", name]);
    expect(calls).toEqual([]);
  });
});
