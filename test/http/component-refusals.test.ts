/** What the routes under /v1/components refuse, through HTTP: the problem, and that nothing was stored. */
import { describe, expect, test } from "vitest";
import type { RevisionView } from "../../src/core/api/views.ts";
import { openSite } from "./support/site.ts";
import { problemOf } from "./support/problem.ts";
import type { Sent } from "./support/api.ts";
import { traceOf } from "./support/trace.ts";

const { api, fresh } = await openSite();

const good = `
  import { Agent } from "perdure";
  export class Good extends Agent { run() { return 1; } }`;

const script = { "content-type": "text/javascript" };
const json = { "content-type": "application/json" };

function modules(main: unknown, sources: unknown, more: object = {}): Sent {
  return { json: { main, modules: sources, ...more } };
}

type Row = readonly [what: string, sent: Sent, status: number, code: string];

/** Uploads that are refused, whoever sends them to whichever component. */
const uploads: readonly Row[] = [
  ["a syntax error", { body: "export class {", headers: script }, 422, "invalid-component"],
  [
    "a syntax error in an imported module",
    modules("a.js", { "a.js": `import "./b.js"; ${good}`, "b.js": "let x = ;" }),
    422,
    "invalid-component",
  ],
  [
    "throws while loading",
    { body: `${good}\nthrow new Error("not today");`, headers: script },
    422,
    "invalid-component",
  ],
  [
    "throws after a top-level await",
    { body: `${good}\nawait null; throw new Error("not today");`, headers: script },
    422,
    "invalid-component",
  ],
  [
    "imports a module that is not there",
    { body: `import "./nowhere.js"; ${good}`, headers: script },
    422,
    "invalid-component",
  ],
  [
    "imports a package that is not there",
    modules("a.js", { "a.js": `import _ from "lodash"; ${good}` }),
    422,
    "invalid-component",
  ],
  [
    "imports a name that perdure does not export",
    { body: `import { Agent, nothing } from "perdure"; ${good}`, headers: script },
    422,
    "invalid-component",
  ],
  ["no agent class", { body: "export class Good {}", headers: script }, 422, "invalid-component"],
  [
    "only a default export",
    { body: good.replace("class Good", "default class Good"), headers: script },
    422,
    "invalid-component",
  ],
  [
    "an agent class that is not exported",
    { body: good.replace("export ", ""), headers: script },
    422,
    "invalid-component",
  ],
  ["no code", { body: "", headers: script }, 422, "invalid-component"],
  [
    "fetches while loading",
    { body: `await fetch("http://127.0.0.1:1"); ${good}`, headers: script },
    422,
    "invalid-component",
  ],
  [
    "a main that is not among the modules",
    modules("b.js", { "a.js": good }),
    422,
    "invalid-component",
  ],
  ["no modules", modules("a.js", {}), 422, "invalid-component"],
  [
    "a module with the host's name",
    modules("a.js", { "a.js": good, perdure: "" }),
    422,
    "invalid-component",
  ],
  [
    "bindings that the host does not have",
    modules("a.js", { "a.js": good }, { perdure: { bindings: ["CACHE"] } }),
    422,
    "invalid-component",
  ],
  [
    "bindings of the host's own",
    modules("a.js", { "a.js": good }, { perdure: { bindings: ["AGENTS"] } }),
    422,
    "invalid-component",
  ],
  [
    "bindings that are no list",
    modules("a.js", { "a.js": good }, { perdure: { bindings: "CACHE" } }),
    400,
    "invalid-request",
  ],
  [
    "an unknown member of perdure",
    modules("a.js", { "a.js": good }, { perdure: { binding: [] } }),
    400,
    "invalid-request",
  ],
  ["no body", { headers: json }, 400, "invalid-request"],
  ["main missing", { json: { modules: { "a.js": good } } }, 400, "invalid-request"],
  ["modules missing", { json: { main: "a.js" } }, 400, "invalid-request"],
  ["modules a list", modules("a.js", [good]), 400, "invalid-request"],
  ["a module that is no text", modules("a.js", { "a.js": 7 }), 400, "invalid-request"],
  [
    "an unknown isolation",
    modules("a.js", { "a.js": good }, { isolation: "none" }),
    400,
    "invalid-request",
  ],
  ["an unknown member", modules("a.js", { "a.js": good }, { extra: 1 }), 400, "invalid-request"],
  ["a body that is no object", { json: 7 }, 400, "invalid-request"],
  ["a body that is no JSON", { body: "{", headers: json }, 400, "invalid-json"],
  [
    "JSON that is not UTF-8",
    { body: new Uint8Array([0x22, 0xff, 0x22]), headers: json },
    400,
    "invalid-json",
  ],
  [
    "another media type",
    { body: good, headers: { "content-type": "text/plain" } },
    415,
    "unsupported-media-type",
  ],
  [
    "a form",
    { body: "a=1", headers: { "content-type": "application/x-www-form-urlencoded" } },
    415,
    "unsupported-media-type",
  ],
  [
    "a compressed body",
    { body: good, headers: { ...script, "content-encoding": "gzip" } },
    415,
    "unsupported-media-type",
  ],
  [
    "code above 10 MiB",
    { body: `${good}//${"x".repeat(10 * 1024 * 1024)}`, headers: script },
    413,
    "payload-too-large",
  ],
  [
    "a body above 16 MiB",
    { body: "x".repeat(16 * 1024 * 1024 + 1), headers: json },
    413,
    "payload-too-large",
  ],
];

