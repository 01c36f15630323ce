/** What POST A/update refuses, through HTTP: the problem, and that nothing was written. */
import { beforeAll, describe, expect, test } from "vitest";
import type { AgentView, InvocationView, UpdateView } from "../../src/core/api/views.ts";
import { agentPath, type Sent } from "./support/api.ts";
import { crew, workerOnly } from "./support/broken-agents.ts";
import { problemOf } from "./support/problem.ts";
import { openSite } from "./support/site.ts";
import { traceOf } from "./support/trace.ts";
import { until } from "./support/until.ts";

const { api, fresh } = await openSite();

const json = { "content-type": "application/json" };

beforeAll(async () => {
  await api.upload("crew", crew);
  await api.upload("crew", `${crew}\n// 2`);
  await api.upload("crew", workerOnly);
});

async function worker(type = "Worker", revision = 1): Promise<string> {
  const agent = agentPath("crew", type, fresh("key"));
  const made = await api.send<AgentView>("PUT", agent, { json: { revision } });
  expect(made.status).toBe(201);
  return agent;
}

type Body = readonly [what: string, sent: Sent, status: number, code: string];

const bodies: readonly Body[] = [
  ["no body", {}, 400, "invalid-request"],
  ["an empty object", { json: {} }, 400, "invalid-request"],
  ["no mode", { json: { revision: 2 } }, 400, "invalid-request"],
  ["no revision", { json: { mode: "manual" } }, 400, "invalid-request"],
  ["an unknown mode", { json: { revision: 2, mode: "auto" } }, 400, "invalid-request"],
  ["a revision of text", { json: { revision: "2", mode: "manual" } }, 400, "invalid-request"],
  ["revision 0", { json: { revision: 0, mode: "manual" } }, 400, "invalid-request"],
  [
    "a wake that is no boolean",
    { json: { revision: 2, mode: "manual", wake: 1 } },
    400,
    "invalid-request",
  ],
  [
    "a dryRun that is no boolean",
    { json: { revision: 2, mode: "manual", dryRun: "yes" } },
    400,
    "invalid-request",
  ],
  [
    "an unknown member",
    { json: { revision: 2, mode: "manual", force: true } },
    400,
    "invalid-request",
  ],
  ["a list", { json: [2, "manual"] }, 400, "invalid-request"],
  ["no JSON", { body: "revision=2", headers: json }, 400, "invalid-json"],
  [
    "a form",
    { body: "revision=2", headers: { "content-type": "application/x-www-form-urlencoded" } },
    415,
    "unsupported-media-type",
  ],
  ["too much", { body: " ".repeat(16 * 1024 * 1024 + 1), headers: json }, 413, "payload-too-large"],
  ["an unknown revision", { json: { revision: 9, mode: "manual" } }, 404, "revision-not-found"],
  [
    "an unknown revision, automatic",
    { json: { revision: 9, mode: "automatic" } },
    404,
    "revision-not-found",
  ],
  ["its own revision", { json: { revision: 1, mode: "manual" } }, 409, "already-at-revision"],
  [
    "its own revision, automatic",
    { json: { revision: 1, mode: "automatic" } },
    409,
    "already-at-revision",
  ],
];

describe("an update that is refused at once", () => {
  test.each(bodies)("%s", async (_, sent, status, code) => {
    const agent = await worker();
    await api.result(agent, "add", 1);
    const before = await traceOf(api, agent);
    problemOf(await api.send("POST", `${agent}/update`, sent), status, code);
    expect(await traceOf(api, agent)).toEqual(before);
    expect(await api.updates(agent)).toEqual({ pending: [], successful: [], failed: [] });
  });

  test("latest is its own revision", async () => {
    const agent = await worker("Worker", 3);
    const before = await traceOf(api, agent);
    const sent = { json: { revision: "latest", mode: "automatic" } };
    problemOf(await api.send("POST", `${agent}/update`, sent), 409, "already-at-revision");
    expect(await traceOf(api, agent)).toEqual(before);
  });

  test.each([["automatic"], ["manual"]])(
    "a revision without the agent's type: %s",
    async (mode) => {
      const agent = await worker("Hooked");
      const before = await traceOf(api, agent);
      for (const revision of [3, "latest"]) {
        const sent = { json: { revision, mode } };
        problemOf(await api.send("POST", `${agent}/update`, sent), 404, "agent-type-not-found");
      }
      expect(await traceOf(api, agent)).toEqual(before);
    },
  );

  test("a manual update of a failed agent", async () => {
    const agent = await worker("Stillborn");
    const before = await traceOf(api, agent);
    const sent = { json: { revision: 2, mode: "manual" } };
    const problem = problemOf(await api.send("POST", `${agent}/update`, sent), 409, "agent-failed");
    expect(problem.lastError).toEqual({
      name: "RangeError",
      message: "no luck today",
      code: "no-luck",
    });
    expect(await traceOf(api, agent)).toEqual(before);
  });
});

describe("while a manual update waits behind an invocation", () => {
  async function waiting(): Promise<{ agent: string; update: UpdateView }> {
    const agent = await worker();
    const queued = await api.invoke(agent, "rest", {
      args: [1500],
      key: "rest",
      query: "?mode=enqueue",
    });
    expect(queued.status).toBe(202);
    await until(
      () => api.get<InvocationView>(`${agent}/invocations/rest`),
      ({ body }) => body.status === "running",
    );
    const asked = await api.send<UpdateView>("POST", `${agent}/update`, {
      json: { revision: 2, mode: "manual" },
    });
    expect(asked.status).toBe(202);
    expect(asked.body).toMatchObject({ status: "queued", mode: "manual", revision: 2 });
    return { agent, update: asked.body };
  }

  test("the same again is 409; its own revision is taken up, for it would go back; each concludes once", async () => {
    const { agent, update } = await waiting();
    const path = `${agent}/update`;
    const before = await traceOf(api, agent);
    const again = { json: { revision: 2, mode: "manual" } };
    problemOf(await api.send("POST", path, again), 409, "update-already-pending");
    expect(await traceOf(api, agent)).toEqual(before);
    const back = await api.send<UpdateView>("POST", path, {
      json: { revision: 1, mode: "manual" },
    });
    expect(back.status).toBe(202);
    problemOf(
      await api.send("POST", path, { json: { revision: 1, mode: "manual" } }),
      409,
      "update-already-pending",
    );
    const { successful, failed } = await until(
      () => api.updates(agent),
      ({ pending }) => pending.length === 0,
    );
    expect(failed).toEqual([]);
    expect(successful.map(({ id }) => id)).toEqual([update.id, back.body.id]);
    const entries = await api.oplog(agent);
    const counted = (kind: string): number => entries.filter((entry) => entry.kind === kind).length;
    expect([counted("PendingUpdate"), counted("SuccessfulUpdate")]).toEqual([2, 2]);
    expect((await api.agent(agent)).revision).toBe(1);
  });
});
