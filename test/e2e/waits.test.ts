/** Waits of any length: agents that wait long are out of memory, and no wake-up is lost or comes early. */
import { describe, expect, test } from "vitest";
import type { EntryView } from "../../src/core/api/views.ts";
import type { AgentClient } from "./support/api.ts";
import { hostForFile } from "./support/host.ts";
import { until } from "./support/until.ts";

const host = hostForFile();

const code = `import { Agent, sleep } from "perdure";
export class Box extends Agent {
  seen = [];
  #note(what) { this.seen.push([what, Date.now()]); }

  async mixed() {
    const cleared = setTimeout(() => this.#note("cleared"), 24_100);
    const ticking = setInterval(() => this.#note("tick"), 12_000);
    setTimeout((what) => this.#note(what), 12_600, "timeout");
    await Promise.all([
      sleep(500).then(() => this.#note("short sleep")),
      sleep("12.3s").then(() => { this.#note("long sleep"); clearTimeout(cleared); }),
      scheduler.wait(24_500).then(() => this.#note("wait")),
    ]);
    clearInterval(ticking);
    return "mixed";
  }
  async overdue() {
    await Promise.all([12_900, 12_300, 12_600].map((ms) => new Promise((resolve) =>
      setTimeout(() => { this.#note(ms); resolve(); }, ms))));
  }
  async nap(duration) {
    await sleep(duration);
    this.#note("awake");
    return "rested";
  }
  async fire(ms) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.#note("fired");
  }
  async none() {
    const order = [];
    await Promise.all([
      sleep(0).then(() => order.push("sleep(0)")),
      sleep(-5).then(() => order.push("sleep(-5)")),
      sleep("0s").then(() => order.push("sleep(0s)")),
      scheduler.wait(-1).then(() => order.push("wait(-1)")),
      new Promise((resolve) => setTimeout(resolve)).then(() => order.push("setTimeout()")),
      new Promise((resolve) => setTimeout(resolve, -1)).then(() => order.push("setTimeout(-1)")),
      new Promise((resolve) => setTimeout(resolve, NaN)).then(() => order.push("setTimeout(NaN)")),
    ]);
    return order;
  }
  note(what) { this.#note(what); return this.seen.length; }
  look() { return this.seen; }
}`;

type Seen = [what: unknown, at: number][];

const box = (name: string): Promise<AgentClient> => host.box(name, code);

async function post(name: string, verb: string, json?: unknown): Promise<number> {
  const url = `${host.api.url}/v1/agents/${name}/Box/${name}/${verb}`;
  const headers = { "content-type": "application/json" };
  const init = json === undefined ? {} : { headers, body: JSON.stringify(json) };
  return (await fetch(url, { method: "POST", ...init })).status;
}

/** Where it parked by itself; a resume writes a `Suspend` with a reason. */
function parkings(oplog: readonly EntryView[]): EntryView[] {
  return oplog.filter(({ kind, reason }) => kind === "Suspend" && reason === undefined);
}

/** Waits until it has parked so many times. */
async function parked(agent: AgentClient, times: number): Promise<void> {
  await until(`it had parked ${times} times`, async () =>
    parkings(await agent.oplog()).length >= times ? true : undefined,
  );
  await agent.reaches("suspended");
}

/** When the sleep that an agent is in ends by its record. */
async function dueOf(agent: AgentClient): Promise<number> {
  const start = (await agent.oplog()).findLast(({ call }) => call === "sleep");
  if (start === undefined) throw new Error("it does not sleep");
  return Date.parse(start.at) + (start["request"] as { ms: number }).ms;
}

async function looked(agent: AgentClient): Promise<Seen> {
  return (await agent.invoke("look")) as Seen;
}

