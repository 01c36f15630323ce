/** The oplog through HTTP: every kind of entry that this version writes, its members, and paging. */
import { afterAll, describe, expect, test } from "vitest";
import type { EntryView, OplogPage, UpdateView } from "../../src/core/api/views.ts";
import { agentPath } from "./support/api.ts";
import { iso, uuid } from "./support/matchers.ts";
import { openReceiver } from "./support/receiver.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const { api, fresh, place } = await openSite();
const receiver = await openReceiver();
afterAll(() => receiver.close());

const code = (revision: number): string => `
  import { Agent, AgentError, sleep, step } from "perdure";
  export class Worker extends Agent {
    static snapshots = "disabled";
    count = 0;
    add(by) { return (this.count += by); }
    fail() { throw new AgentError("no", { status: 404, code: "mine", details: { a: 1 } }); }
    async calls(url) {
      await sleep(1);
      await step("named", () => ({ a: [1] }));
      try { await step("failing", () => { throw new AgentError("no", { code: "mine" }); }); } catch {}
      crypto.randomUUID();
      await (await fetch(url + "/get")).text();
      await fetch(url + "/post", { method: "POST", body: "x", headers: { "content-type": "text/plain" } });
      console.warn("a line");
      void sleep(5000);
    }
    async rest(ms) { await sleep(ms); }
    revisionOf() { return ${revision}; }
    onCreate() {}
  }`;

/** All of an entry but its place and time, which are checked here. */
function bare(entries: readonly EntryView[]): Record<string, unknown>[] {
  return entries.map(({ index, at, ...rest }, position) => {
    expect(index).toBe(position + 1);
    expect(at).toEqual(iso);
    return rest;
  });
}

