/** semantics 8: revert back over updates and snapshots, and while they are under way. */
import { describe, expect, test } from "vitest";
import type { AgentView } from "../../src/core/api/views.ts";
import type { Answer } from "./support/api.ts";
import { problemOf } from "./support/problem.ts";
import { openReceiver, type Receiver } from "./support/receiver.ts";
import { openSite, type Place } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, place } = site;

interface Code {
  readonly step?: number;
  readonly members?: string;
  readonly policy?: string;
}

/** Each revision adds another number, so history replays on no other. */
const counter = ({ step = 1, members = "", policy = '"disabled"' }: Code = {}): string => `
  import { Agent, RetryableError, sleep } from "perdure";
  let loads = 0;
  export class Counter extends Agent {
    static snapshots = ${policy};
    static methods = { look: { readOnly: true } };
    count = 0;
    add() { return (this.count += ${step}); }
    state() { return { ...this, loads }; }
    look() { return this.count; }
    tell() { return ${step}; }
    async nap(duration) { await sleep(duration); return ++this.count; }
    retry() { this.count += 50; throw new RetryableError("later", { afterMs: 3600000 }); }
    loadSnapshot(state) { loads++; Object.assign(this, state); }
    ${members}
  }`;

async function revert(agent: string, json: unknown): Promise<AgentView> {
  const answer: Answer<AgentView> = await api.send("POST", `${agent}/revert`, { json });
  expect([answer.status, answer.text.slice(0, 500)]).toEqual([200, expect.any(String)]);
  return answer.body;
}

async function update(agent: string, mode: string, revision: number): Promise<void> {
  const answer = await api.send("POST", `${agent}/update`, { json: { mode, revision } });
  expect(answer.status).toBe(202);
}

async function updated(agent: string, mode: string, revision: number): Promise<AgentView> {
  await update(agent, mode, revision);
  return until(
    () => api.agent(agent),
    ({ updates }) => updates.pending.length === 0,
  );
}

async function counted({ component, agent }: Place, ...more: readonly string[]): Promise<number> {
  await api.result(agent, "add");
  for (const script of more) await api.upload(component, script);
  await api.result(agent, "add");
  return (await api.agent(agent)).lastOplogIndex;
}

async function crashes(times: number, each: () => Promise<void>): Promise<void> {
  for (let nth = 0; nth < times; nth++) {
    await site.crash();
    await each();
  }
}

/** A receiver whose `/hold` is never answered. */
function holding(): Promise<Receiver> {
  return openReceiver(({ path }, response) => {
    if (path !== "/hold") response.end("ok");
  });
}

async function arrived({ received }: Receiver, count: number): Promise<void> {
  await until(
    () => received.length,
    (seen) => seen >= count,
  );
}

const none = { pending: [], successful: [], failed: [] };

