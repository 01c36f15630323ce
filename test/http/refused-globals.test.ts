/** What cannot be made durable is refused with an error that says what to do instead. */
import { describe, expect, test } from "vitest";
import { agentPath } from "./support/api.ts";
import { problemOf } from "./support/problem.ts";
import { openSite } from "./support/site.ts";

const { api, fresh } = await openSite();

function refusal(what: string, instead: string): string {
  return `${what} cannot be made durable and is not available to agents; ${instead}.`;
}

const socket = refusal("A raw socket", "talk to the other side through fetch");
const exchange = "exchange messages through fetch";
const upload = "upload the code as a module";
const caching = refusal("caches", "keep what you need in the agent's fields");
const wasm = (name: string): string =>
  refusal(`WebAssembly.${name}`, "upload the code as JavaScript");

/** What code tries in a method, and the message that it gets. */
const refusals: readonly (readonly [code: string, message: string])[] = [
  [`(await import("cloudflare:sockets")).connect("127.0.0.1:1")`, socket],
  [`new WebSocket("ws://127.0.0.1:1")`, refusal("WebSocket", exchange)],
  [`new (Object.getPrototypeOf(globalThis).WebSocket)("ws://x")`, refusal("WebSocket", exchange)],
  [`new WebSocketPair()`, refusal("WebSocketPair", exchange)],
  [`new EventSource("http://127.0.0.1:1")`, refusal("EventSource", "poll with fetch")],
  [
    `navigator.sendBeacon("http://127.0.0.1:1")`,
    refusal("navigator.sendBeacon", "send it with fetch"),
  ],
  [`caches.default`, caching],
  [`caches.open("x")`, caching],
  [`Cache.prototype.match`, caching],
  [`eval("1 + 1")`, refusal("eval", upload)],
  [`(0, globalThis.eval)("1 + 1")`, refusal("eval", upload)],
  [`new Function("return 1")`, refusal("new Function", upload)],
  [`(() => 1).constructor("return 1")`, refusal("new Function", upload)],
  [`(async () => 1).constructor("return 1")`, refusal("new AsyncFunction", upload)],
  [`(function* () {}).constructor("")`, refusal("new GeneratorFunction", upload)],
  [`(async function* () {}).constructor("")`, refusal("new AsyncGeneratorFunction", upload)],
  [`await WebAssembly.compile(new Uint8Array(8))`, wasm("compile")],
  [`await WebAssembly.instantiate(new Uint8Array(8))`, wasm("instantiate")],
  [`new WebAssembly.Module(new Uint8Array(8))`, wasm("Module")],
  [`Atomics.wait(word, 0, 0, 1)`, refusal("Atomics.wait", "wait with sleep")],
  [`Atomics.waitAsync(word, 0, 0, 1)`, refusal("Atomics.waitAsync", "wait with sleep")],
  [`setTimeout("1 + 1", 1)`, "setTimeout takes a function to call, not string."],
  [`setInterval(undefined, 1)`, "setInterval takes a function to call, not undefined."],
  [`queueMicrotask("1 + 1")`, "queueMicrotask takes a function."],
  [
    `crypto.getRandomValues(new Float32Array(1))`,
    "crypto.getRandomValues fills typed arrays of integers, not Float32Array.",
  ],
  [
    `crypto.getRandomValues(new Uint8Array(65537))`,
    "crypto.getRandomValues gives at most 65536 bytes at a time, not 65537; call it several times.",
  ],
  [
    `sleep("soon")`,
    `"soon" is no duration; give milliseconds, or text such as "30s", "5m", "2h", "7d".`,
  ],
];

await api.upload(
  "refused",
  `import { Agent, createPromise, sleep, step } from "perdure";
  const word = new Int32Array(new SharedArrayBuffer(4));
  const uses = [${refusals.map(([code]) => `async () => ${code}`).join(", ")}];
  export class Tryer extends Agent {
    calls = 0;
    async use(at) { this.calls++; const got = await uses[at](); return "allowed: " + typeof got; }
    async survives(at) {
      try { await uses[at](); } catch (error) { this.message = error.message; }
      await sleep(1);
      return this.message;
    }
    count() { return this.calls; }
  }
  export class Slept extends Agent { field = sleep(1); run() { return this.field; } }
  export class Stepped extends Agent { field = step("x", () => 1); run() { return this.field; } }
  export class Fetched extends Agent {
    constructor() { super(); this.field = fetch("http://127.0.0.1:1"); }
    run() { return this.field; }
  }
  export class Waited extends Agent { field = scheduler.wait(1); run() { return this.field; } }
  export class Timed extends Agent { field = setTimeout(() => {}, 1); run() {} }
  export class Drawn extends Agent { field = crypto.randomUUID(); run() {} }
  export class Bounded extends Agent { field = AbortSignal.timeout(1); run() {} }
  export class Promised extends Agent { field = createPromise(); run() {} }`,
);