describe("entries", () => {
  test("of creation, initialization and invocations", async () => {
    const { component, agent } = await place("Worker", code(1));
    await api.send("PUT", agent, { json: { params: [1], env: { A: "1" } } });
    await api.invoke(agent, "add", { args: [2], key: "k1" });
    await api.invoke(agent, "fail", { key: "k2" });
    await api.invoke(agent, "add", { args: { a: 1 }, key: "k3", query: "?at=4102444800000" });
    const { incarnation } = await api.agent(agent);
    const shown = bare(await api.oplog(agent));
    expect(shown.map(({ seed: _seed, ...rest }) => rest)).toEqual([
      {
        kind: "Create",
        component,
        type: "Worker",
        key: "one",
        revision: 1,
        incarnation,
        params: [1],
        env: { A: "1" },
      },
      {
        kind: "PendingAgentInvocation",
        idempotencyKey: expect.any(String) as string,
        invocation: { type: "initialization" },
      },
      {
        kind: "AgentInvocationStarted",
        idempotencyKey: expect.any(String) as string,
        pendingIndex: 2,
        method: "onCreate",
      },
      {
        kind: "AgentInvocationFinished",
        idempotencyKey: expect.any(String) as string,
        outcome: { ok: true, result: null },
        revision: 1,
      },
      {
        kind: "PendingAgentInvocation",
        idempotencyKey: "k1",
        invocation: { type: "method", method: "add", args: [2] },
      },
      { kind: "AgentInvocationStarted", idempotencyKey: "k1", pendingIndex: 5, method: "add" },
      {
        kind: "AgentInvocationFinished",
        idempotencyKey: "k1",
        outcome: { ok: true, result: 2 },
        revision: 1,
      },
      {
        kind: "PendingAgentInvocation",
        idempotencyKey: "k2",
        invocation: { type: "method", method: "fail", args: [] },
      },
      { kind: "AgentInvocationStarted", idempotencyKey: "k2", pendingIndex: 8, method: "fail" },
      {
        kind: "AgentInvocationFinished",
        idempotencyKey: "k2",
        outcome: {
          ok: false,
          error: expect.objectContaining({
            name: "AgentError",
            message: "no",
            code: "mine",
            details: { a: 1 },
          }) as object,
        },
        revision: 1,
      },
      {
        kind: "PendingAgentInvocation",
        idempotencyKey: "k3",
        invocation: { type: "method", method: "add", args: [{ a: 1 }] },
        scheduledFor: "2100-01-01T00:00:00.000Z",
      },
    ]);
    expect(shown[5]).toHaveProperty("seed");
  });

  test("of durable calls", async () => {
    const { agent } = await place("Worker", code(1));
    await api.send("PUT", agent);
    await api.result(agent, "calls", receiver.url);
    const entries = (await api.oplog(agent)).slice(6, -1);
    const starts = entries.filter(({ kind }) => kind === "Start");
    expect(starts.map(({ call, durability }) => [call, durability])).toEqual([
      ["sleep", "read-local"],
      ["step", "write-local"],
      ["step", "write-local"],
      ["crypto.random", "read-local"],
      ["fetch", "read-remote"],
      ["fetch", "write-remote"],
      ["sleep", "read-local"],
    ]);
    const endOf = (position: number) =>
      entries.find(({ kind, start }) => kind === "End" && start === starts[position]?.index);
    expect(endOf(1)).toMatchObject({ response: { a: [1] } });
    expect(endOf(2)).toMatchObject({ error: { name: "AgentError", message: "no", code: "mine" } });
    expect(endOf(2)).not.toHaveProperty("response");
    expect(starts[5]?.["request"]).toMatchObject({
      method: "POST",
      url: `${receiver.url}/post`,
      body: expect.anything() as unknown,
    });
    expect(endOf(5)?.["response"]).toMatchObject({ status: 200 });
    const allowed = new Set([
      "index",
      "at",
      "kind",
      "call",
      "durability",
      "request",
      "parent",
      "start",
      "response",
      "error",
      "level",
      "message",
    ]);
    for (const entry of entries) {
      expect(Object.keys(entry).filter((name) => !allowed.has(name))).toEqual([]);
    }
    expect(
      entries.filter(({ kind }) => kind === "Log").map(({ level, message }) => [level, message]),
    ).toEqual([
      ["warn", "a line"],
      ["warn", expect.stringMatching(/sleep/) as string],
    ]);
    expect(entries.filter(({ kind }) => kind === "Cancelled").map(({ start }) => start)).toEqual([
      starts[6]?.index,
    ]);
  });

  test("of updates, and what GET A and GET A/updates say of them", async () => {
    const { component, agent } = await place("Worker", code(1));
    await api.upload(component, code(2));
    await api.upload(component, code(3).replace("count += by", "count -= by"));
    await api.send("PUT", agent, { json: { revision: 1 } });
    await api.result(agent, "add", 5);
    const asked: UpdateView[] = [];
    const update = async (revision: number | "latest", mode: string): Promise<void> => {
      const answer = await api.send<UpdateView>("POST", `${agent}/update`, {
        json: { revision, mode },
      });
      expect(answer.status).toBe(202);
      expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
      asked.push(answer.body);
      await until(
        () => api.updates(agent),
        ({ pending }) => pending.length === 0,
      );
    };
    await update(2, "automatic");
    await update("latest", "automatic");
    await update(3, "manual");
    const views = [
      { id: uuid, mode: "automatic", revision: 2, status: "pending", requestedAt: iso },
      { id: uuid, mode: "automatic", revision: 3, status: "pending", requestedAt: iso },
      { id: uuid, mode: "manual", revision: 3, status: "queued", requestedAt: iso },
    ];
    expect(asked).toEqual(views);
    const [first, second, third] = asked;
    const entries = (await api.oplog(agent)).slice(7);
    expect(entries.map(({ index: _index, at: _at, ...rest }) => rest)).toEqual([
      { kind: "PendingUpdate", updateId: first?.id, mode: "automatic", revision: 2 },
      { kind: "SuccessfulUpdate", updateId: first?.id, revision: 2 },
      { kind: "PendingUpdate", updateId: second?.id, mode: "automatic", revision: 3 },
      {
        kind: "FailedUpdate",
        updateId: second?.id,
        revision: 3,
        detail: expect.stringMatching(/index \d+/) as string,
        report: expect.objectContaining({ index: expect.any(Number) as number }) as object,
      },
      {
        kind: "PendingAgentInvocation",
        idempotencyKey: expect.any(String) as string,
        invocation: { type: "manual-update", updateId: third?.id, revision: 3 },
      },
      {
        kind: "PendingUpdate",
        updateId: third?.id,
        mode: "manual",
        revision: 3,
        snapshot: { mime: "application/json", bytes: expect.any(Number) as number },
      },
      { kind: "SuccessfulUpdate", updateId: third?.id, revision: 3 },
    ]);
    const [started, failed] = [entries[5], entries[3]];
    const updates = {
      pending: [],
      successful: [
        { ...first, status: "successful", concludedAt: entries[1]?.at },
        { ...third, status: "successful", concludedAt: entries[6]?.at },
      ],
      failed: [
        {
          ...second,
          status: "failed",
          concludedAt: failed?.at,
          detail: failed?.["detail"],
          report: failed?.["report"],
        },
      ],
    };
    expect(await api.updates(agent)).toEqual(updates);
    expect(await api.agent(agent)).toMatchObject({
      updates,
      revision: 3,
      status: "idle",
      lastManualUpdateSnapshotIndex: started?.index,
      lastAutomaticSnapshotIndex: null,
      skippedRegions: [[2, started?.index]],
      deletedRegions: [],
    });
    expect(await api.result(agent, "add", 1)).toBe(4);
  });
});

