/**
 * What sdk.md calls durable by default, seen through the API. All scenarios run first, then the
 * server is killed and started again; every state must come back as it was, with no effect repeated
 * and nothing new in the oplog.
 */
import { afterAll, describe, expect, test } from "vitest";
import { agentPath } from "./support/api.ts";
import {
  openScenarioReceiver,
  runScenarios,
  scenarioTypes,
  type Seen,
} from "./support/scenarios.ts";
import { openSite } from "./support/site.ts";

const site = await openSite();
const { api } = site;
const receiver = await openScenarioReceiver();
afterAll(() => receiver.close());
const { url } = receiver;
const { before, after, results, receivedBefore } = await runScenarios(site, receiver);

const seen = (type: string): Seen => before.get(type) ?? { state: {}, entries: [] };
const logs = (type: string) =>
  seen(type).entries.flatMap(({ kind, level, message }) =>
    kind === "Log" ? [[level, message]] : [],
  );

describe("after kill -9 and a new start", () => {
  test.each(scenarioTypes)("the state is what it was: %s", (type) => {
    expect(after.get(type)?.state).toEqual(seen(type).state);
  });

  test.each(scenarioTypes)("recovery wrote nothing: %s", (type) => {
    const earlier = seen(type).entries;
    const later = after.get(type)?.entries ?? [];
    expect(later.slice(0, earlier.length)).toEqual(earlier);
    expect(later.slice(earlier.length).map(({ kind, method }) => [kind, method])).toEqual([
      ["PendingAgentInvocation", undefined],
      ["AgentInvocationStarted", "state"],
      ["AgentInvocationFinished", undefined],
    ]);
  });

  test("no request went out again", () => {
    expect(receiver.received).toEqual(receivedBefore);
  });
});

describe("chance", () => {
  test("numbers are in [0, 1) and differ", () => {
    const { field, constructed, created, rolls } = seen("Chance").state as Record<string, number[]>;
    const numbers = [...(field ?? []), constructed, created?.[0], ...(rolls ?? [])];
    expect(numbers).toHaveLength(8);
    for (const number of numbers) {
      expect(number).toBeGreaterThanOrEqual(0);
      expect(number).toBeLessThan(1);
    }
    expect(new Set(numbers).size).toBe(8);
  });

  test("UUIDs are well-formed and differ; bytes are whole", () => {
    const { ids, bytes, words } = seen("Chance").state as Record<string, unknown[]>;
    expect(new Set(ids).size).toBe(4);
    for (const id of ids ?? [])
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect([bytes?.length, words?.length]).toEqual([16, 2]);
    expect(new Set(bytes).size).toBeGreaterThan(4);
  });

  test("another agent has other numbers", async () => {
    const agent = agentPath("scenarios", "Chance", "two");
    await api.result(agent, "roll");
    const other = (await api.result(agent, "state")) as Record<string, unknown>;
    for (const name of ["field", "constructed", "rolls", "ids"]) {
      expect(other[name]).not.toEqual(seen("Chance").state[name]);
    }
  });
});

describe("time", () => {
  test("stands still while code only computes, and goes on with a recorded event", () => {
    const {
      before: first,
      after: second,
      slept,
      sum,
    } = seen("Clock").state["seen"] as {
      before: number[];
      after: number[];
      slept: number;
      sum: number;
    };
    expect(sum).toBeGreaterThan(0);
    expect(second).toEqual(first);
    expect(slept).toBeGreaterThanOrEqual((first[0] ?? 0) + 30);
  });

  test("is that of Create in field initialisers, and that of entries elsewhere", () => {
    const { state, entries } = seen("Clock");
    const at = (index: number): number => Date.parse(entries[index]?.at ?? "");
    expect(entries[0]?.kind).toBe("Create");
    expect(state["born"]).toBe(at(0));
    const started = entries.findIndex(
      ({ kind, method }) => kind === "AgentInvocationStarted" && method === "read",
    );
    const { before: first, slept } = state["seen"] as { before: number[]; slept: number };
    expect(first[0]).toBe(at(started));
    expect(first[2]).toBe(at(started));
    expect(slept).toBe(at(entries.findIndex(({ kind }) => kind === "End")));
  });

  test("new Date() is a Date", () => {
    const { state } = seen("Clock");
    const [ms, text, isDate] = state["created"] as [number, string, boolean];
    expect([new Date(text).getTime(), isDate]).toEqual([ms, true]);
  });
});

