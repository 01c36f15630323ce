/** Rollouts of real agents: what each comes to, and the commands. */
import { expect, onTestFinished, test } from "vitest";
import type { RolloutAgentView, RolloutView } from "../../src/core/api/rollouts.ts";
import { agentPath } from "./support/api.ts";
import { openReceiver } from "./support/receiver.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api } = site;

const code = (count: string, mark: string) => `import { Agent } from "perdure";
export class Cart extends Agent {
  items = [];
  onCreate(params) { if (params === "broken") throw new Error("it is broken"); }
  add(item) { this.items.push(item); return ${count}; }
  async wait(url) { await fetch(url); }
}
// ${mark}`;

const plain = code("this.items.length", "one");
const marked = code("this.items.length", "two");
const diverging = code('"item " + this.items.length', "three");

async function fleet(...keys: readonly string[]) {
  const component = site.fresh();
  await api.upload(component, plain);
  for (const key of keys) await api.send("PUT", agentPath(component, "Cart", key));
  return component;
}

const route = (component: string) => `/v1/components/${component}/rollouts`;

async function start(component: string, settings: object): Promise<RolloutView> {
  const body = { revision: "latest", mode: "automatic", ...settings };
  const answer = await api.send<RolloutView>("POST", route(component), { json: body });
  expect(answer.status, answer.text).toBe(202);
  expect(answer.headers.get("location")).toBe(`${route(component)}/${answer.body.id}`);
  return answer.body;
}

async function show({ component, id }: RolloutView): Promise<RolloutView> {
  return (await api.get<RolloutView>(`${route(component)}/${id}`)).body;
}

/** The rollout once nothing of it goes on. */
function rested(rollout: RolloutView): Promise<RolloutView> {
  return until(
    () => show(rollout),
    ({ status, counts }) => status !== "running" && counts["inProgress"] === 0,
  );
}

function command({ component, id }: RolloutView, name: string) {
  return api.send<RolloutView & { code: string }>("POST", `${route(component)}/${id}/${name}`);
}

async function outcomes({ component, id }: RolloutView, query = "") {
  const { body } = await api.get<{ agents: readonly RolloutAgentView[] }>(
    `${route(component)}/${id}/agents${query}`,
  );
  return body.agents.map(({ key, outcome }) => `${key} ${outcome}`);
}

test("updates the agents that its filters name, and tells what each came to", async () => {
  const component = await fleet("eu-1", "eu-2", "eu-3", "us-1");
  await api.invoke(agentPath(component, "Cart", "eu-2"), "add", { args: ["tea"] });
  await api.upload(component, marked);
  await api.send("PUT", agentPath(component, "Cart", "eu-4"));
  await api.upload(component, diverging);
  const rollout = await start(component, { revision: 3, prefix: "eu-", type: "Cart" });
  expect(rollout).toMatchObject({
    component,
    revision: 3,
    mode: "automatic",
    type: "Cart",
    prefix: "eu-",
    concurrency: 10,
    dryRun: false,
    status: "running",
  });
  const { status, counts, failures, finishedAt } = await rested(rollout);
  expect(status).toBe("completed");
  expect(Date.parse(finishedAt ?? "")).toBeGreaterThanOrEqual(Date.parse(rollout.createdAt));
  expect(counts).toEqual({
    total: 4,
    waiting: 0,
    inProgress: 0,
    updated: 3,
    failed: 1,
    notNeeded: 0,
    gone: 0,
  });
  expect(await outcomes(rollout)).toEqual([
    "eu-1 updated",
    "eu-2 failed",
    "eu-3 updated",
    "eu-4 updated",
  ]);
  expect(await outcomes(rollout, "?outcome=failed")).toEqual(["eu-2 failed"]);
  const [failed] = (await api.updates(agentPath(component, "Cart", "eu-2"))).failed;
  const { id: updateId = "", detail = "" } = failed ?? {};
  const about = { type: "Cart", key: "eu-2", outcome: "failed", code: "update-failed" };
  expect(failures).toMatchObject([{ ...about, updateId, detail }]);
  expect((await api.agent(agentPath(component, "Cart", "us-1"))).revision).toBe(1);
});

test("takes agents that come from one revision only, and needs none that has the new one", async () => {
  const component = await fleet("a", "b");
  await api.upload(component, marked);
  await api.send("PUT", agentPath(component, "Cart", "c"));
  await api.upload(component, code("this.items.length", "four"));
  const from = await start(component, { fromRevision: 1, mode: "manual" });
  expect((await rested(from)).counts).toMatchObject({ total: 2, updated: 2 });
  const all = await start(component, {});
  expect((await rested(all)).counts).toMatchObject({ total: 3, updated: 1, notNeeded: 2 });
  const { body } = await api.get<{ rollouts: readonly RolloutView[] }>(route(component));
  expect(body.rollouts.map(({ id }) => id)).toEqual([all.id, from.id]);
  expect(body.rollouts[0]).not.toHaveProperty("failures");
});

