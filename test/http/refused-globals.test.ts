/** What cannot be made durable is refused with an error that says what to do instead. */
import { describe, expect, test } from "vitest";
import { agentPath } from "./support/api.ts";
import { problemOf } from "./support/problem.ts";
import { openSite } from "./support/site.ts";

const { api, fresh } = await openSite();

await api.upload(
  "refused",
  `import { Agent, sleep, step } from "perdure";
  const uses = {
    WebSocket: () => new WebSocket("ws://127.0.0.1:1"),
    caches: () => caches.default,
    "caches.open": () => caches.open("x"),
    eval: () => eval("1 + 1"),
    "indirect eval": () => (0, globalThis.eval)("1 + 1"),
    Function: () => new Function("return 1")(),
    EventSource: () => new EventSource("http://127.0.0.1:1"),
    sockets: async () => {
      const { connect } = await import("cloudflare:sockets");
      const socket = connect("127.0.0.1:1");
      await socket.opened;
    },
  };
  export class Tryer extends Agent {
    calls = 0;
    async use(name) { this.calls++; const got = await uses[name](); return "allowed: " + typeof got; }
    count() { return this.calls; }
  }
  export class Slept extends Agent { field = sleep(1); run() { return this.field; } }
  export class Stepped extends Agent { field = step("x", () => 1); run() { return this.field; } }
  export class Fetched extends Agent {
    constructor() { super(); this.field = fetch("http://127.0.0.1:1"); }
    run() { return this.field; }
  }
  export class TimedInField extends Agent { field = setTimeout(() => {}, 1); run() { return this.field; } }
  export class RandomInField extends Agent { field = crypto.randomUUID(); run() { return this.field; } }`,
);

describe("inside a method", () => {
  test.each([
    "WebSocket",
    "caches",
    "caches.open",
    "eval",
    "indirect eval",
    "Function",
    "EventSource",
    "sockets",
  ])("%s is refused, and the agent stays usable", async (name) => {
    const agent = agentPath("refused", "Tryer", fresh("key"));
    const problem = problemOf(
      await api.invoke(agent, "use", { args: [name] }),
      500,
      "invocation-failed",
    );
    expect(problem.detail.length).toBeGreaterThan(20);
    expect(await api.result(agent, "count")).toBe(1);
  });

  test.each(["WebSocket", "caches", "eval", "EventSource"])(
    "%s: the error says what to do instead",
    async (name) => {
      const agent = agentPath("refused", "Tryer", fresh("key"));
      const { detail } = problemOf(
        await api.invoke(agent, "use", { args: [name] }),
        500,
        "invocation-failed",
      );
      expect(detail).toContain(name);
      expect(detail).toMatch(/fetch|field|upload/);
    },
  );
});

describe("in constructors and field initialisers", () => {
  test.each(["TimedInField", "RandomInField"])("what answers at once throws: %s", async (type) => {
    const agent = agentPath("refused", type, fresh("key"));
    const problem = problemOf(await api.invoke(agent, "run"), 409, "agent-failed");
    expect(problem.lastError?.message).toMatch(/onCreate/);
    expect((await api.agent(agent)).status).toBe("failed");
  });

  test.each(["Slept", "Stepped", "Fetched"])(
    "what answers by a promise rejects: %s",
    async (type) => {
      const agent = agentPath("refused", type, fresh("key"));
      const { detail } = problemOf(await api.invoke(agent, "run"), 500, "invocation-failed");
      expect(detail).toMatch(/onCreate/);
      expect((await api.oplog(agent)).some(({ kind }) => kind === "Start")).toBe(false);
    },
  );
});

describe("while a module loads", () => {
  test.each([
    ["fetch", `await fetch("http://127.0.0.1:1")`],
    ["setTimeout", "setTimeout(() => {}, 1)"],
    ["sleep", "await sleep(1)"],
    ["step", `await step("x", () => 1)`],
    ["eval", `eval("1")`],
    ["WebSocket", `new WebSocket("ws://127.0.0.1:1")`],
  ])("%s makes the upload invalid", async (_, statement) => {
    const body = `import { Agent, sleep, step } from "perdure"; ${statement}; export class Good extends Agent {}`;
    const headers = { "content-type": "text/javascript" };
    const answer = await api.send("POST", `/v1/components/${fresh()}/revisions`, { body, headers });
    problemOf(answer, 422, "invalid-component");
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
