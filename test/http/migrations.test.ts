/** State schemas that move: `static version` and `static migrations`, wherever a snapshot is loaded. */
import { describe, expect, test } from "vitest";
import type { AgentView, EntryView, UpdateView } from "../../src/core/api/views.ts";
import type { Answer } from "./support/api.ts";
import { problemOf } from "./support/problem.ts";
import { openSite, type Place } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, fresh, place } = site;

interface Code {
  readonly statics?: string;
  readonly members?: string;
}

/** What `add` answers does not depend on the shape of the state, so history replays on all of them. */
function cart({ statics = "", members = "" }: Code = {}): string {
  return `
    import { Agent } from "perdure";
    export class Cart extends Agent {
      ${statics}
      ${members}
      state() { return { ...this }; }
    }`;
}

const one = cart({ members: `items = []; add(name) { this.items.push(name); return "added"; }` });

const toMap = `
  2: (state) => ({ ...state, counts: Object.fromEntries(state.items.map((name) => [name, 1])) }),`;
const toTotal = `
  3: async (state) => { await null; state.total = Object.keys(state.counts).length; delete state.items; },`;

const countsAndTotal = `
  counts = {}; total = 0;
  add(name) { this.counts[name] = (this.counts[name] ?? 0) + 1; this.total += 1; return "added"; }`;

const three = cart({
  statics: `static version = 3; static migrations = { ${toMap} ${toTotal} };`,
  members: countsAndTotal,
});

async function filled(at: Place, ...names: readonly string[]): Promise<void> {
  for (const name of names) await api.result(at.agent, "add", name);
}

async function updated(agent: string, mode: string, revision: number): Promise<UpdateView> {
  const answer: Answer<UpdateView> = await api.send("POST", `${agent}/update`, {
    json: { mode, revision },
  });
  expect(answer.status).toBe(202);
  return until(
    async () => {
      const { successful, failed } = await api.updates(agent);
      return [...successful, ...failed].find(({ id }) => id === answer.body.id) as UpdateView;
    },
    (found) => found !== undefined,
  );
}

async function snapshotted(agent: string): Promise<number> {
  const taken = await api.send<{ index: number }>("POST", `${agent}/snapshot`);
  expect(taken.status).toBe(201);
  return taken.body.index;
}

async function failures(agent: string): Promise<readonly EntryView[]> {
  return (await api.oplog(agent)).filter(({ kind }) => kind === "SnapshotRecoveryFailed");
}

