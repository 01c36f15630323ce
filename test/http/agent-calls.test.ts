/** One agent calls another: what arrives, what comes back, and what is refused. */
import { describe, expect, test } from "vitest";
import { agentPath } from "./support/api.ts";
import { iso, uuid } from "./support/matchers.ts";
import { openSite } from "./support/site.ts";

const site = await openSite();
const { api } = site;

const code = `import { Agent, AgentError, agent, completePromise, createPromise, sleep, step } from "perdure";

export class Account extends Agent {
  balance = 0;
  deposit(amount) {
    return (this.balance += amount);
  }
  echo(...args) {
    return args;
  }
  fail() {
    throw new AgentError("too poor", { code: "too-poor", status: 402, details: { missing: 7 } });
  }
  failPlainly() {
    throw new TypeError("no such thing");
  }
  ask() {
    this.promise = createPromise();
    return this.promise.id;
  }
  answer() {
    return this.promise.wait();
  }
  static methods = { strict: { input: [{ "~standard": { validate: (value) =>
    typeof value === "number" ? { value } : { issues: [{ message: "no number" }] } } }] } };
  strict(value) {
    return value;
  }
}

export class Teller extends Agent {
  own = agent(Account, "own");
  deposit(key, amount) {
    return agent(Account, key).deposit(amount);
  }
  depositByName(component, key, amount) {
    return agent("Account", key, { component }).deposit(amount);
  }
  depositToOwn(amount) {
    return this.own.deposit(amount);
  }
  async rich() {
    const cycle = { name: "cycle" };
    cycle.self = cycle;
    const sent = [
      new Date(7), new Map([["a", 1]]), new Set([2]), 3n, new Uint8Array([4, 5]), undefined, cycle, { plain: [null] },
    ];
    const back = await agent(Account, "rich").echo(...sent);
    const [date, map, set, big, bytes, nothing, circle, plain] = back;
    return [
      date instanceof Date && date.getTime(), map.get("a"), set.has(2), big === 3n,
      bytes instanceof Uint8Array && [...bytes], nothing === undefined && back.length, circle.self === circle, plain,
    ];
  }
  async caught(method, ...args) {
    try {
      return await agent("Account", "bad")[method](...args);
    } catch (error) {
      const { name, message, code, details, status } = error;
      return { isAgentError: error instanceof AgentError, name, message, code, details, status };
    }
  }
  async refusedBy(component, type, key, method) {
    return agent(type, key, { component })[method]().catch(({ code }) => code);
  }
  later(key, amount, when) {
    return agent(Account, key).schedule(when).deposit(amount);
  }
  async enqueue(key, amount) {
    return agent(Account, key).enqueue.deposit(amount);
  }
  forget(key, amount) {
    agent(Account, key).enqueue.deposit(amount);
    return "not awaited";
  }
  stepped(key, amount) {
    return step("deposit", () => agent(Account, key).deposit(amount));
  }
  complete(address, id, value) {
    return completePromise(address, id, value);
  }
}

export class Link extends Agent {
  async pass(route) {
    const [next, ...rest] = route;
    if (next === undefined) return "end";
    try {
      return await agent(Link, next).pass(rest);
    } catch (error) {
      return this.key + ": " + error.code;
    }
  }
  async cross(other) {
    try {
      await sleep(300);
      return await agent(Link, other).pass([]);
    } catch (error) {
      return error.code;
    }
  }
  async over(other) {
    return agent(Link, other).enqueue.pass([]);
  }
}`;

async function bank() {
  const component = site.fresh("bank");
  await api.upload(component, code);
  const at = (type: string, key: string): string => agentPath(component, type, key);
  return { component, at };
}

/** The invocation with that key, after so many seconds at most. */
async function ended(agent: string, key: unknown, wait = 20): Promise<unknown> {
  return (await api.get(`${agent}/invocations/${key as string}?wait=${wait}`)).body;
}