describe("paging", () => {
  async function filled(): Promise<string> {
    const agent = agentPath("paged", "Worker", fresh("key"));
    for (let n = 0; n < 8; n++) await api.result(agent, "add", n);
    return agent;
  }

  test("from, limit and next walk the whole oplog; lastIndex is the last", async () => {
    await api.upload("paged", code(1));
    const agent = await filled();
    const whole = await api.oplog(agent);
    expect(whole).toHaveLength(28);
    expect((await api.agent(agent)).lastOplogIndex).toBe(28);
    for (const limit of [1, 3, 7, 27, 28, 1000]) {
      const seen: EntryView[] = [];
      for (let from: number | undefined = 1; from !== undefined;) {
        const { body }: { body: OplogPage } = await api.get<OplogPage>(
          `${agent}/oplog?from=${from}&limit=${limit}`,
        );
        expect(body.lastIndex).toBe(28);
        expect(body.entries[0]?.index).toBe(from);
        expect(body.entries.length).toBeLessThanOrEqual(limit);
        seen.push(...body.entries);
        from = body.next;
      }
      expect(seen).toEqual(whole);
    }
  });

  test("without a query: the first 100; from in the middle; from after the end", async () => {
    await api.upload("paged", code(1));
    const agent = await filled();
    const whole = await api.oplog(agent);
    expect((await api.get(`${agent}/oplog`)).body).toEqual({ entries: whole, lastIndex: 28 });
    expect((await api.get(`${agent}/oplog?from=27`)).body).toEqual({
      entries: whole.slice(26),
      lastIndex: 28,
    });
    expect((await api.get(`${agent}/oplog?from=28&limit=1`)).body).toEqual({
      entries: whole.slice(27),
      lastIndex: 28,
    });
    expect((await api.get(`${agent}/oplog?from=29`)).body).toEqual({ entries: [], lastIndex: 28 });
    for (let n = 0; n < 30; n++) await api.result(agent, "add", n);
    const { body } = await api.get<OplogPage>(`${agent}/oplog`);
    expect([body.entries.length, body.next, body.lastIndex]).toEqual([100, 101, 118]);
  });
});
