/** Automatic snapshots through the API: when they are taken, what is in them, and recovery from them. */
import { describe, expect, test } from "vitest";
import type { EntryView } from "../../src/core/api/views.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, place } = site;

const counter = (statics: string, body = ""): string => `
  import { Agent, AgentError, sleep } from "perdure";
  let loads = 0;
  export class Counter extends Agent {
    ${statics}
    count = 0;
    add(by = 1) { return (this.count += by); }
    fail() { this.count += 1; throw new AgentError("no"); }
    state() { return { ...this }; }
    loads() { return loads; }
    ${body}
  }`;

const every = (n: number): string => `static snapshots = { everyInvocations: ${n} };`;

async function times(n: number, call: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < n; done++) await call();
}

/** Snapshots are taken after the answer, so a test waits for them. */
function snapshotsOf(agent: string, count: number): Promise<readonly EntryView[]> {
  return until(
    async () => (await api.oplog(agent)).filter(({ kind }) => kind === "Snapshot"),
    (snapshots) => snapshots.length >= count,
  );
}

/** How many method invocations had finished when the entry was written. */
async function finishedBefore(agent: string, index: number): Promise<number> {
  const entries = await api.oplog(agent);
  return entries.filter((entry) => entry.kind === "AgentInvocationFinished" && entry.index < index)
    .length;
}

describe("the policy", () => {
  test("by default a Snapshot stands right after the 100th finished invocation, and the 200th", async () => {
    const { agent } = await place("Counter", counter(""));
    await times(99, () => api.result(agent, "add"));
    expect((await api.oplog(agent)).some(({ kind }) => kind === "Snapshot")).toBe(false);
    await api.result(agent, "add");
    const [first] = await snapshotsOf(agent, 1);
    expect(first?.index).toBe(302);
    expect(first).toEqual({
      index: 302,
      at: expect.any(String) as string,
      kind: "Snapshot",
      mime: "application/json",
      revision: 1,
      bytes: expect.any(Number) as number,
      snapshot: { count: 100 },
    });
    expect(await api.agent(agent)).toMatchObject({
      lastAutomaticSnapshotIndex: 302,
      lastManualUpdateSnapshotIndex: null,
    });
    await times(100, () => api.result(agent, "add"));
    const second = (await snapshotsOf(agent, 2))[1];
    expect(second).toMatchObject({ index: 603, snapshot: { count: 200 } });
  });

  test("everyInvocations: after each n-th, whatever its outcome; initialization does not count", async () => {
    const { agent } = await place("Counter", counter(every(3), "onCreate() { this.made = true; }"));
    await api.send("PUT", agent);
    await api.result(agent, "add");
    await api.invoke(agent, "fail");
    await api.result(agent, "add");
    const [first] = await snapshotsOf(agent, 1);
    expect(first?.["snapshot"]).toEqual({ count: 3, made: true });
    expect(await finishedBefore(agent, first?.index ?? 0)).toBe(4);
  });

  test("enqueued ones count as well: a Snapshot between the n-th and what follows it", async () => {
    const { agent } = await place("Counter", counter(every(4)));
    for (let n = 1; n <= 10; n++)
      await api.invoke(agent, "add", { key: `k${n}`, query: "?mode=enqueue" });
    await api.get(`${agent}/invocations/k10?wait=30`);
    const snapshots = await snapshotsOf(agent, 2);
    const finished = await Promise.all(snapshots.map(({ index }) => finishedBefore(agent, index)));
    expect(finished).toEqual([4, 8]);
    expect(await api.result(agent, "add")).toBe(11);
  });

  test("concurrent awaited ones count as well", async () => {
    const { agent } = await place("Counter", counter(every(5)));
    await Promise.all(Array.from({ length: 20 }, () => api.result(agent, "add")));
    const snapshots = await snapshotsOf(agent, 4);
    const finished = await Promise.all(snapshots.map(({ index }) => finishedBefore(agent, index)));
    expect(finished).toEqual([5, 10, 15, 20]);
  });

  test("the count survives kill -9", async () => {
    const { agent } = await place("Counter", counter(every(4)));
    await times(3, () => api.result(agent, "add"));
    await site.crash();
    await api.result(agent, "add");
    const [first] = await snapshotsOf(agent, 1);
    expect(await finishedBefore(agent, first?.index ?? 0)).toBe(4);
  });

  test("disabled: none", async () => {
    const { agent } = await place("Counter", counter(`static snapshots = "disabled";`));
    await times(120, () => api.result(agent, "add"));
    expect((await api.oplog(agent)).filter(({ kind }) => kind === "Snapshot")).toEqual([]);
  });

  test("everySeconds: one after the time, and no other while nothing is new", async () => {
    const { agent } = await place("Counter", counter("static snapshots = { everySeconds: 0.5 };"));
    await api.result(agent, "add");
    await snapshotsOf(agent, 1);
    await api.result(agent, "add");
    const two = await snapshotsOf(agent, 2);
    const gap = Date.parse(two[1]?.at ?? "") - Date.parse(two[0]?.at ?? "");
    expect(gap).toBeGreaterThanOrEqual(490);
    const { lastOplogIndex } = await api.agent(agent);
    const other = await place("Counter", counter("static snapshots = { everySeconds: 0.5 };"));
    await api.result(other.agent, "add");
    await snapshotsOf(other.agent, 1);
    expect((await api.agent(agent)).lastOplogIndex).toBe(lastOplogIndex);
  });
});

