/**
 * Everything in the isolate that tells the time, waits, counts or forgets gives the same again after
 * kill -9, when the agents are replayed, and writes nothing twice.
 */
import { expect, test } from "vitest";
import type { EntryView } from "../../src/core/api/views.ts";
import { agentPath } from "./support/api.ts";
import { openSite } from "./support/site.ts";

const site = await openSite();
const { api } = site;

const scenarios = {
  formats: `
    await sleep(3);
    const format = new Intl.DateTimeFormat("en", {
      year: "numeric", month: "numeric", day: "numeric",
      hour: "numeric", minute: "numeric", second: "numeric", fractionalSecondDigits: 3,
    });
    return {
      present: format.format() === format.format(Date.now()),
      parts: format.formatToParts().map(({ value }) => value).join("") === format.format(new Date()),
      given: format.format(0).includes("1970"),
      same: format.format === format.format,
      text: format.format(),
    };`,
  dates: `
    class Own extends Date {}
    return {
      same: Date.now === Date.now,
      constructor: new Date().constructor === Date && new Own() instanceof Own,
      present: [new Date().getTime(), new Own().getTime(), Date.parse(Date()), Date.now()],
      clock: [performance.now(), Object.getPrototypeOf(performance).now.call(performance)],
      origin: performance.timeOrigin,
    };`,
  files: `
    await sleep(3);
    const form = new FormData();
    form.append("part", new Blob(["x"]), "x.txt");
    return {
      present: [new File([], "a").lastModified, form.get("part").lastModified, Date.now()],
      given: new File([], "a", { lastModified: 5 }).lastModified,
      files: new File([], "a") instanceof File && form.get("part") instanceof File,
    };`,
  random: `
    const drawn = Crypto.prototype.getRandomValues.call(crypto, new Uint8Array(4));
    const words = crypto.getRandomValues(new BigUint64Array(1));
    return { drawn: [...drawn], words: [...words].map(String), uuid: Crypto.prototype.randomUUID.call(crypto) };`,
  timeout: `
    const began = Date.now();
    const signal = AbortSignal.any([AbortSignal.timeout(30), new AbortController().signal]);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    const { name } = signal.reason;
    let thrown;
    try { signal.throwIfAborted(); } catch (error) { thrown = error === signal.reason; }
    return { name, thrown, isDom: signal.reason instanceof DOMException, after: Date.now() - began >= 30 };`,
  wait: `
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 10);
    const outcomes = await Promise.allSettled([
      scheduler.wait(60_000, { signal: controller.signal }),
      scheduler.wait(60_000, { signal: AbortSignal.abort() }),
      scheduler.wait(5, { signal: new AbortController().signal }),
      scheduler.wait(1),
    ]);
    return outcomes.map(({ status, reason }) => reason === undefined ? status : reason.message);`,
  weak: `
    const target = {};
    const reference = new WeakRef(target);
    const registry = new FinalizationRegistry(() => { this.collected = true; });
    registry.register({}, 1);
    registry.register(target, 1, target);
    const lone = new WeakRef({});
    for (let n = 0; n < 20; n++) {
      Array.from({ length: 100_000 }, (_, at) => ({ at }));
      await sleep(1);
    }
    return {
      held: reference.deref() === target && lone.deref() !== undefined, kinds: [String(reference), String(registry)],
      is: reference instanceof WeakRef && registry instanceof FinalizationRegistry,
      unregistered: [registry.unregister(target), registry.unregister(target)],
    };`,
  timers: `
    const ids = [setTimeout(() => {}, 1), setInterval(() => {}, 1), setTimeout(() => {}, 1)];
    let ticks = 0;
    await step("polls", async () => {
      const poll = setInterval(() => { ticks++; }, 5);
      const late = setTimeout(() => { ticks = 1000; }, 20);
      clearTimeout(String(late));
      await sleep(12);
      clearInterval(poll);
      const counted = ticks;
      await sleep(40);
      return ticks === counted;
    }).then((stood) => ids.push(stood));
    for (const id of ids) clearTimeout(id);
    return ids;`,
  messages: `
    const { port1, port2 } = new MessageChannel();
    const heard = new Promise((resolve) => { port1.onmessage = ({ data }) => resolve(data); });
    port2.postMessage({ when: new Date(5) });
    return (await heard).when.getTime();`,
  lines: `
    console.table([{ a: 1 }]);
    console.group("group %d", 1);
    console.groupEnd();
    console.count(); console.count("x"); console.count(); console.countReset(); console.count();
    console.time("t");
    console.timeLog("t", "more");
    console.timeEnd("t");
    console.timeEnd("t");
    console.assert(true, "no"); console.assert(false); console.assert(0, "a %d", 5); console.assert(null, { x: 1 });
    console.trace("traced");
    console.dirxml("dirxml");
    console.clear(); console.timeStamp(); console.profile(); console.profileEnd();
    console.context("other").log("context");
    queueMicrotask(() => { throw new RangeError("in a microtask"); });
    reportError(new TypeError("reported"));
    await sleep(1);`,
  none: `return [typeof process, typeof Buffer, typeof setImmediate, typeof global, typeof BroadcastChannel];`,
};
type Name = keyof typeof scenarios;