describe("back over an update", () => {
  test("automatic: the old revision is in force, and the update has never been", async () => {
    const at = await place("Counter", counter());
    const cut = await counted(at, counter({ members: "more() { return 1; }" }));
    expect((await updated(at.agent, "automatic", 2)).revision).toBe(2);
    await api.result(at.agent, "more");
    expect(await revert(at.agent, { toIndex: cut })).toMatchObject({ revision: 1, updates: none });
    problemOf(await api.invoke(at.agent, "more"), 404, "method-not-found");
    expect(await api.result(at.agent, "add")).toBe(3);
    await site.crash();
    expect(await api.result(at.agent, "add")).toBe(4);
    expect((await updated(at.agent, "automatic", 2)).revision).toBe(2);
  });

  test("failed: it is in no list any more", async () => {
    const at = await place("Counter", counter());
    const cut = await counted(at, counter({ step: 5 }));
    const seen = await updated(at.agent, "automatic", 2);
    expect(seen.updates.failed).toHaveLength(1);
    expect(await revert(at.agent, { toIndex: cut })).toMatchObject({ updates: none });
    expect(await api.result(at.agent, "tell")).toBe(1);
  });

  test("manual, then ten restarts: the old revision replays the old history, with invocations after it", async () => {
    const at = await place("Counter", counter());
    const cut = await counted(at, counter({ step: 10 }));
    const seen = await updated(at.agent, "manual", 2);
    const saved = seen.lastManualUpdateSnapshotIndex ?? 0;
    expect(await api.result(at.agent, "add")).toBe(12);
    const back = await revert(at.agent, { toIndex: cut - 3 });
    expect(back).toMatchObject({
      revision: 1,
      status: "idle",
      updates: none,
      lastManualUpdateSnapshotIndex: null,
      skippedRegions: [[cut - 2, back.lastOplogIndex - 1]],
    });
    problemOf(await api.get(`${at.agent}/snapshots/${saved}`), 404, "snapshot-not-found");
    let count = 1;
    await crashes(10, async () => {
      count += 1;
      expect(await api.result(at.agent, "add")).toBe(count);
    });
    expect(await api.result(at.agent, "state")).toEqual({ count, loads: 0 });
    expect(await api.agent(at.agent)).toMatchObject({ status: "idle", revision: 1 });
  });

  test("the second of two manual ones: the base is the snapshot of the first", async () => {
    const at = await place("Counter", counter());
    await counted(at, counter({ step: 10 }), counter({ step: 100 }));
    const first = await updated(at.agent, "manual", 2);
    await api.result(at.agent, "add");
    const { lastOplogIndex: cut } = await api.agent(at.agent);
    await updated(at.agent, "manual", 3);
    expect(await api.result(at.agent, "add")).toBe(112);
    expect(await revert(at.agent, { toIndex: cut })).toMatchObject({
      revision: 2,
      lastManualUpdateSnapshotIndex: first.lastManualUpdateSnapshotIndex,
    });
    await crashes(2, async () => {
      expect(await api.result(at.agent, "state")).toMatchObject({ count: 12, loads: 1 });
    });
    expect(await api.result(at.agent, "add")).toBe(22);
  });

  test("manual, to right after its snapshot: the update is pending again and applied again, once", async () => {
    const at = await place("Counter", counter());
    await counted(at, counter({ step: 10 }));
    const seen = await updated(at.agent, "manual", 2);
    await api.result(at.agent, "add");
    await revert(at.agent, { toIndex: seen.lastManualUpdateSnapshotIndex });
    const again = await until(
      () => api.agent(at.agent),
      ({ updates }) => updates.pending.length === 0,
    );
    expect(again.revision).toBe(2);
    expect(again.updates.successful.map(({ id }) => id)).toEqual(
      seen.updates.successful.map(({ id }) => id),
    );
    expect(await api.result(at.agent, "add")).toBe(12);
    await site.crash();
    expect(await api.result(at.agent, "add")).toBe(22);
  });

  test("a manual one that waits in the queue survives, like every request that was not attempted", async () => {
    const at = await place("Counter", counter());
    await counted(at, counter({ step: 10 }));
    await api.invoke(at.agent, "nap", { args: ["1h"], query: "?mode=enqueue" });
    await until(
      () => api.agent(at.agent),
      ({ status }) => status === "suspended",
    );
    await update(at.agent, "manual", 2);
    await revert(at.agent, { invocations: 1 });
    const seen = await until(
      () => api.agent(at.agent),
      ({ updates }) => updates.pending.length === 0,
    );
    expect(seen.revision).toBe(2);
    expect(await api.result(at.agent, "add")).toBe(12);
  });
});

describe("while an update is tried", () => {
  test("that hangs: the trial is given up at once, and the update has never been", async () => {
    const receiver = await holding();
    const hang = `async loadSnapshot(state) { await fetch("${receiver.url}/hold"); }`;
    const at = await place("Counter", counter());
    const cut = await counted(at, counter({ step: 10, members: hang }));
    await update(at.agent, "manual", 2);
    await arrived(receiver, 1);
    const pending = api.invoke(at.agent, "add", { key: "pending" });
    await until(
      () => api.agent(at.agent),
      ({ pendingInvocations }) => pendingInvocations === 1,
    );
    expect(await revert(at.agent, { toIndex: cut })).toMatchObject({ revision: 1, updates: none });
    expect((await pending).body).toMatchObject({ status: "completed", result: 3 });
    const kinds = (await api.oplog(at.agent)).map(({ kind }) => kind);
    expect(kinds).not.toContain("FailedUpdate");
    expect(kinds).not.toContain("Error");
    await site.crash();
    expect(await api.result(at.agent, "add")).toBe(4);
    await receiver.close();
  });

  test("and is kept by the cut: it is tried again from what is kept, and concluded once", async () => {
    const receiver = await openReceiver(({ path }, response) => {
      if (path !== "/hold" || receiver.received.length > 1) response.end("ok");
    });
    const hang = `async loadSnapshot(state) { await fetch("${receiver.url}/hold"); Object.assign(this, state); }`;
    const at = await place("Counter", counter());
    await counted(at, counter({ step: 10, members: hang }));
    await update(at.agent, "manual", 2);
    await arrived(receiver, 1);
    await api.invoke(at.agent, "add", { key: "later", query: "?mode=enqueue" });
    const saved = (await api.oplog(at.agent)).find(({ kind }) => kind === "PendingUpdate");
    await revert(at.agent, { toIndex: saved?.index });
    const later = await api.get(`${at.agent}/invocations/later?wait=30`);
    expect(later.body).toMatchObject({ status: "completed", result: 12 });
    const ends = (await api.oplog(at.agent)).filter(({ kind }) =>
      /^\w+fulUpdate|FailedUpdate$/.test(kind),
    );
    expect(ends.map(({ kind }) => kind)).toEqual(["SuccessfulUpdate"]);
    expect(receiver.received).toHaveLength(2);
    await receiver.close();
  });
});

