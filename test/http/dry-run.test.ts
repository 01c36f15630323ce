/** http-api DryRun: what an update would come to, told beside the running agent, which is not touched. */
import { describe, expect, test } from "vitest";
import type { DryRunView, InvocationView } from "../../src/core/api/views.ts";
import { agentPath } from "./support/api.ts";
import { openDryRuns } from "./support/dry-runs.ts";
import { ledger, PAY, type LedgerParts } from "./support/ledger-agents.ts";
import { openSite } from "./support/site.ts";
import { traceOf } from "./support/trace.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, fresh } = site;
const { url, release, arrivals, arrived, living, seasoned, ask, traceless } =
  await openDryRuns(site);

describe("a dry run of an automatic update", () => {
  test("of code that does the same is compatible, and counts the replayable entries", async () => {
    const agent = await seasoned({ result: "0 + amount" });
    expect(await traceless(agent)).toEqual({ compatible: true, entriesReplayed: 8 });
    expect(await api.result(agent, "state")).toEqual({ sum: 7, words: ["a", "b"] });
  });

  test("of an agent that has done nothing yet", async () => {
    const agent = await living(ledger(), ledger({ result: "0 + amount" }));
    expect(await traceless(agent)).toEqual({ compatible: true, entriesReplayed: 0 });
  });

  test.each<[string, LedgerParts, number, number, string, string, object | undefined]>([
    [
      "makes another call",
      { pay: 'await step("charge", () => amount);' },
      1,
      4,
      "a call of fetch",
      'a call of step with {"name":"charge"}',
      undefined,
    ],
    [
      "makes the call with another argument",
      {
        pay: 'await fetch(url, { method: "POST", body: JSON.stringify({ amount, by: "cash" }) });',
      },
      1,
      4,
      "a call of fetch",
      "cash",
      {
        path: "$.body.text",
        recorded: '{"amount":7,"by":"card"}',
        replayed: '{"amount":7,"by":"cash"}',
      },
    ],
    [
      "returns something else",
      { result: "{ amount }" },
      3,
      6,
      "the result 7",
      'the result {"amount":7}',
      { path: "$", recorded: 7, replayed: { amount: 7 } },
    ],
    ["ends earlier", { pay: "" }, 1, 4, "a call of fetch", "the result 7", undefined],
    [
      "goes on longer",
      { pay: `${PAY} await step("more", () => 1);` },
      3,
      6,
      "the result 7",
      'a call of step with {"name":"more"}',
      undefined,
    ],
    [
      "waits for ever",
      { pay: "await new Promise(() => {});" },
      1,
      4,
      "a call of fetch",
      "no further step",
      undefined,
    ],
  ])(
    "of code that %s diverges, and says where",
    async (_, other, entriesReplayed, index, expected, actual, difference) => {
      const agent = await seasoned(other);
      const { divergence, ...rest } = await traceless(agent);
      expect(rest).toMatchObject({ compatible: false, entriesReplayed });
      expect(divergence).toMatchObject({
        index,
        kind: (await api.oplog(agent))[index - 1]?.kind,
        method: "pay",
        expected: expect.stringContaining(expected) as unknown,
        actual: expect.stringContaining(actual) as unknown,
        presentRevision: 1,
        replayedRevision: 2,
      });
      expect(divergence?.difference).toEqual(difference);
      expect(divergence?.message).toContain(`At oplog index ${index} of pay`);
      expect(divergence?.advice).toMatch(/"mode": "manual"/);
      expect(rest.detail).toContain(divergence?.advice);
    },
  );

  test("of code whose method is gone says which, where it was called, and to keep it", async () => {
    const agent = await seasoned({ without: ["note"] });
    const tried = await traceless(agent);
    expect(tried).toMatchObject({ compatible: false, entriesReplayed: 5 });
    expect(tried.detail).toMatch(/no method note.*Keep note/);
    expect(tried.divergence).toMatchObject({ index: 9, method: "note" });
  });

  test.each<[string, LedgerParts, RegExp]>([
    [
      "does not start",
      { module: 'if (Date.now() > 0) throw new Error("out of date");' },
      /out of date/,
    ],
    [
      "has a constructor that throws",
      { members: 'constructor() { super(); throw new Error("no life"); }' },
      /no life/,
    ],
  ])("of code that %s has the reason, and what to do", async (_, other, reason) => {
    const agent = await seasoned(other);
    const tried = await traceless(agent);
    expect(tried).toMatchObject({ compatible: false, entriesReplayed: 0 });
    expect(tried.detail).toMatch(reason);
    expect(tried.detail).toMatch(/mend the code/);
    expect(tried).not.toHaveProperty("divergence");
  });

  test("starts from the snapshot of a manual update, never from an automatic one", async () => {
    const agent = await living(
      ledger({ members: "hello() {}" }),
      ledger(),
      ledger({ result: "{ amount }" }),
    );
    await api.result(agent, "hello");
    await api.send("POST", `${agent}/update`, { json: { revision: 2, mode: "manual" } });
    await until(
      () => api.updates(agent),
      ({ successful }) => successful.length === 1,
    );
    await api.result(agent, "note", "a");
    await api.send("POST", `${agent}/snapshot`);
    await api.result(agent, "note", "b");
    const json = { revision: 3, mode: "automatic", dryRun: true };
    const { body } = await api.send<DryRunView>("POST", `${agent}/update`, { json });
    expect(body).toEqual({ compatible: true, entriesReplayed: 4 });
  });

  test("compares results or not, as it is asked", async () => {
    const agent = await seasoned({ result: "{ amount }" });
    expect(await traceless(agent, { check: "calls" })).toEqual({
      compatible: true,
      entriesReplayed: 8,
    });
    expect(await traceless(agent, { check: "calls-and-results" })).toMatchObject({
      compatible: false,
    });
  });

  test("reads the unfinished invocation too, which goes on undisturbed and sends nothing twice", async () => {
    const other = { pay: `${PAY} await step("more", () => 1);` };
    const agent = await living(ledger(), ledger(other), ledger({ pay: "" }));
    const paying = api.invoke(agent, "pay", { args: [`${url}/held-1`, 5], key: "paying" });
    await arrived("/held-1");
    const before = await traceOf(api, agent);
    // What comes after the record's end is not known yet.
    expect((await ask(agent)).body).toEqual({ compatible: true, entriesReplayed: 2 });
    expect((await ask(agent, { revision: 3 })).body).toMatchObject({
      compatible: false,
      divergence: { index: 4, actual: "the result 5" },
    });
    expect(await traceOf(api, agent)).toEqual(before);
    release("/held-1");
    expect((await paying).body).toMatchObject({ status: "completed", result: 5, revision: 1 });
    expect(arrivals("/held-1")).toHaveLength(1);
  });

  test("says what the code of a running invocation calls instead", async () => {
    const agent = await living(
      ledger(),
      ledger({ pay: 'await fetch(url + "/v2", { method: "POST" });' }),
    );
    await api.invoke(agent, "pay", { args: [`${url}/held-2`, 5], query: "?mode=enqueue" });
    await arrived("/held-2");
    const { body } = await ask(agent);
    expect(body.divergence).toMatchObject({
      index: 4,
      difference: { path: "$.url", recorded: `${url}/held-2`, replayed: `${url}/held-2/v2` },
    });
    release("/held-2");
    expect(arrivals("/held-2/v2")).toEqual([]);
  });

  test("of an agent that sleeps, is interrupted or has failed leaves it as it is", async () => {
    const members =
      'async nap() { await sleep("1h"); } async onCreate() { if (this.key === "bad") throw new Error("no"); }';
    const component = fresh("ledger");
    for (const word of ["one", "two"])
      await api.upload(component, `${ledger({ members })}// ${word}`);
    const [sleeping, interrupted, failed] = ["sleeping", "interrupted", "bad"].map((key) =>
      agentPath(component, "Ledger", key),
    ) as [string, string, string];
    for (const agent of [sleeping, interrupted, failed]) {
      await api.send("PUT", agent, { json: { revision: 1 } });
      if (agent !== failed) await api.invoke(agent, "nap", { query: "?mode=enqueue" });
    }
    for (const agent of [sleeping, interrupted]) {
      await until(
        () => api.agent(agent),
        ({ status }) => status === "suspended",
      );
    }
    await api.send("POST", `${interrupted}/interrupt`);
    const napped = { compatible: true, entriesReplayed: 4 };
    expect(await traceless(sleeping)).toEqual(napped);
    expect(await traceless(interrupted)).toEqual(napped);
    // The initialization would throw in the new code again.
    const tried = await traceless(failed);
    expect(tried).toMatchObject({ compatible: false, entriesReplayed: 1 });
    expect(tried.detail).toMatch(/^no\. /);
  });

  test("several at once are answered one after the other, all of them", async () => {
    const agent = await seasoned({ result: "{ amount }" });
    const checks = ["calls", "calls-and-results", "calls", "calls-and-results"];
    const answers = await Promise.all(checks.map((check) => ask(agent, { check })));
    expect(answers.map(({ body }) => body.compatible)).toEqual([true, false, true, false]);
  });
});

