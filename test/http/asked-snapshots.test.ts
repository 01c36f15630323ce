/** http-api: snapshots that are asked for, and what GET A/snapshots/{index} gives. */
import { beforeAll, describe, expect, test } from "vitest";
import type { EntryView, SnapshotView } from "../../src/core/api/views.ts";
import { agentPath, type Answer } from "./support/api.ts";
import { problemOf } from "./support/problem.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, fresh } = site;

const script = `
import { Agent, AgentError, sleep } from "perdure";
let loads = 0;
export class Counter extends Agent {
  static snapshots = "disabled";
  count = 0;
  add() { return ++this.count; }
  fail() { throw new AgentError("no"); }
  async nap(duration) { await sleep(duration); return ++this.count; }
}
export class Rich extends Agent {
  when = new Date(0); names = new Map([["a", new Set([1n])]]);
  touch() { this.self = this; }
}
export class Binary extends Agent {
  saveSnapshot() { return new Uint8Array([0, 255, 7]); }
  loadSnapshot() {}
  touch() {}
}
export class Text extends Agent {
  saveSnapshot() { return { text: "ä" }; }
  loadSnapshot(state) { loads += 1; this.state = state; }
  touch() { return [loads, this.state ?? null]; }
}
export class Unsaved extends Agent {
  saves = 0;
  saveSnapshot() { this.saves++; throw new Error("the disk is full"); }
  touch() { return this.saves; }
}
export class Stillborn extends Agent { onCreate() { throw new Error("no luck"); } touch() {} }
`;

beforeAll(async () => {
  await api.upload("shots", script);
});

async function living(type: string, method = "touch"): Promise<string> {
  const agent = agentPath("shots", type, fresh("key"));
  await api.invoke(agent, method);
  return agent;
}

function take(agent: string): Promise<Answer<SnapshotView>> {
  return api.send<SnapshotView>("POST", `${agent}/snapshot`);
}

async function bytesOf(agent: string, index: number): Promise<[string | null, Uint8Array]> {
  const response = await fetch(`${api.url}${agent}/snapshots/${index}`);
  expect(response.status).toBe(200);
  return [response.headers.get("content-type"), new Uint8Array(await response.arrayBuffer())];
}

async function statusOf(agent: string, name: string): Promise<void> {
  await until(
    async () => (await api.agent(agent)).status,
    (seen) => seen === name,
  );
}

describe("POST A/snapshot", () => {
  test("takes an automatic-kind snapshot now, also where the policy is disabled", async () => {
    const agent = await living("Counter", "add");
    const taken = await take(agent);
    const last = (await api.oplog(agent)).at(-1) as EntryView;
    expect(last).toMatchObject({ kind: "Snapshot", revision: 1, snapshot: { count: 1 } });
    const { index, mime, bytes } = last;
    expect([taken.status, taken.body]).toEqual([201, { index, mime, bytes }]);
    expect(await api.agent(agent)).toMatchObject({
      lastAutomaticSnapshotIndex: index,
      lastManualUpdateSnapshotIndex: null,
    });
  });

  test("recovery begins at it; it is taken of an agent that is not in memory as well", async () => {
    const agent = await living("Text");
    await site.crash();
    const taken = await take(agent);
    expect(taken.status).toBe(201);
    await site.crash();
    expect(await api.result(agent, "touch")).toEqual([1, { text: "ä" }]);
  });

  test("waits for calls that take no time, and does not overtake what they did", async () => {
    const agent = await living("Counter", "add");
    const calls = Array.from({ length: 30 }, () => api.result(agent, "add"));
    // Two at the most, for a third would let the first be collected.
    const taken = await Promise.all([take(agent), take(agent)]);
    await Promise.all(calls);
    const entries = await api.oplog(agent);
    for (const { status, body } of taken) {
      expect(status).toBe(201);
      const before = entries.filter(({ index }) => index < body.index);
      const finished = before.filter(({ kind }) => kind === "AgentInvocationFinished").length;
      expect(entries[body.index - 1]?.["snapshot"]).toEqual({ count: finished });
    }
  });

  test.each([
    ["3s", "running"],
    ["1h", "suspended"],
  ])("409 while an invocation sleeps for %s", async (duration, name) => {
    const agent = await living("Counter", "add");
    await api.invoke(agent, "nap", { args: [duration], query: "?mode=enqueue" });
    await statusOf(agent, name);
    const before = await api.oplog(agent);
    const problem = problemOf(await take(agent), 409, "not-snapshottable");
    expect(problem.detail).toMatch(/in progress/);
    await api.send("POST", `${agent}/interrupt`);
    expect(problemOf(await take(agent), 409, "not-snapshottable").detail).toMatch(/interrupted/);
    expect((await api.oplog(agent)).slice(0, before.length)).toEqual(before);
    expect((await api.oplog(agent)).some(({ kind }) => kind === "Snapshot")).toBe(false);
  });

  test("409 for a failed agent, with the reason", async () => {
    const agent = await living("Stillborn");
    const problem = problemOf(await take(agent), 409, "not-snapshottable");
    expect(problem.lastError).toMatchObject({ message: "no luck" });
  });

  test("409 when saving fails: nothing is written, and a fresh instance goes on", async () => {
    const agent = await living("Unsaved");
    const before = await api.oplog(agent);
    const problem = problemOf(await take(agent), 409, "not-snapshottable");
    expect(problem.detail).toMatch(/the disk is full/);
    expect(await api.oplog(agent)).toEqual(before);
    expect(await api.result(agent, "touch")).toBe(0);
  });

  test("404 without an agent; it is not created", async () => {
    const agent = agentPath("shots", "Counter", fresh("key"));
    problemOf(await take(agent), 404, "agent-not-found");
    expect((await api.get(agent)).status).toBe(404);
  });
});

