/** Health and components: the exact shapes of what the API shows. */
import { describe, expect, test } from "vitest";
import type { ComponentSummary, RevisionView } from "../../src/core/api/views.ts";
import { agentPath } from "./support/api.ts";
import { iso } from "./support/matchers.ts";
import { openSite } from "./support/site.ts";

const { api, fresh } = await openSite();

const script = (body: string): string =>
  `import { Agent, AgentError, sleep } from "perdure"; ${body}`;
const tiny = script(
  "export class Tiny extends Agent { count = 0; add(by = 1) { return (this.count += by); } }",
);

function post(component: string, json: unknown) {
  return api.send<RevisionView>("POST", `/v1/components/${component}/revisions`, { json });
}

describe("health", () => {
  test("status and version", async () => {
    const answer = await api.get("/v1/health");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(answer.body).toEqual({
      status: "ok",
      version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
    });
  });
});

describe("uploading", () => {
  test("a script: 201, Location, and the whole Revision", async () => {
    const component = fresh();
    const code = script(`
      const schema = { "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) } };
      class Base extends Agent { inherited() {} _hidden() {} }
      export class B extends Base {
        static snapshots = { everyInvocations: 7 };
        static methods = { zeta: { readOnly: true, description: "Reads." }, alpha: { input: [schema], output: schema } };
        onCreate() {}
        zeta() {}
        async alpha() {}
        saveSnapshot() {}
        loadSnapshot() {}
        static made() {}
        get value() { return 1; }
        #secret() {}
        field = () => 1;
      }
      export class A extends Agent { static snapshots = { everySeconds: 60 }; loadSnapshot() {} }
      export class C extends Agent { static snapshots = "disabled"; }
      export class D extends Agent { }
      export default class E extends Agent { }
      export const notAgent = class {};
      export const value = 1;`);
    const answer = await api.send<RevisionView>("POST", `/v1/components/${component}/revisions`, {
      body: code,
      headers: { "content-type": "text/javascript; charset=utf-8" },
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("location")).toBe(`/v1/components/${component}/revisions/1`);
    expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    const none = { saveSnapshot: false, loadSnapshot: false };
    expect(answer.body).toMatchObject({
      component,
      revision: 1,
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
      createdAt: iso,
    });
    const { agentTypes } = answer.body;
    expect(agentTypes.map(({ name, hooks, snapshots }) => ({ name, hooks, snapshots }))).toEqual([
      { name: "A", hooks: { ...none, loadSnapshot: true }, snapshots: { everySeconds: 60 } },
      {
        name: "B",
        hooks: { saveSnapshot: true, loadSnapshot: true },
        snapshots: { everyInvocations: 7 },
      },
      { name: "C", hooks: none, snapshots: "disabled" },
      { name: "D", hooks: none, snapshots: { everyInvocations: 100 } },
    ]);
    for (const type of agentTypes) {
      expect(Object.keys(type).sort()).toEqual(["hooks", "methods", "name", "snapshots"]);
    }
    const methods = agentTypes[1]?.methods ?? [];
    expect(methods.map(({ name, readOnly, description }) => [name, readOnly, description])).toEqual(
      [
        ["alpha", false, undefined],
        ["inherited", false, undefined],
        ["zeta", true, "Reads."],
      ],
    );
    expect(methods[0]).toHaveProperty("inputSchema");
    expect(methods[0]).toHaveProperty("outputSchema");
    expect(methods[2]).not.toHaveProperty("inputSchema");
  });

  test("application/javascript is the same code as text/javascript: 200, no new revision", async () => {
    const component = fresh();
    const first = await api.upload(component, tiny);
    const headers = { "content-type": "application/javascript" };
    const path = `/v1/components/${component}/revisions`;
    const again = await api.send("POST", path, { body: tiny, headers });
    expect([again.status, again.body]).toEqual([200, first]);
    expect((await api.get<{ revisions: unknown[] }>(path)).body.revisions).toHaveLength(1);
  });

  test("modules: relative imports work; the order of modules does not matter; other code is a revision", async () => {
    const component = fresh();
    const main = `export { Tiny } from "./tiny.js"; export { Other } from "./other.js";`;
    const other = `import { Tiny } from "./tiny.js"; export class Other extends Tiny {}`;
    const one = await post(component, {
      main: "a.js",
      modules: { "a.js": main, "tiny.js": tiny, "other.js": other },
    });
    expect(one.text).toContain(`"revision":1`);
    expect(one.status).toBe(201);
    expect(one.body.agentTypes.map(({ name }) => name)).toEqual(["Other", "Tiny"]);
    const again = await post(component, {
      modules: { "other.js": other, "tiny.js": tiny, "a.js": main },
      main: "a.js",
      isolation: "agent",
    });
    expect([again.status, again.body]).toEqual([200, one.body]);
    const two = await post(component, {
      main: "a.js",
      modules: { "a.js": main, "tiny.js": tiny, "other.js": `${other} ` },
    });
    expect([two.status, two.body.revision]).toEqual([201, 2]);
    const shared = await post(component, {
      main: "a.js",
      modules: { "a.js": main, "tiny.js": tiny, "other.js": `${other} ` },
      isolation: "shared",
    });
    expect([shared.status, shared.body.revision]).toEqual([201, 3]);
    expect(await api.result(agentPath(component, "Other", "one"), "add", 2)).toBe(2);
  });

  test("modules in folders import perdure by its name as well", async () => {
    const component = fresh();
    const main = `import { Agent } from "perdure"; import { Tiny } from "./lib/deep/tiny.js"; export class Main extends Tiny {} export { Tiny };`;
    const made = await post(component, {
      main: "src/index.js",
      modules: { "src/index.js": main, "src/lib/deep/tiny.js": tiny },
    });
    expect([made.status, made.text]).toEqual([201, expect.stringContaining("Tiny")]);
    expect(await api.result(agentPath(component, "Main", "one"), "add", 2)).toBe(2);
  });

  test("going back to older code is a new revision, and older ones stay as they were", async () => {
    const component = fresh();
    const uploads = [tiny, `${tiny}//2`, tiny];
    const made: RevisionView[] = [];
    for (const code of uploads) made.push(await api.upload(component, code));
    expect(made.map(({ revision }) => revision)).toEqual([1, 2, 3]);
    expect(made[2]?.digest).toBe(made[0]?.digest);
    const path = `/v1/components/${component}`;
    expect((await api.get(path)).body).toEqual(made[2]);
    for (const revision of made) {
      expect((await api.get(`${path}/revisions/${revision.revision}`)).body).toEqual(revision);
    }
    expect((await api.get(`${path}/revisions`)).body).toEqual({ revisions: [...made].reverse() });
  });

  test("concurrent uploads get a number each", async () => {
    const component = fresh();
    const made = await Promise.all(
      [1, 2, 3, 4, 5].map((n) => api.upload(component, `${tiny}//${n}`)),
    );
    expect(made.map(({ revision }) => revision).toSorted((left, right) => left - right)).toEqual([
      1, 2, 3, 4, 5,
    ]);
  });
});

describe("lists of components and revisions", () => {
  test("revisions are newest first, by pages", async () => {
    const component = fresh();
    for (const n of [1, 2, 3, 4, 5]) await api.upload(component, `${tiny}//${n}`);
    const path = `/v1/components/${component}/revisions`;
    const seen: number[][] = [];
    for (let cursor = ""; ;) {
      const { body } = await api.get<{ revisions: RevisionView[]; cursor?: string }>(
        `${path}?limit=2${cursor}`,
      );
      seen.push(body.revisions.map(({ revision }) => revision));
      if (body.cursor === undefined) break;
      cursor = `&cursor=${encodeURIComponent(body.cursor)}`;
    }
    expect(seen).toEqual([[5, 4], [3, 2], [1]]);
    const whole = await api.get<object>(`${path}?limit=5`);
    expect(Object.keys(whole.body)).toEqual(["revisions"]);
  });

  test("components have a name, the latest revision and a time; by pages nothing is lost", async () => {
    const component = fresh("aa");
    await api.upload(component, tiny);
    const latest = await api.upload(component, `${tiny}//2`);
    const { body } = await api.get<{ components: ComponentSummary[] }>("/v1/components?limit=1000");
    expect(body).toEqual({ components: expect.any(Array) as unknown[] });
    const mine = body.components.find(({ name }) => name === component);
    expect(mine).toEqual({ name: component, latestRevision: latest.revision, createdAt: iso });
    const paged: ComponentSummary[] = [];
    for (let cursor = ""; ;) {
      const page = await api.get<{ components: ComponentSummary[]; cursor?: string }>(
        `/v1/components?limit=3${cursor}`,
      );
      paged.push(...page.body.components);
      if (page.body.cursor === undefined) break;
      expect(page.body.components).toHaveLength(3);
      cursor = `&cursor=${encodeURIComponent(page.body.cursor)}`;
    }
    expect(paged).toEqual(body.components);
  });
});
