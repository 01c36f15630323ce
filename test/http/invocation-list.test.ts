/** http-api: GET A/invocations. */
import { beforeAll, describe, expect, test } from "vitest";
import type { InvocationView } from "../../src/core/api/views.ts";
import { agentPath, type Answer } from "./support/api.ts";
import { problemOf } from "./support/problem.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, fresh } = site;

interface List {
  readonly invocations: readonly InvocationView[];
  readonly cursor?: string;
}

const script = `
import { Agent, AgentError, sleep } from "perdure";
export class Worker extends Agent {
  static snapshots = { everyInvocations: 5 };
  onCreate() {}
  ok(value) { return value; }
  fail() { throw new AgentError("no"); }
  async nap(duration) { await sleep(duration); }
}`;

beforeAll(async () => {
  await api.upload("lists", script);
});

function newAgent(): string {
  return agentPath("lists", "Worker", fresh("key"));
}

async function list(agent: string, query = ""): Promise<List> {
  const answer = await api.get<List>(`${agent}/invocations${query}`);
  expect(answer.status).toBe(200);
  return answer.body;
}

async function keysOf(agent: string, query = ""): Promise<string[]> {
  return (await list(agent, query)).invocations.map(({ idempotencyKey }) => idempotencyKey);
}

async function pages(agent: string, query: string): Promise<List[]> {
  const found: List[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined;) {
    const next: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const page: List = await list(agent, `?${query}${next}`);
    found.push(page);
    cursor = page.cursor;
  }
  return found;
}

/** One of each kind: the keys in the order of acceptance. */
async function oneOfEach(): Promise<string> {
  const agent = newAgent();
  await api.invoke(agent, "ok", { args: [1], key: "completed" });
  await api.invoke(agent, "fail", { key: "failed" });
  await api.invoke(agent, "ok", { key: "scheduled", query: "?delay=1h" });
  await api.invoke(agent, "nap", { args: ["1h"], key: "running", query: "?mode=enqueue" });
  await until(
    async () => (await api.agent(agent)).status,
    (seen) => seen === "suspended",
  );
  await api.invoke(agent, "ok", { key: "cancelled", query: "?mode=enqueue" });
  await api.send("DELETE", `${agent}/invocations/cancelled`);
  await api.invoke(agent, "ok", { key: "pending", query: "?mode=enqueue" });
  return agent;
}

describe("GET A/invocations", () => {
  test("newest first, method calls only, each as GET A/invocations/{key} shows it", async () => {
    const agent = await oneOfEach();
    await site.crash();
    const { invocations, cursor } = await list(agent);
    expect(cursor).toBeUndefined();
    expect(invocations.map(({ idempotencyKey, status }) => [idempotencyKey, status])).toEqual(
      ["pending", "cancelled", "running", "scheduled", "failed", "completed"].map((name) => [
        name,
        name,
      ]),
    );
    for (const shown of invocations) {
      const one: Answer = await api.get(`${agent}/invocations/${shown.idempotencyKey}`);
      expect(one.body).toEqual(shown);
    }
  });

  test("status: only those; the initialization and updates are in none of them", async () => {
    const agent = await oneOfEach();
    await api.send("POST", `${agent}/interrupt`);
    for (const status of ["scheduled", "pending", "running", "completed", "failed", "cancelled"]) {
      expect(await keysOf(agent, `?status=${status}`)).toEqual([status]);
    }
  });

  test("limit and cursor lead through all of them, over checkpoints and restarts", async () => {
    const agent = newAgent();
    const keys = Array.from({ length: 23 }, (_, n) => `k${n}`);
    for (const key of keys) await api.invoke(agent, key.endsWith("3") ? "fail" : "ok", { key });
    await site.crash();
    const found = await pages(agent, "limit=5");
    expect(found.map(({ invocations }) => invocations.length)).toEqual([5, 5, 5, 5, 3]);
    const all = found.flatMap(({ invocations }) => invocations);
    expect(all.map(({ idempotencyKey }) => idempotencyKey)).toEqual(keys.toReversed());
    const failed = await pages(agent, "limit=1&status=failed");
    expect(failed.map(({ invocations: [one] }) => one?.idempotencyKey)).toEqual(["k13", "k3"]);
  });

  test("what came after a page does not move the next one", async () => {
    const agent = newAgent();
    for (const key of ["a", "b", "c"]) await api.invoke(agent, "ok", { key });
    const { cursor } = await list(agent, "?limit=2");
    await api.invoke(agent, "ok", { key: "d" });
    expect(await keysOf(agent, `?limit=2&cursor=${cursor ?? ""}`)).toEqual(["a"]);
  });

  test("a request looks at a bounded part of a long oplog, and the cursor goes on from there", async () => {
    const agent = newAgent();
    await api.invoke(agent, "fail", { key: "first" });
    for (let n = 0; n < 12; n++)
      await api.invoke(agent, "fail", { key: `f${n}`, args: ["x".repeat(1 << 20)] });
    await api.invoke(agent, "ok", { key: "last" });
    const found = await pages(agent, "status=completed");
    expect(found.length).toBeGreaterThan(1);
    const keys = found.flatMap(({ invocations }) => invocations.map((one) => one.idempotencyKey));
    expect(keys).toEqual(["last"]);
    expect(await keysOf(agent, "?status=failed&limit=1")).toEqual(["f11"]);
  });

  test("an agent that was never invoked has none; without an agent 404", async () => {
    const agent = newAgent();
    await api.send("PUT", agent);
    expect(await list(agent)).toEqual({ invocations: [] });
    problemOf(await api.get(`${newAgent()}/invocations`), 404, "agent-not-found");
  });

  test.each(["status=done", "limit=0", "cursor=x", "status=failed&status=failed"])(
    "a query that does not fit is invalid-request: %s",
    async (query) => {
      problemOf(await api.get(`${newAgent()}/invocations?${query}`), 400, "invalid-request");
    },
  );
});