describe("an agent that is not well", () => {
  test("failed, for its manual base cannot be loaded any more: a revert over the update heals it, and what was pending runs", async () => {
    const receiver = await openReceiver((_, response) => {
      response.statusCode = receiver.received.length === 1 ? 200 : 500;
      response.end("ok");
    });
    const load = `async loadSnapshot(state) { if (!(await fetch("${receiver.url}")).ok) throw new Error("faded"); Object.assign(this, state); }`;
    const at = await place("Counter", counter());
    const cut = await counted(at, counter({ step: 10, members: load }));
    expect((await updated(at.agent, "manual", 2)).revision).toBe(2);
    await site.crash();
    problemOf(await api.invoke(at.agent, "add", { key: "refused" }), 409, "agent-failed");
    const back = await revert(at.agent, { toIndex: cut });
    expect(back.revision).toBe(1);
    expect(back).not.toHaveProperty("lastError");
    const ended = await api.get(`${at.agent}/invocations/refused?wait=30`);
    expect(ended.body).toMatchObject({ status: "completed", result: 3 });
    expect(await api.agent(at.agent)).toMatchObject({ status: "idle", revision: 1 });
    await receiver.close();
  });

  test("retrying: it does not try again", async () => {
    const at = await place("Counter", counter());
    await counted(at);
    const told = api.invoke(at.agent, "retry", { key: "retry" });
    await until(
      () => api.agent(at.agent),
      ({ status }) => status === "retrying",
    );
    const back = await revert(at.agent, { invocations: 1 });
    expect(back).toMatchObject({ status: "idle" });
    expect(back).not.toHaveProperty("nextWakeAt");
    problemOf(await told, 409, "invocation-reverted");
    expect(await api.result(at.agent, "add")).toBe(3);
  });
});

describe("snapshots", () => {
  const every = counter({ policy: "{ everyInvocations: 2 }" });

  /** Four snapshots, of which two are left; gives their indices. */
  async function snapshots({ agent }: Place): Promise<readonly number[]> {
    for (let n = 0; n < 8; n++) await api.result(agent, "add");
    const seen = await until(
      async () => (await api.oplog(agent)).filter(({ kind }) => kind === "Snapshot"),
      ({ length }) => length === 4,
    );
    return seen.map(({ index }) => index);
  }

  test("in the range are gone with their payloads, and an older one is the base", async () => {
    const at = await place("Counter", every);
    const [, , third = 0, fourth = 0] = await snapshots(at);
    const back = await revert(at.agent, { toIndex: fourth - 1 });
    expect(back.lastAutomaticSnapshotIndex).toBe(third);
    problemOf(await api.get(`${at.agent}/snapshots/${fourth}`), 404, "snapshot-not-found");
    expect((await api.get(`${at.agent}/snapshots/${third}`)).body).toEqual({ count: 6 });
    await until(
      async () => (await api.agent(at.agent)).lastAutomaticSnapshotIndex,
      (index) => (index ?? 0) > fourth,
    );
    await site.crash();
    expect(await api.result(at.agent, "state")).toMatchObject({ count: 8, loads: 1 });
  });

  test.each([["at once"], ["after kill -9"]])(
    "one that was collected meanwhile is no base, %s: the whole history is replayed, without a word",
    async (when) => {
      const at = await place("Counter", every);
      const [first = 0, second = 0] = await snapshots(at);
      const back = await revert(at.agent, { toIndex: second - 4 });
      expect(back.lastAutomaticSnapshotIndex).toBe(first);
      if (when === "after kill -9") await site.crash();
      expect(await api.result(at.agent, "state")).toMatchObject({ count: 3, loads: 0 });
      expect((await api.oplog(at.agent)).map(({ kind }) => kind)).not.toContain(
        "SnapshotRecoveryFailed",
      );
    },
  );

  test("nor for a read of an agent that sleeps", async () => {
    const at = await place("Counter", every);
    const [first = 0, second = 0] = await snapshots(at);
    await revert(at.agent, { toIndex: first + 1 });
    expect(second).toBeGreaterThan(first);
    await api.invoke(at.agent, "nap", { args: ["1h"], query: "?mode=enqueue" });
    await until(
      () => api.agent(at.agent),
      ({ status }) => status === "suspended",
    );
    await site.crash();
    expect(await api.result(at.agent, "look")).toBe(2);
  });

  test("after a revert are taken anew and recovered from", async () => {
    const at = await place("Counter", every);
    await snapshots(at);
    await revert(at.agent, { toIndex: 4 });
    const { lastOplogIndex } = await api.agent(at.agent);
    await api.result(at.agent, "add");
    await until(
      async () => (await api.agent(at.agent)).lastAutomaticSnapshotIndex,
      (index) => (index ?? 0) > lastOplogIndex,
    );
    await site.crash();
    expect(await api.result(at.agent, "state")).toMatchObject({ count: 2, loads: 1 });
  });
});
