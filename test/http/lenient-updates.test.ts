/** How strict an update is: "check": "calls" lets past methods return something else, from then on. */
import { afterAll, describe, expect, test } from "vitest";
import type { DryRunView, InvocationView, UpdateView } from "../../src/core/api/views.ts";
import { agentPath } from "./support/api.ts";
import { ledger, type LedgerParts } from "./support/ledger-agents.ts";
import { problemOf } from "./support/problem.ts";
import { openReceiver } from "./support/receiver.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const { api, fresh, crash } = await openSite();
const receiver = await openReceiver();
afterAll(() => receiver.close());

/** An agent on the first of these revisions that has paid and noted. */
async function seasoned(...revisions: readonly LedgerParts[]): Promise<string> {
  const component = fresh("ledger");
  for (const parts of revisions) await api.upload(component, ledger(parts));
  const agent = agentPath(component, "Ledger", "one");
  await api.send("PUT", agent, { json: { revision: 1 } });
  await api.invoke(agent, "pay", { args: [`${receiver.url}/pay`, 7], key: "first" });
  await api.result(agent, "note", "a");
  return agent;
}

/** Requests an update and gives it once it has concluded. */
async function update(agent: string, revision: number, more: object = {}): Promise<UpdateView> {
  const json = { revision, mode: "automatic", ...more };
  const asked = await api.send<UpdateView>("POST", `${agent}/update`, { json });
  expect(asked.status).toBe(202);
  const { successful, failed } = await until(
    () => api.updates(agent),
    ({ pending }) => pending.length === 0,
  );
  const concluded = [...successful, ...failed].find(({ id }) => id === asked.body.id);
  if (concluded === undefined) throw new Error("the update is not among those concluded");
  return concluded;
}

const lenient = { check: "calls" };
const boxed: LedgerParts = { result: "{ amount }" };

async function expectWell(agent: string, revision: number, state: object): Promise<void> {
  expect(await api.result(agent, "state")).toEqual(state);
  const view = await api.agent(agent);
  expect(view).toMatchObject({ status: "idle", revision });
  expect(view).not.toHaveProperty("lastError");
  expect((await api.oplog(agent)).map(({ kind }) => kind)).not.toContain("Error");
}

describe('an update with "check": "calls"', () => {
  test("succeeds where past methods return something else, and stays good: over crashes, snapshots, more updates", async () => {
    const same = { ...boxed, module: "// again" };
    const agent = await seasoned({}, boxed, same, { result: "[amount]" });
    expect(await update(agent, 2)).toMatchObject({ status: "failed" });
    expect(await update(agent, 2, lenient)).toMatchObject({ status: "successful" });
    const asked = (await api.oplog(agent)).filter(({ kind }) => kind === "PendingUpdate");
    expect(asked.map(({ check }) => check)).toEqual([undefined, "calls"]);
    // What callers were told stays told.
    const first = await api.get<InvocationView>(`${agent}/invocations/first`);
    expect(first.body).toMatchObject({ result: 7, revision: 1 });

    await crash();
    await expectWell(agent, 2, { sum: 7, words: ["a"] });
    expect(await api.result(agent, "pay", `${receiver.url}/pay`, 1)).toEqual({ amount: 1 });
    await crash();
    await expectWell(agent, 2, { sum: 8, words: ["a"] });

    expect((await api.send("POST", `${agent}/snapshot`)).status).toBe(201);
    await api.result(agent, "note", "b");
    await crash();
    await expectWell(agent, 2, { sum: 8, words: ["a", "b"] });

    // A strict one compares what came after, and only that.
    expect(await update(agent, 3)).toMatchObject({ status: "successful" });
    await crash();
    await expectWell(agent, 3, { sum: 8, words: ["a", "b"] });
    const strict = await update(agent, 4);
    expect(strict).toMatchObject({ status: "failed" });
    expect(strict.report?.difference).toEqual({
      path: "$",
      recorded: { amount: 1 },
      replayed: [1],
    });
    await crash();
    await expectWell(agent, 3, { sum: 8, words: ["a", "b"] });
  });

  test("that waits for an interrupted agent to be resumed is as lenient after a crash", async () => {
    const members = 'async nap() { await sleep("1h"); }';
    const agent = await seasoned({ members }, { members, ...boxed });
    await api.invoke(agent, "nap", { query: "?mode=enqueue" });
    await until(
      () => api.agent(agent),
      ({ status }) => status === "suspended",
    );
    await api.send("POST", `${agent}/interrupt`);
    const json = { revision: 2, mode: "automatic", wake: false, check: "calls" };
    expect((await api.send("POST", `${agent}/update`, { json })).status).toBe(202);
    await crash();
    expect(await api.updates(agent)).toMatchObject({ pending: [{ revision: 2 }] });
    await api.send("POST", `${agent}/resume`);
    const { successful } = await until(
      () => api.updates(agent),
      ({ pending }) => pending.length === 0,
    );
    expect(successful).toHaveLength(1);
  });

  test.each<[string, LedgerParts, RegExp]>([
    ["makes another call", { pay: 'await step("charge", () => 1);' }, /a call of step/],
    ["makes one call less", { pay: "" }, /a call of fetch/],
    [
      "throws instead of returning",
      { result: '(() => { throw new RangeError("no"); })()' },
      /the error RangeError: no/,
    ],
    ["has no such method any more", { without: ["note"] }, /has no method note/],
  ])("fails when a past method %s", async (_, other, reason) => {
    const agent = await seasoned({}, other);
    const failed = await update(agent, 2, lenient);
    expect(failed).toMatchObject({ status: "failed" });
    expect(failed.detail).toMatch(reason);
    expect(failed.report?.advice).not.toMatch(/"check"/);
    await expectWell(agent, 1, { sum: 7, words: ["a"] });
  });

  test("lets a past error be another one, but not the want of the method", async () => {
    const fails = (what: string): LedgerParts => ({
      members: `fail() { throw new AgentError("${what}"); }`,
    });
    const agent = await seasoned(fails("no"), fails("not like that"), {});
    problemOf(await api.invoke(agent, "fail"), 500, "invocation-failed");
    expect(await update(agent, 2)).toMatchObject({ status: "failed" });
    expect(await update(agent, 3, lenient)).toMatchObject({ status: "failed" });
    expect(await update(agent, 2, lenient)).toMatchObject({ status: "successful" });
    await crash();
    await expectWell(agent, 2, { sum: 7, words: ["a"] });
  });

  test("by snapshot compares nothing anyway", async () => {
    const agent = await seasoned({}, boxed);
    expect(await update(agent, 2, { mode: "manual", ...lenient })).toMatchObject({
      status: "successful",
    });
    await crash();
    await expectWell(agent, 2, { sum: 7, words: ["a"] });
  });
});

