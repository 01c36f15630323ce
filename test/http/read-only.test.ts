/**
 * sdk.md: a `readOnly` method runs without an oplog entry, beside a running invocation too, and is an
 * error when it changes something or makes a durable call.
 */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { AgentView, InvocationView } from "../../src/core/api/views.ts";
import { agentPath, type Answer } from "./support/api.ts";
import { iso } from "./support/matchers.ts";
import { openReceiver } from "./support/receiver.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api } = site;

let gates: (() => void)[] = [];
const receiver = await openReceiver(async ({ path }, response) => {
  if (path === "/") await new Promise<void>((open) => gates.push(open));
  response.end("answer");
});
afterAll(() => receiver.close());

const READ_ONLY =
  "get at slowly sets nested deletes swallows random now logs steps fetches sleeps never digests throws".split(
    " ",
  );

const script = `
  import { Agent, agent, AgentError, sleep, step } from "perdure";
  const validator = { "~standard": { version: 1, vendor: "test", validate: (value) => typeof value === "number" ? { value } : { issues: [{ message: "no number" }] } } };
  export class Book extends Agent {
    static methods = {
      ...Object.fromEntries(${JSON.stringify(READ_ONLY)}.map((name) => [name, { readOnly: true }])),
      typed: { readOnly: true, input: [validator] },
    };
    lines = [];
    total = { sum: 0, parts: new Map() };
    closure = () => 1;
    onCreate() { this.lines.push("created"); }
    add(line) { this.lines.push(line); return this.lines.length; }
    async pair(url, one, other) {
      this.lines.push(one);
      await fetch(url);
      this.lines.push(other);
      await fetch(url);
    }
    async many(url, count) {
      for (let at = 0; at < count; at++) {
        this.lines.push(at);
        await fetch(url + "/at-once");
      }
    }
    async nap() { this.lines.push("asleep"); await sleep("1h"); this.lines.push("awake"); }
    get() { return this.lines; }
    at(place) { return this.lines[place]; }
    async slowly() {
      const before = this.lines.length;
      for (let turn = 0; turn < 200; turn++) await new Response("turn").text();
      return [before, this.lines.length];
    }
    sets(line) { this.lines.push(line); return "set"; }
    nested() { this.total.parts.set("a", 1); }
    deletes() { delete this.total; }
    swallows() { try { crypto.randomUUID(); } catch {} return "swallowed"; }
    random() { return crypto.randomUUID(); }
    steps() { return step("read", () => 1); }
    fetches(url) { return fetch(url); }
    sleeps() { return sleep(1); }
    never() { return new Promise(() => {}); }
    now() { return [Date.now(), Math.random()]; }
    logs() { console.log("read"); return "logged"; }
    async digests() { return new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(1)))[0]; }
    throws() { throw new AgentError("not for you", { code: "mine", status: 418 }); }
    typed(number) { return number + 1; }
  }
  export class Reader extends Agent {
    async read(key) { return agent(Book, key).get(); }
  }`;

const component = "library";
await api.upload(component, script);

let made = 0;
let book = "";

beforeEach(async () => {
  gates = [];
  made += 1;
  book = agentPath(component, "Book", `book ${made}`);
  await api.result(book, "add", "first");
});

const last = async (): Promise<number> => (await api.agent(book)).lastOplogIndex;
const violation: unknown = expect.objectContaining({ code: "read-only-violation", status: 500 });

/** Starts `pair` and waits until it is in its first fetch. */
async function enterPair(): Promise<void> {
  await api.invoke(book, "pair", { args: [receiver.url, "one", "other"], query: "?mode=enqueue" });
  await until(
    () => gates.length,
    (waiting) => waiting === 1,
  );
}