describe("recovery after kill -9", () => {
  test("begins at the snapshot: the instance is fresh, and only the tail is replayed", async () => {
    const hooks = `
      calls = [];
      add(by = 1) { this.calls.push(by); this.runs = (this.runs ?? 0) + 1; return (this.count += by); }
      saveSnapshot() { return { saved: this.count }; }
      loadSnapshot(state, meta) { loads++; this.count = state.saved; this.loaded = [state, meta]; }`;
    const { agent } = await place("Counter", counter(every(5), hooks));
    await times(5, () => api.result(agent, "add", 10));
    await snapshotsOf(agent, 1);
    await times(2, () => api.result(agent, "add", 1));
    await site.crash();
    expect(await api.result(agent, "state")).toEqual({
      calls: [1, 1],
      count: 52,
      loaded: [{ saved: 50 }, { revision: 1 }],
      runs: 2,
    });
    expect(await api.result(agent, "loads")).toBe(1);
  });

  test("onCreate is not called again; fields, Map, Date and bytes come back whole", async () => {
    const body = `
      map = new Map(); set = new Set(); when; bytes; big = 1n; nothing;
      onCreate() { this.created = Math.random(); this.shared = { x: 1 }; this.also = this.shared; }
      fill() { this.map.set("a", { b: [1] }); this.set.add("s"); this.when = new Date(); this.bytes = new Uint8Array([1, 2]); this.big = 2n ** 70n; }
      tell() { return { map: [...this.map], set: [...this.set], when: this.when.getTime(), isDate: this.when instanceof Date,
        bytes: [...this.bytes], big: String(this.big), created: this.created, same: this.shared === this.also, has: "nothing" in this }; }`;
    const { agent } = await place("Counter", counter(every(3), body));
    await api.result(agent, "fill");
    const told = await api.result(agent, "tell");
    await api.result(agent, "add");
    await snapshotsOf(agent, 1);
    await site.crash();
    expect(await api.result(agent, "tell")).toEqual(told);
  });

  test("a snapshot of bytes", async () => {
    const hooks = `
      saveSnapshot() { return new TextEncoder().encode("count=" + this.count); }
      async loadSnapshot(state) { await null; this.kind = state.constructor.name; this.count = Number(new TextDecoder().decode(state).slice(6)); }`;
    const { agent } = await place("Counter", counter(every(2), hooks));
    await times(2, () => api.result(agent, "add", 21));
    const [snapshot] = await snapshotsOf(agent, 1);
    expect(snapshot).toMatchObject({ mime: "application/octet-stream", bytes: 8 });
    expect(atob(snapshot?.["snapshot"] as string)).toBe("count=42");
    await site.crash();
    expect(await api.result(agent, "state")).toEqual({ count: 42, kind: "Uint8Array" });
  });

  test("a custom loadSnapshot gets the fields of a default save, by name", async () => {
    const hooks = `name = "x"; loadSnapshot(state) { this.got = Object.keys(state).sort(); Object.assign(this, state); }`;
    const { agent } = await place("Counter", counter(every(2), hooks));
    await times(2, () => api.result(agent, "add"));
    await snapshotsOf(agent, 1);
    await site.crash();
    expect(await api.result(agent, "state")).toEqual({
      count: 2,
      name: "x",
      got: ["count", "name"],
    });
  });

  test("a snapshot that cannot be loaded: SnapshotRecoveryFailed, then the whole history", async () => {
    const hooks = `loadSnapshot() { throw new RangeError("cannot load this"); }`;
    const { agent } = await place("Counter", counter(every(3), hooks));
    await times(4, () => api.result(agent, "add"));
    const [snapshot] = await snapshotsOf(agent, 1);
    await site.crash();
    expect(await api.result(agent, "add")).toBe(5);
    const failures = (await api.oplog(agent)).filter(
      ({ kind }) => kind === "SnapshotRecoveryFailed",
    );
    expect(failures.map(({ snapshotIndex, detail }) => [snapshotIndex, detail])).toEqual([
      [snapshot?.index, expect.stringContaining("cannot load this")],
    ]);
  });

  test("large snapshots are split and whole again", async () => {
    const body = `grow(size) { this.text = "é".repeat(size / 2); } size() { return this.text.length; }`;
    const { agent } = await place("Counter", counter(every(1), body));
    await api.result(agent, "grow", 6_000_000);
    const [snapshot] = await snapshotsOf(agent, 1);
    expect(snapshot?.["bytes"]).toBeGreaterThan(6_000_000);
    await site.crash();
    expect(await api.result(agent, "size")).toBe(3_000_000);
  });
});