describe("agent(Type, key)", () => {
  test("await stub.method(...) gives the result; the call is one recorded call, and names its caller", async () => {
    const { component, at } = await bank();
    const teller = at("Teller", "t");
    expect(await api.result(teller, "deposit", "bob", 5)).toBe(5);
    expect(await api.result(teller, "deposit", "bob", 6)).toBe(11);
    expect(await api.result(teller, "depositByName", component, "bob", 1)).toBe(12);
    expect(await api.result(teller, "depositToOwn", 2)).toBe(2);
    const oplog = await api.oplog(teller);
    const start = oplog.find(({ call }) => call === "agent.invoke");
    expect(start).toMatchObject({
      kind: "Start",
      durability: "write-remote",
      request: {
        to: `${component}/Account/bob`,
        method: "deposit",
        args: [5],
        idempotencyKey: uuid,
      },
    });
    const [accepted] = (await api.oplog(at("Account", "bob"))).slice(1);
    expect(accepted).toMatchObject({
      kind: "PendingAgentInvocation",
      idempotencyKey: (start?.["request"] as { idempotencyKey: string } | undefined)
        ?.idempotencyKey,
      caller: `${component}/Teller/t`,
    });
    expect(accepted).not.toHaveProperty("chain");
  });

  test("dates, maps, sets, big integers, typed arrays, undefined and cycles arrive as they left", async () => {
    const { at } = await bank();
    expect(await api.result(at("Teller", "t"), "rich")).toEqual([
      7,
      1,
      true,
      true,
      [4, 5],
      8,
      true,
      { plain: [null] },
    ]);
  });

  test("a stub in a field survives a crash, and travels", async () => {
    const { at } = await bank();
    expect(await api.result(at("Teller", "t"), "depositToOwn", 2)).toBe(2);
    await api.send("POST", `${at("Teller", "t")}/interrupt`, { json: { recover: true } });
    expect(await api.result(at("Teller", "t"), "depositToOwn", 2)).toBe(4);
  });

  test("a call from a step goes out under a key of the step", async () => {
    const { at } = await bank();
    expect(await api.result(at("Teller", "t"), "stepped", "bob", 5)).toBe(5);
    expect((await api.oplog(at("Teller", "t"))).map(({ call }) => call)).not.toContain(
      "agent.invoke",
    );
  });

  test("stub.enqueue gives the idempotency key of an invocation that runs by itself", async () => {
    const { at } = await bank();
    const key = await api.result(at("Teller", "t"), "enqueue", "bob", 5);
    expect(key).toEqual(uuid);
    expect(await ended(at("Account", "bob"), key)).toMatchObject({
      status: "completed",
      result: 5,
    });
  });

  test.each([
    ["a duration", "30d"],
    ["ISO 8601 text", "2100-01-01T00:00:00Z"],
    ["epoch milliseconds", Date.UTC(2100, 0)],
  ])("stub.schedule takes %s", async (_what, when) => {
    const { at } = await bank();
    const key = await api.result(at("Teller", "t"), "later", "bob", 5, when);
    expect(await ended(at("Account", "bob"), key, 0)).toMatchObject({
      status: "scheduled",
      scheduledFor: iso,
    });
  });

  test("a call that nobody awaits is sent all the same, and its wait is cancelled", async () => {
    const { at } = await bank();
    expect(await api.result(at("Teller", "t"), "forget", "bob", 5)).toBe("not awaited");
    expect((await api.oplog(at("Teller", "t"))).map(({ kind }) => kind).slice(-4)).toEqual([
      "Start",
      "Cancelled",
      "Log",
      "AgentInvocationFinished",
    ]);
    expect(await api.result(at("Account", "bob"), "deposit", 1)).toBe(6);
  });

  test("a scheduled call that is due runs", async () => {
    const { at } = await bank();
    const key = await api.result(at("Teller", "t"), "later", "bob", 5, "50ms");
    expect(await ended(at("Account", "bob"), key)).toMatchObject({
      status: "completed",
      result: 5,
    });
  });
});