test("stops at a canary that fails, goes on when it is resumed, and stops at the number of failures", async () => {
  const keys = Array.from({ length: 8 }, (_, at) => `k${at}`);
  const component = await fleet(...keys);
  for (const key of ["k1", "k4", "k5"]) {
    await api.invoke(agentPath(component, "Cart", key), "add", { args: ["tea"] });
  }
  await api.upload(component, diverging);
  const rollout = await start(component, { canary: { percent: 20 }, concurrency: 1 });
  const stopped = await rested(rollout);
  expect(stopped).toMatchObject({ status: "stopped", phase: "canary" });
  expect(stopped.counts).toMatchObject({ total: 8, updated: 1, failed: 1, waiting: 6 });
  const refused = await command(rollout, "pause");
  expect([refused.status, refused.body.code]).toEqual([409, "rollout-not-active"]);
  expect((await command(rollout, "resume")).status).toBe(200);
  const { status, counts } = await rested(rollout);
  expect([status, counts]).toMatchObject(["completed", { updated: 5, failed: 3, waiting: 0 }]);
  const again = await start(component, { stopOnFailures: 2, concurrency: 1 });
  expect(await rested(again)).toMatchObject({
    status: "stopped",
    counts: { failed: 2, notNeeded: 3, waiting: 3 },
  });
});

test("failed agents, and those without a type in the revision, have failed with the code of the refusal", async () => {
  const component = await fleet();
  await api.send("PUT", agentPath(component, "Cart", "a"), { json: { params: "broken" } });
  await api.upload(component, marked);
  const rollout = await start(component, { mode: "manual" });
  const { failures } = await rested(rollout);
  const lastError = { message: "it is broken" };
  expect(failures).toMatchObject([{ key: "a", code: "agent-failed", report: { lastError } }]);
});

test("a busy agent's manual update waits its turn; pausing and cancelling let it end", async () => {
  const component = await fleet("a", "b");
  const gate = Promise.withResolvers<undefined>();
  const receiver = await openReceiver(async (_, response) => {
    await gate.promise;
    response.end();
  });
  onTestFinished(() => receiver.close());
  const waiting = { args: [receiver.url], query: "?mode=enqueue" };
  await api.invoke(agentPath(component, "Cart", "a"), "wait", waiting);
  await api.upload(component, marked);
  const rollout = await start(component, { mode: "manual", concurrency: 1 });
  await until(
    () => show(rollout),
    ({ inProgress }) => inProgress?.[0]?.key === "a",
  );
  expect((await command(rollout, "pause")).body).toMatchObject({
    status: "paused",
    counts: { inProgress: 1, waiting: 1 },
  });
  gate.resolve(undefined);
  expect(await rested(rollout)).toMatchObject({
    status: "paused",
    counts: { updated: 1, waiting: 1 },
  });
  expect((await command(rollout, "cancel")).body).toMatchObject({ status: "cancelled" });
  expect((await show(rollout)).finishedAt).toBeDefined();
  expect(await outcomes(rollout)).toEqual(["a updated", "b waiting"]);
  const refused = await command(rollout, "resume");
  expect([refused.status, refused.body.code]).toEqual([409, "rollout-not-active"]);
});

test("is refused at once when the component, the revision or the type is not there", async () => {
  const component = await fleet("a");
  const body = { revision: "latest", mode: "automatic" };
  const refusal = async (at: string, changed: object) => {
    const answer = await api.send<{ code: string }>("POST", route(at), {
      json: { ...body, ...changed },
    });
    return [answer.status, answer.body.code];
  };
  expect(await refusal("nowhere", {})).toEqual([404, "component-not-found"]);
  expect(await refusal(component, { revision: 7 })).toEqual([404, "revision-not-found"]);
  expect(await refusal(component, { type: "Other" })).toEqual([404, "agent-type-not-found"]);
  const { status } = await api.get(`${route(component)}/none`);
  expect(status).toBe(404);
  expect((await api.get(route(component))).body).toEqual({ rollouts: [] });
});

test("a dry run tells of every agent, with the report of those that diverge, and updates none", async () => {
  const component = await fleet("busy", "fine", "odd");
  const odd = agentPath(component, "Cart", "odd");
  await api.invoke(odd, "add", { args: ["tea"] });
  await api.upload(component, diverging);
  await api.send("PUT", agentPath(component, "Cart", "new"));
  const rollout = await start(component, {
    dryRun: true,
    stopOnFailures: 1,
    canary: { agents: 1 },
  });
  const { status, counts, failures } = await rested(rollout);
  expect([status, counts]).toEqual([
    "completed",
    {
      total: 4,
      waiting: 0,
      inProgress: 0,
      compatible: 2,
      diverges: 1,
      notNeeded: 1,
      busy: 0,
      failed: 0,
      gone: 0,
    },
  ]);
  expect(failures).toMatchObject([
    { key: "odd", outcome: "diverges", report: { index: 7, replayedRevision: 2 } },
  ]);
  expect(await api.updates(odd)).toEqual({ pending: [], successful: [], failed: [] });
});

test("a failed update's report is that of the agent, and `check` goes to every agent", async () => {
  const component = await fleet("odd");
  const odd = agentPath(component, "Cart", "odd");
  await api.invoke(odd, "add", { args: ["tea"] });
  await api.upload(component, diverging);
  const { failures } = await rested(await start(component, {}));
  const [failed] = (await api.updates(odd)).failed;
  expect(failures?.[0]?.report).toEqual(failed?.report);
  expect(failed?.report).toBeDefined();
  const lenient = await rested(await start(component, { check: "calls" }));
  expect(lenient.counts).toMatchObject({ updated: 1, failed: 0 });
});