test("of four snapshots the two newest are kept, the others are marked collected", async () => {
  const { agent } = await place("Counter", counter(every(2)));
  await times(8, () => api.result(agent, "add"));
  const snapshots = await snapshotsOf(agent, 4);
  expect(snapshots.map(({ snapshot, collected }) => [snapshot, collected])).toEqual([
    [undefined, true],
    [undefined, true],
    [{ count: 6 }, undefined],
    [{ count: 8 }, undefined],
  ]);
  await site.crash();
  expect(await api.result(agent, "add")).toBe(9);
});

describe("a snapshot that cannot be saved", () => {
  test.each([
    ["a field that cannot be cloned", `helper = { call: () => 1 };`, "helper"],
    [
      "a hook that throws",
      `saveSnapshot() { throw new RangeError("cannot save"); }`,
      "cannot save",
    ],
    ["a hook that gives a function", `saveSnapshot() { return { inner: [() => 1] }; }`, "inner"],
  ])(
    "%s: a Log with the reason, the agent usable, and the next try after the same interval",
    async (_, body, reason) => {
      const { agent } = await place("Counter", counter(every(3), body));
      const logs = async (): Promise<readonly EntryView[]> =>
        (await api.oplog(agent)).filter(
          ({ kind, message }) => kind === "Log" && (message as string).includes(reason),
        );
      await times(3, () => api.result(agent, "add"));
      const [first] = await until(logs, ({ length }) => length === 1);
      expect(await finishedBefore(agent, first?.index ?? 0)).toBe(3);
      await times(2, () => api.result(agent, "add"));
      expect(await logs()).toHaveLength(1);
      expect(await api.result(agent, "add")).toBe(6);
      const second = (await until(logs, ({ length }) => length === 2))[1];
      expect(await finishedBefore(agent, second?.index ?? 0)).toBe(6);
      const seen = await api.agent(agent);
      expect([seen.status, seen.lastAutomaticSnapshotIndex]).toEqual(["idle", null]);
    },
  );
});