test("a dry run by snapshot of an agent that no instance is there for", async () => {
  const agent = await seasoned({}, boxed);
  await crash();
  const json = { revision: 2, mode: "manual", dryRun: true };
  const { body } = await api.send<DryRunView>("POST", `${agent}/update`, { json });
  expect(body).toEqual({ compatible: true });
});

describe("a divergence is reported alike wherever it is shown", () => {
  test("a failed update: in its entry, in its resource, in the agent's, as the dry run told it", async () => {
    const agent = await seasoned({}, boxed);
    const json = { revision: 2, mode: "automatic", dryRun: true };
    const { body } = await api.send<DryRunView>("POST", `${agent}/update`, { json });
    const { report, detail } = await update(agent, 2);
    expect(report).toEqual(body.divergence);
    expect(detail).toBe(body.detail);
    expect(report).toEqual({
      index: 6,
      kind: "AgentInvocationFinished",
      method: "pay",
      idempotencyKey: "first",
      expected: "the result 7",
      actual: 'the result {"amount":7}',
      message: `At oplog index 6 of pay the record has the result 7, but the code came to the result {"amount":7}. The agent is on revision 1; this was a replay on revision 2.`,
      difference: { path: "$", recorded: 7, replayed: { amount: 7 } },
      presentRevision: 1,
      replayedRevision: 2,
      advice: expect.stringMatching(
        /"check": "calls".*"mode": "manual".*\{"toIndex": 2\}/,
      ) as unknown,
    });
    const entry = (await api.oplog(agent)).find(({ kind }) => kind === "FailedUpdate");
    expect(entry).toMatchObject({ report, detail });
    const { updates, ...view } = await api.agent(agent);
    expect(updates.failed).toMatchObject([{ report, detail }]);
    expect(view).not.toHaveProperty("lastError");
    await crash();
    expect((await api.updates(agent)).failed).toMatchObject([{ report, detail }]);
  });

  test("a failed agent: in its entry, in its resource, in the problem of who invokes it", async () => {
    // What the hook fetches is not recorded: with another answer the history diverges.
    let answers = 0;
    const moody = await openReceiver((_, response) => void response.end(`${++answers}`));
    const load = `async loadSnapshot() { this.mood = await (await fetch("${moody.url}")).text(); }`;
    const agent = await seasoned({}, { members: `${load} tell() { return { mood: this.mood }; }` });
    await update(agent, 2, { mode: "manual" });
    expect(await api.result(agent, "tell")).toEqual({ mood: "1" });
    await crash();
    const refused = problemOf(await api.invoke(agent, "tell"), 409, "agent-failed");
    await moody.close();
    const view = await api.agent(agent);
    expect(view).toMatchObject({ status: "failed", lastError: { code: "divergence" } });
    expect(view.lastError?.details).toMatchObject({
      method: "tell",
      difference: { path: "$.mood", recorded: "1", replayed: "2" },
      presentRevision: 2,
      replayedRevision: 2,
      advice: expect.stringMatching(/update the agent to it with "mode": "automatic"/) as unknown,
    });
    const { details } = view.lastError ?? {};
    expect(refused.lastError).toEqual(view.lastError);
    const entry = (await api.oplog(agent)).find(({ kind }) => kind === "Error");
    expect(entry?.["error"]).toMatchObject({ details });
    const again = problemOf(await api.invoke(agent, "tell"), 409, "agent-failed");
    expect(again.lastError).toEqual(view.lastError);
  });
});
