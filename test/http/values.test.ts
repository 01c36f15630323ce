/** What goes in and comes out: large values, values that JSON does not know, values that cannot be cloned. */
import { createHash } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import type { AgentView, InvocationView } from "../../src/core/api/views.ts";
import { agentPath } from "./support/api.ts";
import { openReceiver } from "./support/receiver.ts";
import { problemOf } from "./support/problem.ts";
import { openSite } from "./support/site.ts";

const site = await openSite();
const { api, fresh } = site;
const receiver = await openReceiver(({ path, body }, response) => {
  response.end(path === "/big" ? "é".repeat(1_500_000) : `${body.length}`);
});
afterAll(() => receiver.close());

await api.upload(
  "values",
  `import { Agent, step } from "perdure";
  class Point { constructor(x) { this.x = x; } length() { return this.x; } }
  export class Keeper extends Agent {
    static snapshots = "disabled";
    kept = [];
    keep(...values) { this.kept.push(...values); return values.length; }
    all() { return this.kept; }
    one(n) { return this.kept[n]; }
    size() { return JSON.stringify(this.kept).length; }
    make(size) { return "x".repeat(size); }
    echo(value) { return value; }
    async get(url) { const text = await (await fetch(url)).text(); this.kept.push(text.length); return text.length; }
    async post(url, size) { return (await fetch(url, { method: "POST", body: "y".repeat(size) })).text(); }
    async stepped(size) { const text = await step("big", () => "z".repeat(size)); this.kept.push(text.length); return text.length; }
    rich(kind) {
      switch (kind) {
        case "date": return new Date(0);
        case "map": return new Map([["a", 1]]);
        case "set": return new Set([1, 2]);
        case "bigint": return 12345678901234567890n;
        case "bytes": return new Uint8Array([1, 2, 255]);
        case "undefined": return { a: undefined, b: [undefined, 1] };
        case "nan": return [NaN, Infinity, -0];
        case "cycle": { const ring = { name: "ring" }; ring.self = ring; return ring; }
        case "twice": { const one = { x: 1 }; return [one, one]; }
        case "sparse": return [1, , 3];
        case "instance": return new Point(3);
        case "error": return new RangeError("a value");
        case "toJSON": return { toJSON() { return 1; } };
        case "function": return { a: [1, { handler: () => 1 }] };
        case "top function": return () => 1;
        case "symbol": return { deep: { s: Symbol("x") } };
        case "stream": return { body: new ReadableStream() };
        case "promise": return { later: Promise.resolve(1) };
        case "weakmap": return [new WeakMap()];
        case "agent": return this;
        case "lone": return "a\\ud800b";
        case "nul": return "a\\u0000b";
      }
    }
  }
  export class Big extends Agent {
    onCreate(params) { this.length = params.text.length; }
    size() { return this.length; }
  }`,
);