describe("a read-only method", () => {
  test("answers like any invocation, and leaves no entry", async () => {
    const index = await last();
    const answer = await api.invoke(book, "at", { args: [1], key: "read-1" });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      idempotencyKey: "read-1",
      method: "at",
      status: "completed",
      acceptedAt: iso,
      startedAt: iso,
      finishedAt: iso,
      revision: 1,
      result: "first",
    });
    expect(await last()).toBe(index);
    expect((await api.get(`${book}/invocations/read-1`)).status).toBe(404);
  });

  test("may wait for the platform, know the time and log, and still leaves no entry", async () => {
    const index = await last();
    expect(await api.result(book, "digests")).toEqual(expect.any(Number));
    const [now, random] = (await api.result(book, "now")) as number[];
    expect(Math.abs((now ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(random).toBeLessThan(1);
    expect(await api.result(book, "logs")).toBe("logged");
    expect(await last()).toBe(index);
  });

  test("creates the agent that does not exist, and waits for its initialization", async () => {
    const fresh = agentPath(component, "Book", "fresh");
    expect(await api.result(fresh, "get")).toEqual(["created"]);
    expect((await api.oplog(fresh)).map(({ kind }) => kind)).toEqual([
      "Create",
      "PendingAgentInvocation",
      "AgentInvocationStarted",
      "AgentInvocationFinished",
    ]);
  });

  test("that throws answers with its error", async () => {
    const index = await last();
    const answer = await api.invoke(book, "throws");
    expect(answer.status).toBe(418);
    expect(answer.body).toMatchObject({ code: "mine", invocation: { status: "failed" } });
    expect(await last()).toBe(index);
  });

  test("has its arguments checked", async () => {
    expect(await api.result(book, "typed", 1)).toBe(2);
    expect((await api.invoke(book, "typed", { args: ["one"] })).body).toMatchObject({
      code: "invalid-arguments",
    });
  });

  test("of another agent can be called, and is recorded there as that agent's call", async () => {
    const reader = agentPath(component, "Reader", "reader");
    expect(await api.result(reader, "read", `book ${made}`)).toEqual(["created", "first"]);
    const kinds = (await api.oplog(reader)).map(({ kind }) => kind);
    expect(kinds.slice(-4)).toEqual([
      "AgentInvocationStarted",
      "Start",
      "End",
      "AgentInvocationFinished",
    ]);
  });

  test("is recorded like any other when it is enqueued, and held to its promise all the same", async () => {
    await api.invoke(book, "at", { args: [0], key: "later", query: "?mode=enqueue" });
    const { body } = await api.get<InvocationView>(`${book}/invocations/later?wait=20`);
    expect(body).toMatchObject({ status: "completed", result: "created" });
    await api.invoke(book, "sets", { args: ["x"], key: "worse", query: "?mode=enqueue" });
    const worse = await api.get<InvocationView>(`${book}/invocations/worse?wait=20`);
    expect(worse.body).toMatchObject({ status: "failed", error: { code: "read-only-violation" } });
  });
});

describe("read-only-violation", () => {
  test.each([
    ["sets", ["x"], /changed the field lines/],
    ["nested", [], /changed the field total/],
    ["deletes", [], /changed the field total/],
    ["random", [], /called crypto\.random/],
    ["swallows", [], /called crypto\.random/],
    ["steps", [], /called step/],
    ["fetches", ["http://127.0.0.1:1/"], /called fetch/],
    ["sleeps", [], /called sleep/],
    ["never", [], /waits for something that only another method brings/],
  ])("%s is one, and changes nothing for good", async (method, args, message) => {
    const before = await api.result(book, "get");
    const index = await last();
    const answer = await api.invoke(book, method, { args });
    expect([answer.status, answer.body]).toEqual([500, violation]);
    expect(JSON.stringify(answer.body)).toMatch(message);
    expect(await api.result(book, "get")).toEqual(before);
    expect(await last()).toBe(index);
    expect(await api.result(book, "add", "usable")).toBe(3);
  });

  test("beside a running invocation: that one goes on, from the record, as if nothing had been", async () => {
    await enterPair();
    expect((await api.invoke(book, "sets", { args: ["x"] })).body).toEqual(violation);
    expect(await api.result(book, "get")).toEqual(["created", "first", "one"]);
    gates.shift()?.();
    await until(
      () => gates.length,
      (waiting) => waiting > 0,
    );
    for (const open of gates) open();
    await until(
      () => api.agent(book),
      ({ status }) => status === "idle",
    );
    expect(await api.result(book, "get")).toEqual(["created", "first", "one", "other"]);
    const starts = (await api.oplog(book)).filter(({ kind }) => kind === "Start");
    expect(starts).toHaveLength(2);
  });
});

describe("beside an invocation", () => {
  test("a read-only method is answered while it waits, with the state that it has then", async () => {
    await enterPair();
    expect(await api.result(book, "get")).toEqual(["created", "first", "one"]);
    expect((await api.agent(book)).status).toBe("running");
    gates.shift()?.();
    await until(
      () => gates.length,
      (waiting) => waiting === 1,
    );
    expect(await api.result(book, "get")).toEqual(["created", "first", "one", "other"]);
    gates.shift()?.();
  });

  test("nothing of the invocation goes on during a read, however long the read takes", async () => {
    const many = api.result(book, "many", receiver.url, 60);
    const seen = new Set<number>();
    for (let isOver = false; !isOver;) {
      const [before = 0, after] = (await api.result(book, "slowly")) as number[];
      expect(after).toBe(before);
      seen.add(before);
      isOver = (await api.agent(book)).status === "idle";
    }
    await many;
    expect(seen.size).toBeGreaterThan(2);
  });

  test("no invocation begins during a read, and each read sees whole invocations", async () => {
    const calls: Promise<unknown>[] = [];
    for (let round = 0; round < 30; round++) {
      calls.push(api.result(book, "slowly"), api.result(book, "add", round));
    }
    const answers = await Promise.all(calls);
    for (const [before, after] of answers.filter(Array.isArray) as number[][]) {
      expect(after).toBe(before);
    }
    expect(answers.filter((answer) => typeof answer === "number")).toHaveLength(30);
  });

  test("what a read shows of it is in the oplog by then", async () => {
    await enterPair();
    const shown = (await api.result(book, "get")) as string[];
    const started = (await api.oplog(book)).filter(
      ({ kind, method }) => kind === "AgentInvocationStarted" && method === "pair",
    );
    expect([shown.at(-1), started.length]).toEqual(["one", 1]);
    for (const open of gates) open();
  });

  const rest = async (what: string): Promise<Answer<AgentView>> =>
    api.send("POST", `${book}/${what}`);

  test("that sleeps or is interrupted, a read leaves the agent as it is", async () => {
    await api.invoke(book, "nap", { query: "?mode=enqueue" });
    await until(
      () => api.agent(book),
      ({ status }) => status === "suspended",
    );
    const index = await last();
    expect(await api.result(book, "get")).toEqual(["created", "first", "asleep"]);
    expect(await api.agent(book)).toMatchObject({ status: "suspended", lastOplogIndex: index });
    await rest("interrupt");
    const interrupted = await last();
    expect(await api.result(book, "get")).toEqual(["created", "first", "asleep"]);
    expect(await api.agent(book)).toMatchObject({
      status: "interrupted",
      lastOplogIndex: interrupted,
    });
  });

  test("after kill -9 a read recovers the agent first", async () => {
    await enterPair();
    await site.crash();
    expect(await api.result(book, "get")).toEqual(["created", "first", "one"]);
  });
});