describe("errors", () => {
  test("the callee's error arrives as an AgentError with name, message, code and details", async () => {
    const { at } = await bank();
    expect(await api.result(at("Teller", "t"), "caught", "fail")).toEqual({
      isAgentError: true,
      name: "AgentError",
      message: "too poor",
      code: "too-poor",
      status: 402,
      details: { missing: 7 },
    });
    expect(await api.result(at("Teller", "t"), "caught", "failPlainly")).toEqual({
      isAgentError: true,
      name: "TypeError",
      message: "no such thing",
    });
  });

  test("what HTTP would refuse is refused with the same code", async () => {
    const { component, at } = await bank();
    const teller = at("Teller", "t");
    const refused = async (...args: string[]) => api.result(teller, "refusedBy", ...args);
    expect(await refused(component, "Account", "x", "nothing")).toBe("method-not-found");
    expect(await refused(component, "Account", "x", "_hidden")).toBe("method-not-found");
    expect(await refused(component, "Nobody", "x", "echo")).toBe("agent-type-not-found");
    expect(await refused("nowhere", "Account", "x", "echo")).toBe("component-not-found");
    expect(await refused(component, "Account", "..", "echo")).toBe("invalid-request");
    expect(await refused("No Name", "Account", "x", "echo")).toBe("invalid-request");
    expect(await api.result(teller, "caught", "strict", "text")).toMatchObject({
      code: "invalid-arguments",
      details: { issues: [{ message: "no number" }] },
    });
    expect((await api.get(at("Account", "x"))).status).toBe(404);
  });
});

describe("circles", () => {
  test("waiting for oneself is a call-cycle at once; enqueueing to oneself is not", async () => {
    const { at } = await bank();
    expect(await api.result(at("Link", "a"), "pass", ["a"])).toBe("a: call-cycle");
    const key = await api.result(at("Link", "a"), "over", "a");
    expect(await ended(at("Link", "a"), key)).toMatchObject({ status: "completed", result: "end" });
  });

  test("a chain of calls that comes back is a call-cycle where it would close", async () => {
    const { at } = await bank();
    expect(await api.result(at("Link", "a"), "pass", ["b", "c", "a"])).toBe("c: call-cycle");
    expect(await api.result(at("Link", "a"), "pass", ["b", "c", "b"])).toBe("c: call-cycle");
    expect(await api.result(at("Link", "a"), "pass", ["b", "c", "d"])).toBe("end");
  });

  test("agents that call each other at the same time do not wait for ever", async () => {
    const { at } = await bank();
    const ring = ["a", "b", "c"];
    const outcomes = await Promise.all(
      ring.map((key, place) => api.result(at("Link", key), "cross", ring[(place + 1) % 3])),
    );
    expect(outcomes).toContain("call-cycle");
    expect(await api.result(at("Link", "a"), "cross", "b")).toBe("end");
  });

  test("an initialization that waits for the agent that waits for it is a call-cycle", async () => {
    const { component } = await bank();
    const made = `${code}
      export class Ring extends Agent {
        async onCreate() {
          this.code = await agent(Ringer, this.key).ping().catch(({ code }) => code);
        }
        made() { return this.code; }
      }
      export class Ringer extends Agent {
        make() { return agent(Ring, this.key).made(); }
        ping() { return "pong"; }
      }`;
    await api.upload(component, made);
    expect(await api.result(agentPath(component, "Ringer", "k"), "make")).toBe("call-cycle");
  });
});

describe("completePromise(address, id, value)", () => {
  test("completes a promise of another agent; the first completion wins", async () => {
    const { component, at } = await bank();
    const id = await api.result(at("Account", "bob"), "ask");
    const address = `${component}/Account/bob`;
    expect(await api.result(at("Teller", "t"), "complete", address, id, { yes: 1 })).toBe(true);
    expect(await api.result(at("Teller", "t"), "complete", address, id, 2)).toBe(false);
    expect(await api.result(at("Account", "bob"), "answer")).toEqual({ yes: 1 });
    const answer = await api.invoke(at("Teller", "t"), "complete", { args: [address, "other", 1] });
    expect(answer.body).toMatchObject({ code: "promise-not-found" });
  });
});