describe.concurrent("a wait", () => {
  test("of timers, an interval and several sleepers: each ends in its time, over several suspensions", async () => {
    const agent = await box("mixed");
    const key = await agent.enqueue("mixed");
    await agent.reaches("suspended");
    const { result, startedAt = "" } = await until(
      "it had ended",
      async () => {
        const { body } = await agent.invocation(key, 30);
        return body.finishedAt === undefined ? undefined : body;
      },
      60_000,
    );
    expect(result).toBe("mixed");
    const seen = await looked(agent);
    expect(seen.map(([what]) => what)).toEqual([
      "short sleep",
      "tick",
      "long sleep",
      "timeout",
      "tick",
      "wait",
    ]);
    const began = Date.parse(startedAt);
    for (const [at, ms] of [500, 12_000, 12_300, 12_600, 24_000, 24_500].entries()) {
      expect(seen[at]?.[1]).toBeGreaterThanOrEqual(began + ms);
    }
    const oplog = await agent.oplog();
    expect(parkings(oplog).length).toBeGreaterThanOrEqual(2);
    expect(oplog.filter(({ kind }) => kind === "Cancelled")).toHaveLength(2);
    expect(oplog.filter(({ kind }) => kind === "Log")).toEqual([]);
    expect(await post("mixed", "interrupt", { recover: true })).toBe(200);
    expect(await looked(agent)).toEqual(seen);
  });

  test("that is woken early parks again, as often as it is, and ends in its time, once", async () => {
    const agent = await box("resumed");
    const key = await agent.enqueue("nap", "14s");
    await parked(agent, 1);
    for (const times of [2, 3]) {
      expect(await post("resumed", "resume")).toBe(202);
      await parked(agent, times);
    }
    const due = await dueOf(agent);
    expect(new Set(parkings(await agent.oplog()).map((entry) => entry["until"])).size).toBe(1);
    expect(await agent.outcome(key)).toMatchObject({ status: "completed", result: "rested" });
    const oplog = await agent.oplog();
    const ends = oplog.filter(({ kind }) => kind === "End");
    expect(ends).toHaveLength(1);
    expect(Date.parse(ends[0]?.at ?? "")).toBeGreaterThanOrEqual(due);
    expect(parkings(oplog)).toHaveLength(3);
  });

  test("holds back the invocations that come meanwhile; they run after it, in order", async () => {
    const agent = await box("queued");
    const key = await agent.enqueue("nap", 12_000);
    await agent.reaches("suspended");
    const later = [await agent.enqueue("note", "b"), await agent.enqueue("note", "c")];
    expect(await agent.view()).toMatchObject({ status: "suspended", pendingInvocations: 2 });
    expect((await agent.invocation(later[0] ?? "")).body.status).toBe("pending");
    const due = await dueOf(agent);
    expect(await agent.outcome(key)).toMatchObject({ result: "rested" });
    await agent.outcome(later[1] ?? "");
    const seen = await looked(agent);
    expect(seen.map(([what]) => what)).toEqual(["awake", "b", "c"]);
    expect(seen[0]?.[1]).toBeGreaterThanOrEqual(due);
  });

  test("that is interrupted does not end until it is resumed; resumed before its time it parks again", async () => {
    const [agent, early] = [await box("interrupted"), await box("parked")];
    const key = await agent.enqueue("nap", 11_000);
    const other = await early.enqueue("nap", 13_000);
    await Promise.all([agent.reaches("suspended"), early.reaches("suspended")]);
    expect(await post("interrupted", "interrupt")).toBe(200);
    expect(await post("parked", "interrupt")).toBe(200);
    expect(await early.view()).toMatchObject({ status: "interrupted" });
    expect(await post("parked", "resume")).toBe(202);
    await parked(early, 2);
    expect(await early.outcome(other)).toMatchObject({ result: "rested" });

    const due = await dueOf(agent);
    await until("its time had come", () => (Date.now() > due ? true : undefined));
    expect(await agent.view()).toMatchObject({ status: "interrupted" });
    expect((await agent.invocation(key)).body.finishedAt).toBeUndefined();
    expect(await post("interrupted", "resume")).toBe(202);
    expect(await agent.outcome(key)).toMatchObject({ status: "completed", result: "rested" });
  });

  test.each([
    ["months", "nap", "60d", 60 * 86_400_000],
    ["timer", "fire", 2 ** 31 + 5, 2 ** 31 + 5],
    ["centuries", "nap", Number.MAX_VALUE, 100 * 365 * 86_400_000],
  ] as const)(
    "longer than platform timers hold is suspended until then, woken early or not: %s",
    async (name, method, duration, ms) => {
      const agent = await box(name);
      await agent.enqueue(method, duration);
      const { nextWakeAt = "" } = await agent.reaches("suspended");
      const start = (await agent.oplog()).find(({ call }) => call === "sleep");
      expect(Date.parse(nextWakeAt)).toBe(Date.parse(start?.at ?? "") + ms);
      expect(await post(name, "resume")).toBe(202);
      await parked(agent, 2);
      expect(await agent.view()).toMatchObject({ status: "suspended", nextWakeAt });
    },
  );

  test("of no length, or less, ends in the order in which it was begun", async () => {
    const agent = await box("none");
    const order = [
      "sleep(0)",
      "sleep(-5)",
      "sleep(0s)",
      "wait(-1)",
      "setTimeout()",
      "setTimeout(-1)",
      "setTimeout(NaN)",
    ];
    expect(await agent.invoke("none")).toEqual(order);
    expect(parkings(await agent.oplog())).toEqual([]);
  });
});

test("timers that became due while the server was down fire in the order of their times", async () => {
  const agent = await box("overdue");
  const key = await agent.enqueue("overdue");
  await agent.reaches("suspended");
  const due = Date.parse((await agent.view()).nextWakeAt ?? "") + 600;
  await host.server.kill9();
  await until("all were due", () => (Date.now() > due ? true : undefined));
  await host.server.restart();
  expect(await agent.outcome(key)).toMatchObject({ status: "completed" });
  expect((await looked(agent)).map(([what]) => what)).toEqual([12_300, 12_600, 12_900]);
  expect(parkings(await agent.oplog())).toHaveLength(1);
});