describe("inside a method", () => {
  test.each(refusals)(
    "%s says what to do instead, and the agent stays usable",
    async (code, message) => {
      const agent = agentPath("refused", "Tryer", fresh("key"));
      const at = refusals.findIndex(([other]) => other === code);
      const answer = await api.invoke(agent, "use", { args: [at] });
      const { detail } = problemOf(answer, 500, "invocation-failed");
      expect(detail).toContain(message);
      expect(await api.result(agent, "count")).toBe(1);
    },
  );

  test("what is refused is refused again in replay", async () => {
    const agent = agentPath("refused", "Tryer", fresh("key"));
    for (const [at, [, message]] of refusals.entries()) {
      expect(await api.result(agent, "survives", at)).toBe(message);
    }
    await api.send("POST", `${agent}/interrupt`, { json: { recover: true } });
    expect(await api.result(agent, "count")).toBe(0);
    expect((await api.agent(agent)).status).toBe("idle");
  });
});

const inFields = "in a constructor or field initialiser";

describe("in constructors and field initialisers", () => {
  test.each([
    ["Timed", `sleep cannot be called ${inFields}; call it in onCreate or in a method.`],
    ["Bounded", `sleep cannot be called ${inFields}; call it in onCreate or in a method.`],
    ["Drawn", `crypto.random cannot be called ${inFields}; call it in onCreate or in a method.`],
    [
      "Promised",
      "createPromise is not available here, where nothing is recorded; call it in the method, outside of step and of snapshot hooks.",
    ],
  ])("what answers at once throws: %s", async (type, message) => {
    const agent = agentPath("refused", type, fresh("key"));
    const problem = problemOf(await api.invoke(agent, "run"), 409, "agent-failed");
    expect(problem.lastError?.message).toBe(message);
    expect((await api.agent(agent)).status).toBe("failed");
  });

  test.each([
    ["Slept", `sleep cannot be called ${inFields}; call it in onCreate or in a method.`],
    ["Waited", `sleep cannot be called ${inFields}; call it in onCreate or in a method.`],
    ["Fetched", `fetch cannot be called ${inFields}; call it in onCreate or in a method.`],
    ["Stepped", `No durable call can be made ${inFields}; make it in onCreate or a method.`],
  ])("what answers by a promise rejects: %s", async (type, message) => {
    const agent = agentPath("refused", type, fresh("key"));
    const { detail } = problemOf(await api.invoke(agent, "run"), 500, "invocation-failed");
    expect(detail).toContain(message);
    expect((await api.oplog(agent)).some(({ kind }) => kind === "Start")).toBe(false);
  });
});

function whileLoading(what: string): string {
  return `${what} is not available while a module loads; call it in a method or in onCreate.`;
}

const noNode =
  "Agents have none of Node's modules: bundle for the browser, or use what the web platform has.";
const bundle = "Bundle packages into the upload, and put modules of your own among its modules.";

describe("while a module loads", () => {
  test.each([
    [`await fetch("http://127.0.0.1:1")`, whileLoading("fetch")],
    ["setTimeout(() => {}, 1)", whileLoading("setTimeout")],
    ["setInterval(() => {}, 1)", whileLoading("setInterval")],
    ["AbortSignal.timeout(1)", whileLoading("AbortSignal.timeout")],
    ["await scheduler.wait(1)", whileLoading("scheduler.wait")],
    ["await sleep(1)", whileLoading("sleep")],
    [`await step("x", () => 1)`, whileLoading("step")],
    ["crypto.randomUUID()", whileLoading("crypto.randomUUID")],
    ["crypto.getRandomValues(new Uint8Array(1))", whileLoading("crypto.getRandomValues")],
    [`eval("1")`, refusal("eval", upload)],
    [`new WebSocket("ws://127.0.0.1:1")`, refusal("WebSocket", exchange)],
    [`await import("node:fs")`, noNode],
    [`await import("lodash")`, bundle],
    [`await import("./missing.js")`, bundle],
  ])("%s makes the upload invalid, and the answer says why", async (statement, message) => {
    const body = `import { Agent, sleep, step } from "perdure"; ${statement}; export class Good extends Agent {}`;
    const headers = { "content-type": "text/javascript" };
    const answer = await api.send("POST", `/v1/components/${fresh()}/revisions`, { body, headers });
    expect(problemOf(answer, 422, "invalid-component").detail).toContain(message);
  });

  test("time and randomness are there, and variables are per agent", async () => {
    const component = fresh();
    await api.upload(
      component,
      `import { Agent } from "perdure";
      const loaded = [Date.now(), Math.random(), new Date().getTime()];
      let calls = 0;
      export class Moduled extends Agent { run() { return [++calls, ...loaded]; } }`,
    );
    const [one, two] = [
      agentPath(component, "Moduled", "one"),
      agentPath(component, "Moduled", "two"),
    ];
    const first = (await api.result(one, "run")) as number[];
    expect((await api.result(one, "run")) as number[]).toEqual([2, ...first.slice(1)]);
    const other = (await api.result(two, "run")) as number[];
    expect(other[0]).toBe(1);
    expect(other[2]).not.toBe(first[2]);
    expect(Date.parse((await api.agent(one)).createdAt)).toBe(first[1]);
  });
});