describe("fetch", () => {
  const requests = (prefix: string) => receivedBefore.filter(({ path }) => path.startsWith(prefix));

  test("passes method, URL, headers and body in; status, headers and body out", () => {
    const [plain] = requests("/plain");
    expect(plain).toMatchObject({
      method: "GET",
      path: "/plain?x=1",
      headers: { "x-mine": "1" },
      body: "",
    });
    const [first, json, bytes] = [
      results.get("Fetcher")?.[0],
      results.get("Fetcher")?.[3],
      results.get("Fetcher")?.[4],
    ];
    expect(first).toEqual({
      status: 200,
      statusText: "OK",
      ok: true,
      redirected: false,
      type: "text/x-test",
      text: "GET /plain?x=1",
    });
    expect(json).toEqual({ a: [1] });
    expect(bytes).toEqual([0, 255, 128, 10]);
  });

  test("an answer of any status is an answer, and is not repeated", () => {
    const given = results.get("Fetcher") ?? [];
    expect(given[1]).toMatchObject({ status: 404, ok: false, text: "GET /status/404" });
    expect(given[2]).toMatchObject({ status: 503, ok: false, text: "POST /status/503" });
    expect(requests("/status/404")).toHaveLength(1);
    expect(requests("/status/503").map(({ body }) => body)).toEqual(["once"]);
  });

  test("bodies may be streams on either side", () => {
    expect(results.get("Fetcher")?.[5]).toBe("POST /stream");
    expect(requests("/stream").map(({ body }) => body)).toEqual(["one two"]);
  });

  test("rejects with a TypeError when nobody answers", () => {
    expect(results.get("Fetcher")?.[6]).toEqual(["TypeError", true]);
  });

  test("writes carry a key each, derived, unless the author set one; reads carry none", () => {
    const keyOf = (n: number) =>
      requests(`/writes/${n}`).map(({ headers }) => headers["idempotency-key"]);
    const derived = [1, 2, 3].flatMap(keyOf);
    expect(derived).toHaveLength(3);
    for (const key of derived) expect(key).toMatch(/^[\x21-\x7e]{8,256}$/);
    expect(new Set(derived).size).toBe(3);
    expect([keyOf(4), keyOf(5)]).toEqual([["my own"], [undefined]]);
    const inStep = requests("/step/").map(({ headers }) => headers["idempotency-key"]);
    expect(inStep).toHaveLength(2);
    expect(new Set([...inStep, ...derived]).size).toBe(5);
  });

  test("is one Start and one End; a step with calls inside is one Start and one End", () => {
    const { entries } = seen("Fetcher");
    const starts = entries.filter(({ kind }) => kind === "Start");
    const ends = entries.filter(({ kind }) => kind === "End");
    expect(new Set(ends.map(({ start }) => start))).toEqual(
      new Set(starts.map(({ index }) => index)),
    );
    expect(ends).toHaveLength(starts.length);
    expect(starts.map(({ call, durability }) => [call, durability])).toEqual([
      ["fetch", "read-remote"],
      ["fetch", "read-remote"],
      ["fetch", "write-remote"],
      ["fetch", "read-remote"],
      ["fetch", "read-remote"],
      ["fetch", "write-remote"],
      ["fetch", "read-remote"],
      ["fetch", "write-remote"],
      ["fetch", "write-remote"],
      ["fetch", "write-remote"],
      ["fetch", "write-remote"],
      ["fetch", "read-remote"],
      ["step", "write-local"],
    ]);
  });
});

describe("concurrency inside a method", () => {
  /** The paths of fetches, in the order of their Ends. */
  const ended = (prefix: string): string[] => {
    const { entries } = seen("Racer");
    return entries.flatMap((end) => {
      const request =
        end.kind === "End" ? entries[Number(end["start"]) - 1]?.["request"] : undefined;
      const { url: asked = "" } = (request ?? {}) as { url?: string };
      return asked.startsWith(url + prefix) ? [asked.slice(url.length)] : [];
    });
  };

  test("all: the code goes on in the order of the Ends, and the results stand in the order of the calls", () => {
    const { order, sum } = seen("Racer").state as Record<string, unknown[]>;
    expect(order?.slice(0, 4).map((ms) => `/all?ms=${String(ms)}`)).toEqual(ended("/all"));
    expect(order?.slice(0, 4).toSorted()).toEqual([10, 30, 50, 90]);
    expect(sum).toEqual([90, 10, 50, 30].map((ms) => `GET /all?ms=${ms}`));
  });

  test("race: who ends first wins, and what is still open then is cancelled", () => {
    const { state, entries } = seen("Racer");
    const ends = ended("/race");
    expect(state["winner"]).toBe(`GET ${ends[0]}`);
    expect(entries.filter(({ kind }) => kind === "Cancelled")).toHaveLength(3 - ends.length);
  });

  test("mixed: timers, steps and requests all come, each after what it waits for", () => {
    const { order = [] } = seen("Racer").state as Record<string, string[]>;
    const mixed = order.slice(4);
    const all = ["at once", "fetch 120", "fetch 20", "sleep 5", "sleep 60", "step", "timeout 90"];
    expect(mixed.toSorted()).toEqual(all);
    expect(mixed[0]).toBe("at once");
    expect(mixed.indexOf("sleep 5")).toBeLessThan(mixed.indexOf("step"));
  });

  test("rejections settle as they should", () => {
    expect(seen("Racer").state).toMatchObject({
      settled: ["fulfilled ", "rejected RangeError"],
      any: ["a", "b"],
    });
  });
});

