/** Creating and showing agents: the exact shape of an Agent, and when PUT is what. */
import { describe, expect, test } from "vitest";
import type { AgentView } from "../../src/core/api/views.ts";
import { iso, uuid } from "./support/matchers.ts";
import { openSite } from "./support/site.ts";

const { api, place } = await openSite();

const script = (body: string): string => `import { Agent, sleep } from "perdure"; ${body}`;
const tiny = script(
  "export class Tiny extends Agent { count = 0; add(by = 1) { return (this.count += by); } }",
);

describe("agents", () => {
  test("PUT without a body: 201, Location, and the whole Agent", async () => {
    const { component, agent } = await place("Tiny", tiny, "a/b c");
    const answer = await api.send<AgentView>("PUT", agent);
    expect(answer.status).toBe(201);
    expect(answer.headers.get("location")).toBe(agent);
    expect(answer.body).toEqual({
      component,
      type: "Tiny",
      key: "a/b c",
      incarnation: uuid,
      status: "idle",
      revision: 1,
      createdAt: iso,
      pendingInvocations: 0,
      updates: { pending: [], successful: [], failed: [] },
      lastManualUpdateSnapshotIndex: null,
      lastAutomaticSnapshotIndex: null,
      skippedRegions: [],
      deletedRegions: [],
      lastOplogIndex: 1,
    });
    expect((await api.get(agent)).body).toEqual(answer.body);
    expect((await api.send("PUT", agent)).body).toEqual(answer.body);
    expect(await api.oplog(agent)).toEqual([
      {
        index: 1,
        at: answer.body.createdAt,
        kind: "Create",
        component,
        type: "Tiny",
        key: "a/b c",
        revision: 1,
        incarnation: answer.body.incarnation,
      },
    ]);
  });

  test("PUT with params, env and revision; the same again is 200, also in part, whatever the revision", async () => {
    const { component, agent } = await place("Tiny", tiny);
    await api.upload(component, `${tiny}//2`);
    const params = { list: [1, { b: null, a: "x" }], "": true };
    const env = { TOKEN: "secret", EMPTY: "" };
    const made = await api.send<AgentView>("PUT", agent, { json: { revision: 1, params, env } });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ revision: 1, params, env, status: "idle" });
    const same = { "": true, list: [1, { a: "x", b: null }] };
    for (const json of [
      {},
      { params: same },
      { env },
      { params, env },
      { revision: 2 },
      { revision: 9 },
    ]) {
      const again = await api.send("PUT", agent, { json });
      expect([again.status, again.body], JSON.stringify(json)).toEqual([200, made.body]);
    }
    expect((await api.oplog(agent))[0]).toMatchObject({ kind: "Create", revision: 1, params, env });
  });

  test("params null are params", async () => {
    const { agent } = await place("Tiny", tiny);
    const made = await api.send<AgentView>("PUT", agent, { json: { params: null } });
    expect(made.body.params).toBeNull();
    expect((await api.send("PUT", agent, { json: { params: null } })).status).toBe(200);
  });

  test("without a revision it is the latest one, and stays on it", async () => {
    const { component, agent } = await place("Tiny", tiny);
    await api.upload(component, `${tiny}//2`);
    const made = await api.send<AgentView>("PUT", agent);
    await api.upload(component, `${tiny}//3`);
    expect(made.body.revision).toBe(2);
    await api.result(agent, "add");
    expect((await api.agent(agent)).revision).toBe(2);
  });

  test("two PUTs at once make one agent", async () => {
    const { agent } = await place("Tiny", tiny);
    const answers = await Promise.all([1, 2, 3, 4].map(() => api.send<AgentView>("PUT", agent)));
    expect(answers.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([
      200, 200, 200, 201,
    ]);
    expect(new Set(answers.map(({ body }) => body.incarnation)).size).toBe(1);
  });

  test("every PUT answers once the agent is initialized", async () => {
    const code = script(
      "export class Slow extends Agent { ready = false; async onCreate() { await sleep(300); this.ready = true; } isReady() { return this.ready; } }",
    );
    const { agent } = await place("Slow", code);
    const first = api.send<AgentView>("PUT", agent);
    await api.send("GET", agent);
    const answers = await Promise.all([first, api.send<AgentView>("PUT", agent)]);
    expect(answers.map(({ body }) => body.status)).toEqual(["idle", "idle"]);
    const kinds = (await api.oplog(agent)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "AgentInvocationFinished")).toHaveLength(1);
    expect(await api.result(agent, "isReady")).toBe(true);
  });

  test("GET never wakes: nothing is written, and status is what it was", async () => {
    const { agent } = await place("Tiny", tiny);
    await api.result(agent, "add", 3);
    const first = await api.get(agent);
    for (let n = 0; n < 3; n++) expect((await api.get(agent)).body).toEqual(first.body);
  });
});
