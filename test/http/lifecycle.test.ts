/** semantics 8: interrupt, resume and cancel, in every status that a user can bring about. */
import { beforeAll, describe, expect, test } from "vitest";
import type { AgentView, InvocationView } from "../../src/core/api/views.ts";
import { agentPath, type Answer } from "./support/api.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, fresh } = site;

const script = `
import { Agent, sleep } from "perdure";
export class Sleeper extends Agent {
  count = 0;
  add() { return ++this.count; }
  async nap(duration) { await sleep(duration); return ++this.count; }
}
export class Stubborn extends Agent {
  onCreate() { if (!this.env.ready) throw new Error("not ready"); }
  hi() { return "hi"; }
}
`;

beforeAll(async () => {
  await api.upload("life", script);
});

async function napping(duration: string): Promise<string> {
  const agent = agentPath("life", "Sleeper", fresh("key"));
  await api.result(agent, "add");
  await api.invoke(agent, "nap", { args: [duration], key: "nap", query: "?mode=enqueue" });
  const name = duration === "1h" ? "suspended" : "running";
  await until(
    async () => (await api.agent(agent)).status,
    (seen) => seen === name,
  );
  return agent;
}

function problem(answer: Answer): unknown {
  return answer.body;
}

async function kinds(agent: string): Promise<string[]> {
  return (await api.oplog(agent)).map(({ kind }) => kind);
}

describe("interrupt", () => {
  test.each(["3s", "1h"])(
    "stops a nap of %s; waiting callers get agent-interrupted",
    async (nap) => {
      const agent = await napping(nap);
      const running = api.invoke(agent, "nap", { args: [nap], key: "nap" });
      const pending = api.invoke(agent, "add", { key: "add" });
      await until(
        async () => (await api.agent(agent)).pendingInvocations,
        (seen) => seen === 1,
      );
      const stopped = await api.send<AgentView>("POST", `${agent}/interrupt`);
      expect([stopped.status, stopped.body.status]).toEqual([200, "interrupted"]);
      for (const answer of [await running, await pending]) {
        expect(problem(answer)).toMatchObject({ status: 409, code: "agent-interrupted" });
      }
      expect((await kinds(agent)).at(-1)).toBe("Interrupted");
    },
  );

  test("who waits by GET waits on: it answers as soon as the invocation ends, or when the time is up", async () => {
    const agent = await napping("3s");
    const waiting = api.get<InvocationView>(`${agent}/invocations/nap?wait=60`);
    const shortly = api.get<InvocationView>(`${agent}/invocations/nap?wait=0.5`);
    // Both have arrived when what came after them is answered.
    await api.agent(agent);
    await api.send("POST", `${agent}/interrupt`);
    expect((await shortly).body.status).toBe("running");
    await api.send("POST", `${agent}/resume`);
    expect((await waiting).body).toMatchObject({ status: "completed", result: 2 });
  });

  test("on an idle agent nothing happens", async () => {
    const agent = agentPath("life", "Sleeper", fresh("key"));
    await api.result(agent, "add");
    const before = await api.oplog(agent);
    const answer = await api.send<AgentView>("POST", `${agent}/interrupt`);
    expect([answer.status, answer.body.status]).toEqual([200, "idle"]);
    expect(await api.oplog(agent)).toEqual(before);
  });

  test("it stays interrupted over a restart, until a new invocation, which finishes the old one first", async () => {
    const agent = await napping("1h");
    await api.send("POST", `${agent}/interrupt`);
    await site.crash();
    expect((await api.agent(agent)).status).toBe("interrupted");
    await api.invoke(agent, "add", { key: "add", query: "?mode=enqueue" });
    await until(
      async () => (await api.agent(agent)).status,
      (seen) => seen === "suspended",
    );
    const seen = await api.agent(agent);
    expect(seen.pendingInvocations).toBe(1);
  });

  test("with recover the instance is dropped and recovered without an entry; callers notice nothing", async () => {
    const agent = await napping("3s");
    const waiting = api.invoke(agent, "nap", { args: ["3s"], key: "nap" });
    const before = await api.oplog(agent);
    const answer = await api.send("POST", `${agent}/interrupt`, { json: { recover: true } });
    expect(answer.status).toBe(200);
    expect((await waiting).body).toMatchObject({ status: "completed", result: 2 });
    const after = await api.oplog(agent);
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.map(({ kind }) => kind).slice(before.length)).toEqual([
      "End",
      "AgentInvocationFinished",
    ]);
  });
});