describe("an upload that is refused", () => {
  test.each(uploads)("as the first: %s", async (_, sent, status, code) => {
    const component = fresh();
    const before = await traceOf(api);
    const path = `/v1/components/${component}/revisions`;
    problemOf(await api.send("POST", path, sent), status, code);
    expect(await traceOf(api)).toEqual(before);
    problemOf(await api.get(`/v1/components/${component}`), 404, "component-not-found");
    problemOf(await api.get(path), 404, "component-not-found");
  });

  test.each(uploads)("as the second: %s", async (_, sent, status, code) => {
    const component = fresh();
    const path = `/v1/components/${component}/revisions`;
    await api.upload(component, good);
    const before = [await traceOf(api), (await api.get(path)).body];
    problemOf(await api.send("POST", path, sent), status, code);
    expect([await traceOf(api), (await api.get(path)).body]).toEqual(before);
    expect((await api.get<RevisionView>(`/v1/components/${component}`)).body.revision).toBe(1);
  });

  test("its detail says what is wrong and where", async () => {
    const path = `/v1/components/${fresh()}/revisions`;
    const detailOf = async (sent: Sent): Promise<string> =>
      problemOf(await api.send("POST", path, sent), 422, "invalid-component").detail;
    const broken = `${good}\nconst x = ;`;
    expect(await detailOf(modules("lib/a.js", { "lib/a.js": broken }))).toMatch(
      /SyntaxError.*lib\/a\.js|lib\/a\.js.*SyntaxError/s,
    );
    expect(
      await detailOf(modules("a.js", { "a.js": `${good}\nthrow new Error("not today");` })),
    ).toMatch(/not today.*a\.js|a\.js.*not today/s);
    expect(await detailOf(modules("a.js", { "a.js": `import "./nowhere.js"; ${good}` }))).toContain(
      "nowhere.js",
    );
    expect(await detailOf(modules("a.js", { "a.js": "export const x = 1;" }))).toMatch(
      /a\.js.*Agent/,
    );
  });

  test("code that never finishes loading, while another upload goes on", async () => {
    const [component, other] = [fresh(), fresh()];
    const body = `${good}\nawait new Promise(() => {});`;
    const path = `/v1/components/${component}/revisions`;
    const answer = api.send("POST", path, { body, headers: script });
    await api.upload(other, good);
    const problem = problemOf(await answer, 422, "invalid-component");
    expect(problem.detail.length).toBeGreaterThan(20);
    problemOf(await api.get(`/v1/components/${component}`), 404, "component-not-found");
    await api.upload(component, good);
  });
});

describe("names and numbers", () => {
  test.each([
    ["an upper-case letter", "Shop"],
    ["a digit in front", "1shop"],
    ["an underscore", "my_shop"],
    ["64 characters", "x".repeat(64)],
    ["an encoded slash", "a%2Fb"],
    ["unicode", "caf%C3%A9"],
    ["broken percent-encoding", "a%ZZ"],
    ["percent-encoding that is not UTF-8", "a%FF"],
  ])("a component's name with %s is 400 on every route", async (_, name) => {
    const before = await traceOf(api);
    const base = `/v1/components/${name}`;
    const answers = [
      await api.get(base),
      await api.get(`${base}/revisions`),
      await api.get(`${base}/revisions/1`),
      await api.send("POST", `${base}/revisions`, { body: good, headers: script }),
      await api.get(`/v1/agents/${name}/Good/one`),
      await api.invoke(`/v1/agents/${name}/Good/one`, "run"),
    ];
    for (const answer of answers) {
      const { issues } = problemOf(answer, 400, "invalid-request");
      expect(issues?.[0]?.path).toContain("component");
    }
    expect(await traceOf(api)).toEqual(before);
  });

  test("63 characters are allowed", async () => {
    expect((await api.upload("x".repeat(63), good)).revision).toBe(1);
  });

  test("a component or a revision that is not there", async () => {
    const component = fresh();
    await api.upload(component, good);
    const none = `/v1/components/${fresh()}`;
    problemOf(await api.get(none), 404, "component-not-found");
    problemOf(await api.get(`${none}/revisions`), 404, "component-not-found");
    problemOf(await api.get(`${none}/revisions/1`), 404, "component-not-found");
    for (const n of ["0", "2", "99999999999999999999"]) {
      problemOf(
        await api.get(`/v1/components/${component}/revisions/${n}`),
        404,
        "revision-not-found",
      );
    }
    for (const n of ["one", "-1", "1.5", "0x1", "latest"]) {
      problemOf(
        await api.get(`/v1/components/${component}/revisions/${n}`),
        400,
        "invalid-request",
      );
    }
  });

  test.each([
    "limit=0",
    "limit=1001",
    "limit=-1",
    "limit=x",
    "limit=1.5",
    "limit=",
    "limit=1&limit=2",
    "cursor=nonsense!",
    "cursor=",
  ])("a list with ?%s is 400", async (query) => {
    const component = fresh();
    await api.upload(component, good);
    for (const path of ["/v1/components", `/v1/components/${component}/revisions`]) {
      const { issues } = problemOf(await api.get(`${path}?${query}`), 400, "invalid-request");
      expect(issues?.[0]?.path).toEqual(["query", query.split("=")[0]]);
    }
  });
});