describe("a manual update to a newer version of the state", () => {
  test("1 to 3: every step between is applied in order, sync or async, changed in place or returned", async () => {
    const at = await place("Cart", one);
    await filled(at, "tea", "milk");
    await api.upload(at.component, three);
    expect(await updated(at.agent, "manual", 2)).toMatchObject({ status: "successful" });
    const state = { counts: { tea: 1, milk: 1 }, total: 2 };
    expect(await api.result(at.agent, "state")).toEqual(state);
    await site.crash();
    expect(await api.result(at.agent, "state")).toEqual(state);
    await filled(at, "tea");
    await site.crash();
    expect(await api.result(at.agent, "state")).toEqual({ counts: { tea: 2, milk: 1 }, total: 3 });
  });

  test("of the same version: none is applied, and fields that the code adds keep their initialisers", async () => {
    const at = await place("Cart", three);
    await filled(at, "tea");
    const broken = `static version = 3; static migrations = { 2() { throw new Error("2"); }, 3() { throw new Error("3"); } };`;
    await api.upload(
      at.component,
      cart({ statics: broken, members: `note = "new"; ${countsAndTotal}` }),
    );
    expect(await updated(at.agent, "manual", 2)).toMatchObject({ status: "successful" });
    const state = { counts: { tea: 1 }, total: 1, note: "new" };
    expect(await api.result(at.agent, "state")).toEqual(state);
  });

  test("a later automatic update migrates the same base by the steps of its own revision", async () => {
    const at = await place("Cart", one);
    await filled(at, "tea");
    await api.upload(at.component, three);
    await updated(at.agent, "manual", 2);
    await filled(at, "milk");
    const four = cart({
      statics: `static version = 4; static migrations = { ${toMap} ${toTotal} 4: (state) => ({ ...state, seen: Object.keys(state.counts) }) };`,
      members: `seen = []; ${countsAndTotal}`,
    });
    await api.upload(at.component, four);
    expect(await updated(at.agent, "automatic", 3)).toMatchObject({ status: "successful" });
    const state = { counts: { tea: 1, milk: 1 }, total: 2, seen: ["tea"] };
    expect(await api.result(at.agent, "state")).toEqual(state);
    await site.crash();
    expect(await api.result(at.agent, "state")).toEqual(state);
  });

  test.each([
    [
      "a step that throws",
      `static version = 3; static migrations = { ${toMap} 3() { throw new RangeError("no total"); } };`,
      "static migrations[3] of Cart failed: no total",
    ],
    [
      "a step that rejects",
      `static version = 2; static migrations = { async 2() { throw new RangeError("not now"); } };`,
      "static migrations[2] of Cart failed: not now",
    ],
    [
      "a step that is missing",
      `static version = 3; static migrations = { ${toMap} };`,
      "has version 1 of the state of Cart, and this code has no migrations[3] on the way to version 3; upload code with that step, or define loadSnapshot",
    ],
    ["no steps at all", `static version = 2;`, "has no migrations[2]"],
    [
      "a step that returns no fields",
      `static version = 2; static migrations = { 2: () => 7 };`,
      "The snapshot is not a set of fields",
    ],
  ])("%s: FailedUpdate says so, and the old revision stays as it was", async (_, statics, told) => {
    const at = await place("Cart", one);
    await filled(at, "tea");
    await api.upload(at.component, cart({ statics, members: countsAndTotal }));
    const concluded = await updated(at.agent, "manual", 2);
    expect(concluded).toMatchObject({
      status: "failed",
      detail: expect.stringContaining(told) as string,
    });
    expect(await api.agent(at.agent)).toMatchObject({ status: "idle", revision: 1 });
    await filled(at, "milk");
    await site.crash();
    expect(await api.result(at.agent, "state")).toEqual({ items: ["tea", "milk"] });
  });
});

describe("a downgrade", () => {
  test("by a manual update is refused by code that knows only older versions, and the agent stays", async () => {
    const at = await place("Cart", three);
    await filled(at, "tea");
    await api.upload(at.component, one);
    const concluded = await updated(at.agent, "manual", 2);
    expect(concluded.status).toBe("failed");
    expect(concluded.detail).toContain(
      "has version 3 of the state of Cart, and this code only knows version 1; use a revision with static version 3 or more, or define loadSnapshot",
    );
    expect(await api.result(at.agent, "state")).toEqual({ counts: { tea: 1 }, total: 1 });
  });

  test("works where loadSnapshot takes it back; it is told the version", async () => {
    const at = await place("Cart", three);
    await filled(at, "tea");
    const back = `
      items = []; add(name) { this.items.push(name); return "added"; }
      loadSnapshot(state, saved) { this.items = Object.keys(state.counts); this.saved = saved; }`;
    await api.upload(at.component, cart({ statics: "static version = 2;", members: back }));
    expect(await updated(at.agent, "manual", 2)).toMatchObject({ status: "successful" });
    expect(await api.result(at.agent, "state")).toEqual({
      items: ["tea"],
      saved: { revision: 1, version: 3 },
    });
  });

  test("by an automatic update: a newer snapshot is passed over for the whole history", async () => {
    const at = await place("Cart", three);
    await filled(at, "tea", "milk");
    const index = await snapshotted(at.agent);
    await api.upload(at.component, one);
    expect(await updated(at.agent, "automatic", 2)).toMatchObject({ status: "successful" });
    await site.crash();
    expect(await api.result(at.agent, "state")).toEqual({ items: ["tea", "milk"] });
    expect(await failures(at.agent)).toMatchObject([
      { snapshotIndex: index, detail: expect.stringContaining("only knows version 1") as string },
    ]);
  });
});

