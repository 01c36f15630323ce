/** What an agent answers whose onCreate throws: it exists, has failed, and refuses at the door. */
import { beforeAll, describe, expect, test } from "vitest";
import type { AgentView, InvocationView } from "../../src/core/api/views.ts";
import { agentPath } from "./support/api.ts";
import { crew } from "./support/broken-agents.ts";
import { problemOf } from "./support/problem.ts";
import { openSite } from "./support/site.ts";
import { traceOf } from "./support/trace.ts";

const site = await openSite();
const { api, fresh } = site;
const lastError = { name: "RangeError", message: "no luck today", code: "no-luck" };

beforeAll(async () => {
  await api.upload("crew", crew);
});

async function failed(): Promise<string> {
  const agent = agentPath("crew", "Stillborn", fresh("key"));
  const made = await api.send<AgentView>("PUT", agent);
  expect([made.status, made.body.status]).toEqual([201, "failed"]);
  return agent;
}

describe("an agent whose onCreate throws", () => {
  test("PUT is 201 with status failed and the error; again it is 200", async () => {
    const agent = await failed();
    const seen = await api.agent(agent);
    expect(seen).toMatchObject({ status: "failed", lastError, pendingInvocations: 0 });
    const again = await api.send("PUT", agent);
    expect([again.status, again.body]).toEqual([200, seen]);
  });

  test("its oplog has an Error entry, and the initialization stays unfinished", async () => {
    const entries = await api.oplog(await failed());
    expect(entries.map(({ kind }) => kind)).toEqual([
      "Create",
      "PendingAgentInvocation",
      "AgentInvocationStarted",
      "Error",
    ]);
    expect(entries[3]).toEqual({
      index: 4,
      at: expect.any(String) as string,
      kind: "Error",
      error: lastError,
      retryFrom: 3,
      attempt: 1,
    });
  });

  test.each(["", "?mode=enqueue", "?delay=1h"])(
    "refuses invocations at the door: %s",
    async (query) => {
      const agent = await failed();
      const before = await traceOf(api, agent);
      const problem = problemOf(await api.invoke(agent, "run", { query }), 409, "agent-failed");
      expect(problem.lastError).toEqual(lastError);
      expect(await traceOf(api, agent)).toEqual(before);
    },
  );

  test("an unknown method is still 404, and a bad body 400", async () => {
    const agent = await failed();
    problemOf(await api.invoke(agent, "nothing"), 404, "method-not-found");
    const sent = { body: "{", headers: { "content-type": "application/json" } };
    problemOf(await api.send("POST", `${agent}/invoke/run`, sent), 400, "invalid-json");
  });

  test("the invocation that made it is answered 409 with itself, pending; so is its repetition", async () => {
    const agent = agentPath("crew", "Stillborn", fresh("key"));
    const answer = await api.invoke(agent, "run", { key: "first" });
    const problem = problemOf(answer, 409, "agent-failed");
    expect(problem.lastError).toEqual(lastError);
    expect(problem.invocation).toMatchObject({
      idempotencyKey: "first",
      method: "run",
      status: "pending",
    });
    const before = await traceOf(api, agent);
    const again = problemOf(await api.invoke(agent, "run", { key: "first" }), 409, "agent-failed");
    expect(again.lastError).toEqual(lastError);
    expect(again.invocation).toEqual(problem.invocation);
    expect(await traceOf(api, agent)).toEqual(before);
    expect((await api.agent(agent)).pendingInvocations).toBe(1);
  }, 10_000);

  test("every caller that waits is answered", async () => {
    const agent = agentPath("crew", "Stillborn", fresh("key"));
    const answers = await Promise.all(
      ["a", "b", "c"].map((key) => api.invoke(agent, "run", { key })),
    );
    for (const answer of answers) {
      expect(problemOf(answer, 409, "agent-failed").lastError).toEqual(lastError);
    }
  });

  test("what was enqueued before it failed stays pending, and GET shows it", async () => {
    const agent = agentPath("crew", "Stillborn", fresh("key"));
    const queued = await api.invoke(agent, "run", { key: "first", query: "?mode=enqueue" });
    expect(queued.status).toBe(202);
    const seen = await api.get<InvocationView>(`${agent}/invocations/first?wait=1`);
    expect(seen.body).toMatchObject({ idempotencyKey: "first", status: "pending" });
    expect(await api.agent(agent)).toMatchObject({ status: "failed", pendingInvocations: 1 });
  });

  test("can be deleted, and the address used again", async () => {
    const agent = await failed();
    const { incarnation } = await api.agent(agent);
    expect((await api.send("DELETE", agent)).status).toBe(204);
    problemOf(await api.get(agent), 404, "agent-not-found");
    await api.send("PUT", agent);
    expect((await api.agent(agent)).incarnation).not.toBe(incarnation);
  });

  test("stays failed over a crash of the server, and tries nothing again", async () => {
    const agent = await failed();
    const before = await traceOf(api, agent);
    await site.crash();
    expect(await traceOf(api, agent)).toEqual(before);
    problemOf(await api.invoke(agent, "run"), 409, "agent-failed");
    expect(await traceOf(api, agent)).toEqual(before);
  });
});