describe("resume", () => {
  test("an interrupted agent goes on with what was interrupted", async () => {
    const agent = await napping("3s");
    await api.send("POST", `${agent}/interrupt`);
    const answer = await api.send<AgentView>("POST", `${agent}/resume`);
    expect([answer.status, answer.body.status]).toEqual([202, "running"]);
    const ended = await api.get<InvocationView>(`${agent}/invocations/nap?wait=10`);
    expect(ended.body).toMatchObject({ status: "completed", result: 2 });
  });

  test("a suspended agent wakes early and parks again", async () => {
    const agent = await napping("1h");
    const { nextWakeAt } = await api.agent(agent);
    expect((await api.send("POST", `${agent}/resume`)).status).toBe(202);
    await until(
      async () => (await kinds(agent)).filter((kind) => kind === "Suspend").length,
      (seen) => seen === 3,
    );
    expect(await api.agent(agent)).toMatchObject({ status: "suspended", nextWakeAt });
  });

  test("a failed agent tries again where the record ends", async () => {
    const agent = agentPath("life", "Stubborn", fresh("key"));
    const made = await api.send<AgentView>("PUT", agent, { json: { env: {} } });
    expect(made.body.status).toBe("failed");
    expect((await api.send("POST", `${agent}/resume`)).status).toBe(202);
    await until(
      async () => (await kinds(agent)).filter((kind) => kind === "Error").length,
      (seen) => seen === 2,
    );
    expect((await api.agent(agent)).status).toBe("failed");
  });

  test("an idle agent is not resumable, and nothing is written", async () => {
    const agent = agentPath("life", "Sleeper", fresh("key"));
    await api.result(agent, "add");
    const before = await api.oplog(agent);
    const answer = await api.send("POST", `${agent}/resume`);
    expect(problem(answer)).toMatchObject({ status: 409, code: "agent-not-resumable" });
    expect(await api.oplog(agent)).toEqual(before);
  });
});

describe("cancel", () => {
  test("a pending and a scheduled invocation never run; ended ones are not cancelled", async () => {
    const agent = await napping("3s");
    await api.invoke(agent, "add", { key: "late", query: "?delay=1h" });
    await api.invoke(agent, "add", { key: "next", query: "?mode=enqueue" });
    for (const key of ["late", "next"]) {
      const answer = await api.send("DELETE", `${agent}/invocations/${key}`);
      expect([answer.status, answer.body]).toEqual([200, { cancelled: true }]);
      const seen = await api.get<InvocationView>(`${agent}/invocations/${key}`);
      expect(seen.body.status).toBe("cancelled");
    }
    const running = await api.send("DELETE", `${agent}/invocations/nap`);
    expect(problem(running)).toMatchObject({ status: 409, code: "invocation-running" });
    await api.get(`${agent}/invocations/nap?wait=10`);
    expect(await api.result(agent, "add")).toBe(3);
    const ended = await api.send("DELETE", `${agent}/invocations/nap`);
    expect([ended.status, ended.body]).toEqual([200, { cancelled: false }]);
    const unknown = await api.send("DELETE", `${agent}/invocations/never`);
    expect(problem(unknown)).toMatchObject({ status: 404, code: "invocation-not-found" });
  });

  test("who waits for a cancelled one gets invocation-cancelled, and so does who asks again", async () => {
    const agent = await napping("3s");
    const waiting = api.invoke(agent, "add", { key: "next" });
    await until(
      async () => (await api.get(`${agent}/invocations/next`)).status,
      (seen) => seen === 200,
    );
    const watching = api.get<InvocationView>(`${agent}/invocations/next?wait=30`);
    await api.send("DELETE", `${agent}/invocations/next`);
    for (const answer of [await waiting, await api.invoke(agent, "add", { key: "next" })]) {
      expect(problem(answer)).toMatchObject({
        status: 409,
        code: "invocation-cancelled",
        invocation: { idempotencyKey: "next", status: "cancelled" },
      });
    }
    expect((await watching).body.status).toBe("cancelled");
  });
});