describe("GET A/snapshots/{index}", () => {
  test("JSON as it was saved", async () => {
    const agent = await living("Text");
    const { index, bytes } = (await take(agent)).body;
    const [mime, content] = await bytesOf(agent, index);
    expect(mime).toBe("application/json");
    expect(new TextDecoder().decode(content)).toBe('{"text":"ä"}');
    expect(content).toHaveLength(bytes);
  });

  test("bytes as they were saved", async () => {
    const agent = await living("Binary");
    const { index, mime, bytes } = (await take(agent)).body;
    expect([mime, bytes]).toEqual(["application/octet-stream", 3]);
    expect(await bytesOf(agent, index)).toEqual([mime, new Uint8Array([0, 255, 7])]);
  });

  test("what JSON cannot say as close to it as it comes", async () => {
    const agent = await living("Rich");
    const [mime, content] = await bytesOf(agent, (await take(agent)).body.index);
    expect(mime).toBe("application/json");
    expect(JSON.parse(new TextDecoder().decode(content))).toMatchObject({
      when: "1970-01-01T00:00:00.000Z",
      names: [["a", ["1"]]],
    });
  });

  test("of a manual update: at the index of its PendingUpdate", async () => {
    const component = fresh();
    await api.upload(component, script);
    const agent = agentPath(component, "Counter", "one");
    await api.result(agent, "add");
    await api.upload(component, `${script}\n// 2`);
    await api.send("POST", `${agent}/update`, { json: { revision: 2, mode: "manual" } });
    const { lastManualUpdateSnapshotIndex } = await until(
      () => api.agent(agent),
      ({ updates }) => updates.successful.length === 1,
    );
    const [, content] = await bytesOf(agent, lastManualUpdateSnapshotIndex ?? 0);
    expect(new TextDecoder().decode(content)).toBe('{"count":1}');
  });

  test("404 for entries that hold none, and for collected ones", async () => {
    const agent = await living("Counter", "add");
    const taken = [await take(agent), await take(agent), await take(agent)];
    const [first, ...kept] = taken.map(({ body }) => body.index);
    for (const index of [0, 1, first, 999_999_999]) {
      problemOf(await api.get(`${agent}/snapshots/${index}`), 404, "snapshot-not-found");
    }
    for (const index of kept) expect((await bytesOf(agent, index))[0]).toBe("application/json");
    const shown = (await api.oplog(agent)).filter(({ kind }) => kind === "Snapshot");
    expect(shown.map(({ collected }) => collected === true)).toEqual([true, false, false]);
    problemOf(await api.get(`${agent}/snapshots/x`), 400, "invalid-request");
    problemOf(
      await api.get(`${agentPath("shots", "Counter", "none")}/snapshots/1`),
      404,
      "agent-not-found",
    );
  });
});