await api.upload(
  "globals",
  `import { Agent, sleep, step } from "perdure";
  export class Globals extends Agent {
    seen = {};
    ${Object.entries(scenarios)
      .map(([name, code]) => `async #${name}() { ${code} }`)
      .join("\n")}
    async look() {
      ${Object.keys(scenarios)
        .map((name) => `this.seen.${name} = await this.#${name}();`)
        .join("\n")}
    }
    state() { return this.seen; }
  }`,
);
const agent = agentPath("globals", "Globals", "one");
await api.result(agent, "look");
const before = (await api.result(agent, "state")) as Record<Name, unknown>;
const recorded = await api.oplog(agent);
await site.crash();
const after = (await api.result(agent, "state")) as Record<Name, unknown>;
const later = (await api.oplog(agent)).slice(recorded.length);

test.each(Object.keys(scenarios) as Name[])("the same is seen after kill -9: %s", (name) => {
  expect(after[name]).toEqual(before[name]);
});

test("recovery writes nothing", () => {
  expect(later.map(({ kind }: EntryView) => kind)).toEqual([
    "PendingAgentInvocation",
    "AgentInvocationStarted",
    "AgentInvocationFinished",
  ]);
});

/** The first of several readings of one clock, all of which must agree. */
function agreed(readings: unknown): number {
  const [first, ...rest] = readings as number[];
  expect(rest.map((reading) => Math.floor(reading / 1000))).toEqual(
    rest.map(() => Math.floor((first ?? 0) / 1000)),
  );
  return first ?? 0;
}

test("dates, formats and files tell the time of the record", () => {
  expect(before.formats).toMatchObject({ present: true, parts: true, given: true, same: true });
  expect(before.dates).toMatchObject({ same: true, constructor: true });
  const { present, clock, origin } = before.dates as Record<
    "present" | "clock" | "origin",
    unknown
  >;
  expect(agreed(clock)).toBe(agreed(present) - (origin as number));
  const files = before.files as { present: number[] };
  expect(before.files).toMatchObject({ given: 5, files: true });
  expect(new Set(files.present).size).toBe(1);
});

test("AbortSignal.timeout and scheduler.wait are recorded waits; an aborted one is cancelled", () => {
  expect(before.timeout).toEqual({ name: "TimeoutError", thrown: true, isDom: true, after: true });
  expect(before.wait).toEqual(["enough", "The operation was aborted", "fulfilled", "fulfilled"]);
  const waits = recorded.filter(({ request }) => JSON.stringify(request) === '{"ms":60000}');
  expect(waits).toHaveLength(1);
  const ends = recorded.filter(({ start }) => start === waits[0]?.index);
  expect(ends.map(({ kind }) => kind)).toEqual(["Cancelled"]);
  expect(recorded.some(({ request }) => JSON.stringify(request) === '{"ms":30}')).toBe(true);
});

test("weak references hold, and nobody is told of a collection", () => {
  expect(before.weak).toEqual({
    held: true,
    kinds: ["[object WeakRef]", "[object FinalizationRegistry]"],
    is: true,
    unregistered: [true, false],
  });
});

test("timers have ids of their invocation, and those of a step can be cleared", () => {
  expect(before.timers).toEqual([2, 3, 4, true]);
});

test("messages between ports arrive", () => {
  expect(before.messages).toBe(5);
});

test("the other methods of the console write as a console prints, once", () => {
  const lines = recorded.flatMap(({ kind, level, message }) =>
    kind === "Log" ? [`${level as string}: ${message as string}`] : [],
  );
  expect(lines).toEqual([
    "log: [ { a: 1 } ]",
    "log: group 1",
    "log: default: 1",
    "log: x: 1",
    "log: default: 2",
    "log: default: 1",
    "log: t: 0ms more",
    "log: t: 0ms",
    "warn: Timer 't' does not exist",
    "error: Assertion failed",
    "error: Assertion failed: a 5",
    "error: Assertion failed: { x: 1 }",
    "debug: traced",
    "log: dirxml",
    "log: context",
    "error: Uncaught: TypeError: reported",
    "error: Uncaught in a microtask: RangeError: in a microtask",
  ]);
});

test("there are no globals of Node's", () => {
  expect(before.none).toEqual(Array.from({ length: 5 }, () => "undefined"));
});