const keeper = (): string => agentPath("values", "Keeper", fresh("key"));
const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("large values", () => {
  test("2, 5 and 10 MiB in and out again, and after kill -9", async () => {
    const texts = [2, 5, 10].map((mebibytes) => "0123456789abcdé".repeat((mebibytes << 20) / 16));
    const agent = keeper();
    for (const [n, text] of texts.entries()) {
      const answer = await api.invoke(agent, "echo", { args: [text], key: `k${n}` });
      expect(answer.status).toBe(200);
      expect(digest(answer.body.result as string)).toBe(digest(text));
      expect(await api.result(agent, "keep", text)).toBe(1);
    }
    await site.crash();
    for (const [n, text] of texts.entries()) {
      const shown = await api.get<InvocationView>(`${agent}/invocations/k${n}`);
      expect(digest(shown.body.result as string)).toBe(digest(text));
      expect(digest((await api.result(agent, "one", n)) as string)).toBe(digest(text));
    }
  });

  test("many small ones make one large one", async () => {
    const agent = keeper();
    const list = Array.from({ length: 300_000 }, (_, n) => ({ n }));
    const kept = await api.invoke(agent, "keep", { args: [list] });
    expect(kept.body.result).toBe(1);
    expect(await api.result(agent, "size")).toBe(JSON.stringify([list]).length);
  });

  test("a result of more than 16 MiB fails the invocation, and the agent stays usable", async () => {
    const agent = keeper();
    const answer = await api.invoke(agent, "make", { args: [16 * 1024 * 1024 + 1] });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    const { detail } = answer.body as unknown as { detail: string };
    expect(detail).toMatch(/16|bytes|large|limit/i);
    expect(await api.result(agent, "echo", 1)).toBe(1);
  });

  test("bodies of requests, and results of steps", async () => {
    const agent = keeper();
    expect(await api.result(agent, "get", `${receiver.url}/big`)).toBe(1_500_000);
    expect(await api.result(agent, "post", `${receiver.url}/post`, 5_000_000)).toBe("5000000");
    expect(await api.result(agent, "stepped", 4_000_000)).toBe(4_000_000);
    await site.crash();
    expect(await api.result(agent, "all")).toEqual([1_500_000, 4_000_000]);
    expect(receiver.received.filter(({ path }) => path === "/big")).toHaveLength(1);
  });

  test("params", async () => {
    const agent = agentPath("values", "Big", fresh("key"));
    const text = "p".repeat(3_000_000);
    const made = await api.send<AgentView>("PUT", agent, { json: { params: { text } } });
    expect(made.status).toBe(201);
    expect(await api.result(agent, "size")).toBe(3_000_000);
    expect((await api.agent(agent)).params).toEqual({ text });
  });

  test("an entry of the oplog", async () => {
    const agent = keeper();
    const text = "q".repeat(4_000_000);
    await api.result(agent, "echo", text);
    const shown = (await api.oplog(agent)).map((entry) => JSON.stringify(entry).length > 4_000_000);
    expect(shown).toEqual([false, true, false, true]);
  });
});

describe("values that JSON does not know", () => {
  test.each([
    ["date", "1970-01-01T00:00:00.000Z"],
    ["undefined", { b: [null, 1] }],
    ["nan", [null, null, 0]],
    ["twice", [{ x: 1 }, { x: 1 }]],
    ["sparse", [1, null, 3]],
    ["instance", { x: 3 }],
    ["nul", "a\u0000b"],
  ])("%s comes out as JSON would have it", async (kind, shown) => {
    const agent = keeper();
    const { status, body } = await api.invoke(agent, "rich", { args: [kind], key: "k" });
    expect([status, body.result]).toEqual([200, shown]);
    expect((await api.get<InvocationView>(`${agent}/invocations/k`)).body).toEqual(body);
  });

  test.each(["map", "set", "bigint", "bytes", "cycle", "error", "lone", "agent"])(
    "%s is a result, and the agent stays usable",
    async (kind) => {
      const agent = keeper();
      const { status, body } = await api.invoke(agent, "rich", { args: [kind], key: "k" });
      expect([status, body.status]).toEqual([200, "completed"]);
      expect((await api.get<InvocationView>(`${agent}/invocations/k`)).body).toEqual(body);
      expect((await api.get(`${agent}/oplog`)).status).toBe(200);
      expect(await api.result(agent, "echo", 1)).toBe(1);
    },
  );
});

describe("a result that cannot be cloned", () => {
  test.each([
    ["function", "a[1].handler"],
    ["symbol", "deep.s"],
    ["stream", "body"],
    ["promise", "later"],
    ["weakmap", "[0]"],
    ["toJSON", "toJSON"],
    ["top function", "result"],
  ])("fails the invocation and names the path: %s", async (kind, path) => {
    const agent = keeper();
    const answer = await api.invoke(agent, "rich", { args: [kind], key: "k" });
    const problem = problemOf(answer, 500, "invocation-failed");
    expect(problem.detail).toContain(path);
    expect(problem.invocation).toMatchObject({
      status: "failed",
      error: { name: "DataCloneError" },
    });
    expect((await api.agent(agent)).status).toBe("idle");
    expect(await api.result(agent, "echo", 1)).toBe(1);
  });
});
