/** An agent is taken from one server to another, and lives on there as it was. */
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AgentView, InvocationView, RevisionView } from "../../src/core/api/views.ts";
import { FILE_MEDIA_TYPE } from "../../src/core/copies/file.ts";
import { agentPath, createApi, type Answer, type Api } from "../http/support/api.ts";
import { openReceiver, type Receiver } from "../http/support/receiver.ts";
import { until } from "../http/support/until.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let [here, there]: RunningServer[] = [];
let receiver: Receiver;
let held: (() => void)[] = [];

function script(by: number, members = ""): string {
  return `
    import { Agent, createPromise, sleep } from "perdure";
    export class Counter extends Agent {
      static snapshots = "disabled";
      born = [Date.now(), Math.random(), this.key];
      count = 0;
      add() { return (this.count += ${by}); }
      state() { return { ...this }; }
      async nap(duration) { await sleep(duration); return ++this.count; }
      async ask() { const { wait } = createPromise(); return wait(); }
      async pay(url) { await fetch(url, { method: "POST" }); return ++this.count; }
      ${members}
    }`;
}

const third = script(10, "mul() { return (this.count *= 2); }");

function servers(): { from: Api; to: Api } {
  if (here === undefined || there === undefined) throw new Error("the servers do not run");
  return { from: createApi(here.url), to: createApi(there.url) };
}

beforeAll(async () => {
  [here, there] = await Promise.all([startServer(), startServer()]);
  receiver = await openReceiver(async (_, response) => {
    await new Promise<void>((resolve) => held.push(resolve));
    response.end();
  });
  const { from } = servers();
  await from.upload("mover", script(1));
  await from.upload("mover", script(10));
  await from.upload("mover", third);
});

afterAll(async () => {
  await Promise.all([here?.stop(), there?.stop(), receiver.close()]);
});

async function exported(api: Api, agent: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(`${api.url}${agent}/export`);
  expect(response.status).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}

function importFile(
  api: Api,
  body: Uint8Array<ArrayBuffer>,
  component = "mover",
): Promise<Answer<AgentView>> {
  const headers = { "content-type": FILE_MEDIA_TYPE };
  return api.send("POST", `/v1/agents/${component}/import`, { body, headers });
}

async function moved(agent: string): Promise<void> {
  const { from, to } = servers();
  const answer = await importFile(to, await exported(from, agent));
  expect([answer.status, answer.text.slice(0, 300)]).toEqual([201, expect.any(String)]);
}

async function updated(api: Api, agent: string, revision: number, mode: string) {
  await api.send("POST", `${agent}/update`, { json: { revision, mode } });
  const { successful } = await until(
    () => api.updates(agent),
    ({ pending }) => pending.length === 0,
  );
  return successful.at(-1);
}

function reaches(api: Api, agent: string, status: AgentView["status"]): Promise<AgentView> {
  return until(
    async () => (await api.get<AgentView>(agent)).body,
    (view) => view.status === status,
  );
}

describe("an agent that is exported from one server and imported into another", () => {
  test("has the same state, history and updates there, and is updated on in both ways", async () => {
    const { from, to } = servers();
    const agent = agentPath("mover", "Counter", "updated");
    await from.send("PUT", agent, { json: { revision: 1 } });
    await from.result(agent, "add");
    expect(await updated(from, agent, 2, "manual")).toMatchObject({ revision: 2 });
    await from.result(agent, "add");
    await moved(agent);
    const [before, after] = [await from.agent(agent), await to.agent(agent)];
    expect({ ...after, incarnation: "" }).toEqual({ ...before, incarnation: "" });
    expect((await to.oplog(agent)).slice(1)).toEqual((await from.oplog(agent)).slice(1));
    const states = [from, to].map((api) => api.result(agent, "state"));
    const [left, right] = await Promise.all(states);
    expect(right).toEqual(left);
    // Revisions that the agent did not need have not come along; the next upload has the next number.
    expect((await to.upload("mover", third)).revision).toBe(3);
    for (const api of [from, to]) {
      expect(await updated(api, agent, 3, "automatic")).toMatchObject({ revision: 3 });
      expect(await api.result(agent, "mul")).toBe(22);
    }
    expect((await to.upload("mover", script(100))).revision).toBe(4);
    expect(await updated(to, agent, 4, "manual")).toMatchObject({ revision: 4, mode: "manual" });
    await there?.restart();
    expect(await to.result(agent, "add")).toBe(122);
    const revert = await to.send<AgentView>("POST", `${agent}/revert`, { json: { toIndex: 4 } });
    expect(revert.body.revision).toBe(1);
    expect(await to.result(agent, "add")).toBe(2);
    expect(await from.result(agent, "add")).toBe(32);
  });

  test("sleeps on, waits for its promise, and repeats the write that was in flight under its key", async () => {
    const { from, to } = servers();
    const [sleeper, asker, payer] = ["sleeper", "asker", "payer"].map((key) =>
      agentPath("mover", "Counter", key),
    ) as [string, string, string];
    const enqueue = (agent: string, method: string, ...args: unknown[]) =>
      from.invoke(agent, method, { args, key: "one", query: "?mode=enqueue" });
    await enqueue(sleeper, "nap", "15s");
    await enqueue(asker, "ask");
    await enqueue(payer, "pay", receiver.url);
    await until(
      () => held.length,
      (count) => count === 1,
    );
    await reaches(from, sleeper, "suspended");
    for (const agent of [sleeper, asker, payer]) await moved(agent);
    await until(
      () => held.length,
      (count) => count === 2,
    );
    for (const open of held) open();
    held = [];
    expect(new Set(receiver.received.map(({ headers }) => headers["idempotency-key"])).size).toBe(
      1,
    );
    const end = (await to.oplog(asker)).find(({ kind }) => kind === "End");
    const completed = await to.send("POST", `${asker}/promises/${end?.["response"] as string}`, {
      json: "yes",
    });
    expect(completed.body).toEqual({ completed: true });
    const results = await Promise.all(
      [sleeper, asker, payer].map(async (agent) => {
        const answer = await to.get<InvocationView>(`${agent}/invocations/one?wait=30`);
        return answer.body.result;
      }),
    );
    expect(results).toEqual([1, "yes", 1]);
  });

  test("kill -9 in the middle of an import leaves nothing; the same file can be imported then", async () => {
    const { from } = servers();
    await from.upload("killed", script(10));
    const agent = agentPath("killed", "Counter", "one");
    for (let round = 0; round < 3; round++) await from.result(agent, "add");
    const file = await exported(from, agent);
    for (const part of [0.2, 0.9, 0.999]) {
      const sending = request(`${servers().to.url}/v1/agents/killed/import`, {
        method: "POST",
        headers: { "content-type": FILE_MEDIA_TYPE, "content-length": file.length },
      });
      sending.on("error", () => {});
      await new Promise((resolve) => {
        sending.write(file.subarray(0, Math.floor(file.length * part)), resolve);
      });
      await servers().to.get("/v1/health");
      await there?.kill9();
      await there?.restart();
      const { to } = servers();
      expect((await to.get(agent)).status).toBe(404);
      expect((await to.get("/v1/components/killed")).status).toBe(404);
      expect((await to.get("/v1/agents/killed")).status).toBe(404);
    }
    const { to } = servers();
    expect((await importFile(to, file, "killed")).status).toBe(201);
    expect(await to.result(agent, "add")).toBe(40);
    const { body } = await to.get<{ revisions: RevisionView[] }>("/v1/components/killed/revisions");
    expect(body.revisions.map(({ revision }) => revision)).toEqual([1]);
  });
});