describe("steps and timers", () => {
  test("a step gives its result, also undefined, or its error with everything", () => {
    const { values, caught, range, info } = seen("Stepper").state as Record<string, unknown[]>;
    expect(values?.slice(2)).toEqual([null, 1, 2]);
    expect(typeof values?.[0]).toBe("number");
    expect(caught).toEqual(["AgentError", "step failed", "mine", [1], true]);
    expect(range).toEqual(["RangeError", "range", true]);
    expect(info).toMatchObject({ method: "run" });
    const calls = seen("Stepper").entries.flatMap(({ kind, call }) =>
      kind === "Start" ? [call] : [],
    );
    expect(calls).toEqual(Array.from({ length: 7 }, () => "step"));
  });

  test("timers fire in order, with their arguments; cleared ones do not", () => {
    const { fired = [], typed } = seen("Timers").state as { fired?: string[]; typed?: string };
    expect(fired.toSorted()).toEqual(["late xy", "soon", "tick 1", "tick 2", "tick 3", "zero"]);
    const ordered = fired.filter((word) => word !== "late xy" && !word.startsWith("tick"));
    expect(ordered).toEqual(["zero", "soon"]);
    expect(fired.filter((word) => word.startsWith("tick"))).toEqual(["tick 1", "tick 2", "tick 3"]);
    expect(typed).toBe("number");
  });
});

describe("console and leftovers", () => {
  test("lines are Log entries, as a console prints them, once", () => {
    expect(logs("Talker").slice(0, 6)).toEqual([
      ["log", "log words 42"],
      ["info", "info { a: [ 1, { b: 2 } ] }"],
      ["warn", "warn"],
      ["error", "shown"],
      ["debug", "debug true null undefined"],
      ["log", "after the wait"],
    ]);
  });

  test("what is still open at the end is Cancelled, with one Log that says so", () => {
    const { entries, state } = seen("Talker");
    const from = entries.findIndex(
      ({ kind, method }) => kind === "AgentInvocationStarted" && method === "leftovers",
    );
    const to = entries.findIndex(({ kind }, at) => at > from && kind === "AgentInvocationFinished");
    const kinds = entries.slice(from, to).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "Cancelled")).toHaveLength(3);
    expect(kinds.filter((kind) => kind === "Log")).toHaveLength(1);
    expect(entries.slice(from, to).find(({ kind }) => kind === "Log")?.["message"]).toMatch(
      /cancel/i,
    );
    expect(state).not.toHaveProperty("late");
    expect(results.get("Talker")?.[1]).toBe("done");
  });

  test("an error thrown or rejected in a timer is a Log of level error, and fails nothing", () => {
    const errors = logs("Talker").filter(([level]) => level === "error");
    expect(errors).toContainEqual([
      "error",
      expect.stringContaining("thrown in a timer") as string,
    ]);
    expect(errors).toContainEqual([
      "error",
      expect.stringContaining("rejected in a timer") as string,
    ]);
    expect(results.get("Talker")?.[2]).toBe("fine");
  });

  test("an unhandled rejection is a Log of level error, and fails nothing", () => {
    expect(results.get("Talker")?.[3]).toBe("fine");
    expect(logs("Talker")).toContainEqual([
      "error",
      expect.stringContaining("nobody cares") as string,
    ]);
  });
});

test("pure platform functions just work", () => {
  expect(seen("Pure").state).toEqual({
    hash: expect.any(Array) as number[],
    mac: 32,
    host: "1",
    clone: 2,
    base: "eA==x",
  });
});