describe("an automatic snapshot that an older revision took", () => {
  test("is migrated when the agent is recovered from it after an automatic update", async () => {
    const at = await place("Cart", one);
    await filled(at, "tea", "milk");
    await snapshotted(at.agent);
    await filled(at, "bread");
    const marked = three.replace("3: async (state) => {", "3: async (state) => { state.mark = 1;");
    await api.upload(at.component, marked);
    expect(await updated(at.agent, "automatic", 2)).toMatchObject({ status: "successful" });
    const counts = { tea: 1, milk: 1, bread: 1 };
    await site.crash();
    expect(await api.result(at.agent, "state")).toEqual({ counts, total: 3, mark: 1 });
    expect(await failures(at.agent)).toEqual([]);
  });

  test("that cannot be migrated is passed over: the history is replayed", async () => {
    const at = await place("Cart", one);
    await filled(at, "tea");
    await snapshotted(at.agent);
    await api.upload(
      at.component,
      cart({
        statics: `static version = 3; static migrations = { ${toMap} };`,
        members: countsAndTotal,
      }),
    );
    await updated(at.agent, "automatic", 2);
    await site.crash();
    expect(await api.result(at.agent, "state")).toEqual({ counts: { tea: 1 }, total: 1 });
    expect(await failures(at.agent)).toMatchObject([
      { detail: expect.stringContaining("has no migrations[3]") as string },
    ]);
  });

  test("of the present version is loaded as it is; its entry does not show the version", async () => {
    const at = await place("Cart", three.replace("2: (state)", "2: (state, never = oops())"));
    await filled(at, "tea");
    await snapshotted(at.agent);
    await site.crash();
    expect(await api.result(at.agent, "state")).toEqual({ counts: { tea: 1 }, total: 1 });
    expect(await failures(at.agent)).toEqual([]);
    const snapshot = (await api.oplog(at.agent)).find(({ kind }) => kind === "Snapshot");
    expect(Object.keys(snapshot ?? {}).toSorted()).toEqual([
      "at",
      "bytes",
      "index",
      "kind",
      "mime",
      "revision",
      "snapshot",
    ]);
  });
});

test("bytes of a custom saveSnapshot can be migrated to fields", async () => {
  const at = await place(
    "Cart",
    cart({
      members: `items = []; add(name) { this.items.push(name); return "added"; }
        saveSnapshot() { return new TextEncoder().encode(this.items.join()); }
        loadSnapshot(state) { this.items = new TextDecoder().decode(state).split(","); }`,
    }),
  );
  await filled(at, "tea", "milk");
  await api.upload(
    at.component,
    cart({
      statics: `static version = 2; static migrations = { 2: (bytes) => ({ items: new TextDecoder().decode(bytes).split(",") }) };`,
      members: `items = []; add(name) { this.items.push(name); return "added"; }`,
    }),
  );
  expect(await updated(at.agent, "manual", 2)).toMatchObject({ status: "successful" });
  expect(await api.result(at.agent, "state")).toEqual({ items: ["tea", "milk"] });
});

describe("an upload is refused as invalid-component", () => {
  test.each([
    ["version 0", "static version = 0;", "static version of Cart must be a positive integer"],
    ["version 1.5", "static version = 1.5;", "static version of Cart must be a positive integer"],
    ["a version as text", `static version = "2";`, "must be a positive integer"],
    [
      "a step beyond the version",
      "static version = 2; static migrations = { 3: (state) => state };",
      "has the key 3, but the keys are versions above 1 and up to static version, which is 2",
    ],
    ["a step to version 1", "static version = 2; static migrations = { 1() {} };", "has the key 1"],
    ["a step to 2.5", "static version = 3; static migrations = { 2.5() {} };", "has the key 2.5"],
    ["a step to 02", `static version = 2; static migrations = { "02"() {} };`, "has the key 02"],
    ["a key that is no number", "static version = 2; static migrations = { two() {} };", "key two"],
    ["steps without a version", "static migrations = { 2() {} };", "which is 1"],
    [
      "a step that is no function",
      "static version = 2; static migrations = { 2: {} };",
      "migrations[2] of Cart must be a function that takes the state of version 1 to version 2",
    ],
    ["steps that are no object", "static version = 2; static migrations = 7;", "must be an object"],
  ])("%s", async (_, statics, told) => {
    const component = fresh();
    const path = `/v1/components/${component}/revisions`;
    const answer = await api.send<AgentView>("POST", path, {
      body: cart({ statics }),
      headers: { "content-type": "text/javascript" },
    });
    expect(problemOf(answer, 422, "invalid-component").detail).toContain(told);
  });
});
