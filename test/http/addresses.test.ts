/** Keys of every kind, types of one component, what an agent knows of itself, and deletion. */
import { describe, expect, test } from "vitest";
import type { AgentView } from "../../src/core/api/views.ts";
import { agentPath } from "./support/api.ts";
import { iso } from "./support/matchers.ts";
import { problemOf } from "./support/problem.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, fresh } = site;

await api.upload(
  "crew",
  `import { Agent, agent, createPromise, sleep } from "perdure";
  class Base extends Agent {
    calls = 0;
    inherited() { return "base " + ++this.calls; }
    overridden() { return "base"; }
  }
  class Middle extends Base {
    overridden() { return "middle over " + super.overridden(); }
    middle() { return "middle"; }
  }
  export class Leaf extends Middle { leaf() { return "leaf " + this.inherited(); } }
  export class Other extends Base { inherited() { return "other " + ++this.calls; } }
  export { Leaf as Renamed };

  function self(agent) {
    const { component, type, key, address, revision, params, env } = agent;
    return { component, type, key, address, revision, params: params === undefined ? "undefined" : params, env };
  }
  export class Self extends Agent {
    field = self(this);
    constructor() { super(); this.constructed = self(this); }
    onCreate(params) { this.created = self(this); this.given = params === undefined ? "undefined" : params; }
    tell() { return { ...this, now: self(this) }; }
    tamper() {
      try { this.params.list.push("tampered"); this.env.A = "tampered"; } catch {}
      return [this.params, this.env];
    }
  }
  export class Waiter extends Agent { add() { return (this.n = (this.n ?? 0) + 1); } async rest(ms) { await sleep(ms); } promise() { return createPromise().id; } }
  export class Asker extends Agent { async ask(key) { try { await agent("Waiter", key).rest(9000); } catch (error) { return [error.name, error.code]; } } }
  export class SlowBirth extends Agent { async onCreate() { await sleep(9000); } run() {} }`,
);

describe("keys", () => {
  test.each([
    ["a slash", "a/b"],
    ["slashes only", "///"],
    ["a percent sign", "100%"],
    ["what looks encoded", "%2F"],
    ["what looks encoded twice", "%252F"],
    ["blanks", " a  b "],
    ["a plus sign", "a+b"],
    ["a question mark and a number sign", "a?b=c#d"],
    ["three dots", "..."],
    ["dots and a slash", "../../etc"],
    ["unicode", "日本語 käse 😀"],
    ["a combining accent", "e\u0301"],
    ["control characters", "a\u0000b\n\t"],
    ["a quote and a backslash", `"\\'<>&`],
    ["what is a route elsewhere", "oplog"],
    ["the word invoke", "invoke"],
    ["512 bytes of ASCII", "k".repeat(512)],
    ["512 bytes of UTF-8", "😀".repeat(128)],
    ["a name of Object's", "__proto__"],
  ])("%s is a key of its own", async (_, key) => {
    const agent = agentPath("crew", "Leaf", key);
    const made = await api.send<AgentView>("PUT", agent);
    expect([made.status, made.body.key]).toEqual([201, key]);
    expect(made.headers.get("location")).toBe(agent);
    expect(await api.result(agent, "inherited")).toBe("base 1");
    expect(await api.result(agent, "inherited")).toBe("base 2");
    expect((await api.oplog(agent))[0]?.["key"]).toBe(key);
    expect((await api.agent(agent)).key).toBe(key);
    const queued = await api.invoke(agent, "inherited", { key: "k%2F/?#", query: "?mode=enqueue" });
    const location = queued.headers.get("location") ?? "";
    expect((await api.get(`${location}?wait=30`)).body).toMatchObject({
      status: "completed",
      result: "base 3",
    });
    expect((await api.send("DELETE", agent)).status).toBe(204);
  });

  test("forms that only look alike are different agents", async () => {
    const keys = ["e\u0301x", "\u00e9x", "Ex", "ex", "ex ", " ex", "e/x", "e%2Fx"];
    for (const key of keys) {
      expect(await api.result(agentPath("crew", "Leaf", key), "inherited"), key).toBe("base 1");
    }
  });
});

describe("types of one component", () => {
  test("the same key under two types is two agents", async () => {
    const key = fresh("key");
    expect(await api.result(agentPath("crew", "Leaf", key), "inherited")).toBe("base 1");
    expect(await api.result(agentPath("crew", "Other", key), "inherited")).toBe("other 1");
    expect(await api.result(agentPath("crew", "Renamed", key), "inherited")).toBe("base 1");
    expect((await api.agent(agentPath("crew", "Renamed", key))).type).toBe("Renamed");
  });

  test("the same key in two components is two agents", async () => {
    const component = fresh();
    await api.upload(
      component,
      `import { Agent } from "perdure"; export class Leaf extends Agent { inherited() { return "elsewhere"; } }`,
    );
    const key = fresh("key");
    expect(await api.result(agentPath("crew", "Leaf", key), "inherited")).toBe("base 1");
    expect(await api.result(agentPath(component, "Leaf", key), "inherited")).toBe("elsewhere");
  });

  test("methods of the author's own base classes count", async () => {
    const agent = agentPath("crew", "Leaf", fresh("key"));
    expect(await api.result(agent, "overridden")).toBe("middle over base");
    expect(await api.result(agent, "middle")).toBe("middle");
    expect(await api.result(agent, "leaf")).toBe("leaf base 1");
  });
});