describe("a dry run of a manual update", () => {
  const hooks = (save: string, load: string): LedgerParts => ({
    members: `saveSnapshot() { ${save} } loadSnapshot(state, { revision }) { ${load} }`,
  });
  const keep = "console.log('saved'); return { sum: this.sum };";

  test("saves and loads, and leaves nothing of it: no snapshot, no log line, no state", async () => {
    const agent = await living(
      ledger(hooks(keep, "")),
      ledger(
        hooks(
          "",
          'if (state.sum !== 7 || revision !== 1) throw new Error("not whole"); console.log("loaded");',
        ),
      ),
    );
    await api.result(agent, "pay", `${url}/pay`, 7);
    expect(await traceless(agent, { mode: "manual" })).toEqual({ compatible: true });
    await api.result(agent, "note", "after");
    const kinds = (await api.oplog(agent)).map(({ kind }) => kind);
    expect(kinds).not.toContain("Log");
    expect(await api.result(agent, "state")).toEqual({ sum: 7, words: ["after"] });
  });

  test("whose load fails says why and what to do", async () => {
    const agent = await living(ledger(), ledger(hooks("", 'throw new Error("too old for me");')));
    await api.result(agent, "note", "a");
    const tried = await traceless(agent, { mode: "manual" });
    expect(tried).toEqual({
      compatible: false,
      detail: expect.stringMatching(/too old for me\..*mend/) as unknown,
    });
    expect(await api.result(agent, "note", "b")).toBe(2);
  });

  test("whose save fails says why; the agent goes on in a fresh instance", async () => {
    const agent = await living(
      ledger(hooks('this.words.push("poison"); throw new Error("the disk is full");', "")),
      ledger(),
    );
    await api.result(agent, "note", "a");
    const tried = await traceless(agent, { mode: "manual" });
    expect(tried).toEqual({
      compatible: false,
      detail: expect.stringMatching(
        /could not be saved: the disk is full\..*automatically/,
      ) as unknown,
    });
    expect(await api.result(agent, "note", "b")).toBe(2);
  });

  test("waits for the end of what runs, and goes before what is pending", async () => {
    const agent = await living(
      ledger(hooks(keep, "")),
      ledger(hooks("", 'if (state.sum !== 5) throw new Error("sum " + state.sum);')),
    );
    const pays = (path: string, key: string) =>
      api.invoke(agent, "pay", { args: [`${url}${path}`, 5], key, query: "?mode=enqueue" });
    await pays("/held-3", "first");
    await arrived("/held-3");
    await pays("/free", "second");
    const tried = ask(agent, { mode: "manual" });
    // An automatic one that is asked for later is answered only after it.
    const later = ask(agent, { mode: "automatic" }).then(() => "later");
    expect(await Promise.race([later, api.agent(agent).then(() => "the agent")])).toBe("the agent");
    release("/held-3");
    expect((await tried).body).toEqual({ compatible: true });
    await later;
    const ended = await api.get<InvocationView>(`${agent}/invocations/second?wait=20`);
    expect(ended.body.status).toBe("completed");
  });
});