describe("what an agent knows of itself", () => {
  test("in field initialisers, constructor, onCreate and methods", async () => {
    const agent = agentPath("crew", "Self", "k/é");
    const params = { list: [1, null], nested: { a: "x" } };
    const env = { A: "1", B: "" };
    await api.send("PUT", agent, { json: { params, env } });
    const whole = {
      component: "crew",
      type: "Self",
      key: "k/é",
      address: "crew/Self/k/é",
      revision: 1,
      params,
      env,
    };
    expect(await api.result(agent, "tell")).toEqual({
      field: whole,
      constructed: whole,
      created: whole,
      given: params,
      now: whole,
    });
  });

  test("without explicit creation params are undefined and env is empty", async () => {
    const agent = agentPath("crew", "Self", fresh("key"));
    const told = (await api.result(agent, "tell")) as Record<string, unknown>;
    expect(told["now"]).toMatchObject({ params: "undefined", env: {} });
    expect([told["created"], told["given"]]).toEqual([told["now"], "undefined"]);
    expect(await api.agent(agent)).not.toHaveProperty("params");
    expect(await api.agent(agent)).not.toHaveProperty("env");
  });

  test("changing what it is given changes nothing", async () => {
    const agent = agentPath("crew", "Self", fresh("key"));
    const made = { params: { list: [1] }, env: { A: "1" } };
    await api.send("PUT", agent, { json: made });
    expect(await api.result(agent, "tamper")).toEqual([made.params, made.env]);
    expect(await api.agent(agent)).toMatchObject(made);
  });
});

describe("DELETE", () => {
  test("204 without a body; then everything is 404; the address used again is a new agent", async () => {
    const agent = agentPath("crew", "Waiter", fresh("key"));
    await api.invoke(agent, "add", { key: "k" });
    const { incarnation } = await api.agent(agent);
    const deleted = await api.send("DELETE", agent);
    expect([deleted.status, deleted.text]).toEqual([204, ""]);
    for (const rest of ["", "/oplog", "/updates", "/invocations/k"]) {
      problemOf(await api.get(agent + rest), 404, "agent-not-found");
    }
    problemOf(await api.send("DELETE", agent), 404, "agent-not-found");
    const again = await api.invoke(agent, "add", { key: "k" });
    expect(again.body).toMatchObject({ status: "completed", result: 1, acceptedAt: iso });
    const anew = await api.agent(agent);
    expect(anew.incarnation).not.toBe(incarnation);
    expect((await api.oplog(agent)).map(({ kind }) => kind)).toEqual([
      "Create",
      "PendingAgentInvocation",
      "AgentInvocationStarted",
      "AgentInvocationFinished",
    ]);
  });

  test("who waits for a running or a pending invocation is told agent-deleted", async () => {
    const agent = agentPath("crew", "Waiter", fresh("key"));
    const running = api.invoke(agent, "rest", { args: [9000], key: "running" });
    await until(
      () => api.get(agent),
      ({ body }) => (body as AgentView).status === "running",
    );
    const pending = api.invoke(agent, "add", { key: "pending" });
    await until(
      () => api.get(`${agent}/invocations/pending`),
      ({ status }) => status === 200,
    );
    expect((await api.send("DELETE", agent)).status).toBe(204);
    problemOf(await running, 409, "agent-deleted");
    problemOf(await pending, 409, "agent-deleted");
    problemOf(await api.get(agent), 404, "agent-not-found");
  });

  test("who waits by GET is told agent-deleted", async () => {
    const agent = agentPath("crew", "Waiter", fresh("key"));
    await api.invoke(agent, "rest", { args: [9000], key: "k", query: "?mode=enqueue" });
    await until(
      () => api.agent(agent),
      ({ status }) => status === "running",
    );
    const waiting = api.get(`${agent}/invocations/k?wait=30`);
    await api.get(agent);
    await api.send("DELETE", agent);
    problemOf(await waiting, 409, "agent-deleted");
  });

  test("who waits for its creation is told agent-deleted", async () => {
    const agent = agentPath("crew", "SlowBirth", fresh("key"));
    const creating = api.send("PUT", agent);
    await until(
      () => api.get(agent),
      ({ body }) => (body as AgentView).status === "running",
    );
    await api.send("DELETE", agent);
    problemOf(await creating, 409, "agent-deleted");
  });

  test("an agent that waits for it gets an AgentError agent-deleted", async () => {
    const key = fresh("key");
    const agent = agentPath("crew", "Waiter", key);
    const asking = api.result(agentPath("crew", "Asker", key), "ask", key);
    await until(
      () => api.get(agent),
      ({ body }) => (body as AgentView).status === "running",
    );
    expect((await api.send("DELETE", agent)).status).toBe(204);
    expect(await asking).toEqual(["AgentError", "agent-deleted"]);
  });

  test("its promises cannot be completed any more, also when the address is used again", async () => {
    const agent = agentPath("crew", "Waiter", fresh("key"));
    const id = (await api.result(agent, "promise")) as string;
    const promise = `${agent}/promises/${id}`;
    await api.send("DELETE", agent);
    problemOf(await api.send("POST", promise, { json: 1 }), 404, "agent-not-found");
    await api.result(agent, "add");
    problemOf(await api.send("POST", promise, { json: 1 }), 404, "promise-not-found");
  });

  test("drops scheduled invocations, also when the address is used again, and over kill -9", async () => {
    const agent = agentPath("crew", "Waiter", fresh("key"));
    await api.invoke(agent, "add", { key: "k", query: "?delay=1500" });
    await api.send("DELETE", agent);
    expect(await api.result(agent, "add")).toBe(1);
    await site.crash();
    const later = await api.invoke(agent, "add", { query: "?delay=1500" });
    await api.get(`${later.headers.get("location")}?wait=30`);
    expect(await api.result(agent, "add")).toBe(3);
    problemOf(await api.get(`${agent}/invocations/k`), 404, "invocation-not-found");
  });
});
