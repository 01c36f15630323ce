import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import ajvFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import type { RevisionDescription } from "../../../src/core/api/description.ts";
import { accept, refuse } from "../../../src/core/errors.ts";
import { routes } from "../../../src/http/routes/table.ts";
import { refusalsOf } from "../../../src/http/routing/refusals.ts";
import { problemOf, revision, startApp } from "./fake-ports.ts";

interface Operation {
  readonly operationId: string;
  readonly security: readonly unknown[];
  readonly description?: string;
  readonly summary: string;
  readonly parameters: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: object }>>;
  };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

type Description = {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
};

async function read(path: string, app = startApp()): Promise<Description> {
  const response = await app.send("GET", path);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  return (await response.json()) as Description;
}

function schemas(): Ajv2020 {
  const ajv = new Ajv2020({ strict: false });
  ajvFormats(ajv);
  return ajv;
}

async function faultOf(description: Description): Promise<unknown> {
  const { valid, errors } = await new Validator().validate(structuredClone(description));
  return valid ? undefined : errors;
}

describe("GET /v1/openapi.json", () => {
  test("is valid OpenAPI 3.1", async () => {
    const description = await read("/v1/openapi.json");
    expect(description.openapi).toBe("3.1.0");
    expect(await faultOf(description)).toBeUndefined();
  });

  test("has every route with its parameters, its statuses and the scopes that it needs", async () => {
    const { paths } = await read("/v1/openapi.json");
    for (const route of routes) {
      const operation = paths[route.path]?.[route.verb.toLowerCase()];
      expect(operation?.operationId).toBe(route.id);
      const named = operation?.parameters?.map(({ in: place, name }) => `${place} ${name}`) ?? [];
      expect(named).toEqual([
        ...[...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `path ${name}`),
        ...Object.keys(route.query?.shape ?? {}).map((name) => `query ${name}`),
        ...Object.keys(route.headers?.shape ?? {}).map((name) => `header ${name}`),
      ]);
      expect(Object.keys(operation?.responses ?? {})).toEqual(
        expect.arrayContaining(Object.keys(route.answers)),
      );
      const scopes = route.access === "public" ? [] : route.access;
      expect(operation?.security).toEqual(scopes.map((scope) => ({ bearer: [scope] })));
    }
    const described = Object.values(paths).flatMap((verbs) => Object.keys(verbs));
    expect(described).toHaveLength(routes.length);
  });

  test("names of each refusal its code under its status", async () => {
    const { paths } = await read("/v1/openapi.json");
    for (const route of routes) {
      const { responses = {} } = paths[route.path]?.[route.verb.toLowerCase()] ?? {};
      const problems = Object.values(responses).map(({ content }) =>
        JSON.stringify(content?.["application/problem+json"] ?? null),
      );
      for (const code of refusalsOf(route)) {
        expect(problems.filter((text) => text.includes(`"${code}"`))).toHaveLength(1);
      }
    }
  });

  test("operation ids are unique", () => {
    expect(new Set(routes.map(({ id }) => id)).size).toBe(routes.length);
  });
});

describe("GET /docs", () => {
  const page = async () => {
    const response = await startApp({ auth: { local: false, token: "t" } }).send("GET", "/docs");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    return { text: await response.text(), policy: response.headers.get("content-security-policy") };
  };

  test("is for anybody, runs no script and loads nothing", async () => {
    const { text, policy } = await page();
    expect(policy).toContain("default-src 'none'");
    expect(text).not.toMatch(/<(script|link|img|iframe|object)\b|\bsrc=|@import|url\(|\son\w+=/i);
    const links = [...text.matchAll(/href="([^"]*)"/g)].map(([, link]) => link ?? "");
    expect(links.filter((link) => !/^#|^\/v1\/openapi\.json$/.test(link))).toEqual([]);
  });

  test("tells every route, and each of its links leads somewhere", async () => {
    const { text } = await page();
    for (const { id, path, verb } of routes) {
      expect(text).toContain(`id="${id}"`);
      expect(text).toContain(`>${verb}</b> <code>${path}</code>`);
    }
    const anchors = new Set([...text.matchAll(/id="([^"]*)"/g)].map(([, id]) => `#${id}`));
    const targets = [...text.matchAll(/href="(#[^"]*)"/g)].map(([, target]) => target ?? "");
    expect(targets.filter((target) => !anchors.has(target))).toEqual([]);
    expect(anchors.size).toBe([...text.matchAll(/ id="/g)].length);
  });

  test("its examples send files under names that tell what they are", async () => {
    const { text } = await page();
    const examples = [...text.matchAll(/Type: ([^&]+)&#39; \\\n\s+--data-binary @([\w.]+)/g)];
    expect(examples.map(([, mediaType, file]) => [mediaType, file])).toEqual([
      ["text/javascript", "index.js"],
      ["application/vnd.perdure.agent", "agent.perdure"],
    ]);
  });

  test("shows no value that it has no words for", async () => {
    expect((await page()).text).not.toMatch(/undefined|\[object|NaN/);
  });
});

describe("GET /v1/components/{component}/revisions/{revision}/openapi.json", () => {
  const name = { type: "string", minLength: 2 };
  const tree = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: { next: { $ref: "#" }, leaf: { $ref: "#/$defs/leaf" } },
    required: ["v"],
    $defs: { leaf: { type: "integer" } },
  };
  const described: RevisionDescription = {
    ...revision(3),
    agentTypes: [
      {
        name: "Cart",
        initializes: false,
        hooks: { saveSnapshot: false, loadSnapshot: false },
        snapshots: "disabled",
        methods: [
          {
            name: "add",
            readOnly: false,
            description: "Adds an item.",
            inputSchema: { type: "array", prefixItems: [name, { type: "integer" }] },
            outputSchema: { type: "integer" },
          },
          { name: "one", readOnly: false, inputSchema: { type: "array", prefixItems: [name] } },
          { name: "tree", readOnly: false, inputSchema: { type: "array", prefixItems: [tree] } },
          { name: "total", readOnly: true },
          { name: "no path has \ud800", readOnly: true },
        ],
      },
    ],
  };
  const app = startApp({ component: { revision: async () => accept(described) } });
  const path = "/v1/components/shop/revisions/3/openapi.json";
  const pathOf = (method: string) => `/v1/agents/shop/Cart/{key}/invoke/${method}`;

  async function bodyCheck(method: string) {
    const { paths, components } = await read(path, app);
    const { requestBody } = paths[pathOf(method)]?.["post"] ?? {};
    const schema = requestBody?.content["application/json"]?.schema;
    return schemas().compile({
      ...schema,
      components,
    });
  }

  test("is valid OpenAPI 3.1 with a path for each type and method", async () => {
    const description = await read(path, app);
    expect(await faultOf(description)).toBeUndefined();
    expect(Object.keys(description.paths)).toEqual(["add", "one", "tree", "total"].map(pathOf));
  });

  test("has the author's description, marks what is read-only, and asks for the key alone", async () => {
    const { paths } = await read(path, app);
    const add = paths[pathOf("add")]?.["post"];
    expect(add?.description).toBe("Adds an item.");
    expect(add).toMatchObject({ "x-perdure-read-only": false });
    expect(paths[pathOf("total")]?.["post"]).toMatchObject({
      summary: "total (read-only)",
      "x-perdure-read-only": true,
    });
    const named = add?.parameters.filter(({ in: place }) => place === "path");
    expect(named?.map(({ name: parameter }) => parameter)).toEqual(["key"]);
  });

  test("arguments are a list that fits the schemas, or the only one", async () => {
    const add = await bodyCheck("add");
    expect([add(["tea", 2]), add([]), add("tea"), add(["t", 2]), add(["tea", "2"])]).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    const one = await bodyCheck("one");
    expect([one("tea"), one(["tea"]), one("t"), one(["t"])]).toEqual([true, true, false, false]);
  });

  test("references in an author's schema stay inside of it", async () => {
    const check = await bodyCheck("tree");
    const fits = { v: 1, leaf: 2, next: { v: 2 } };
    const misfits = [
      { v: 1, next: {} },
      { v: 1, leaf: "2" },
    ];
    expect([check(fits), ...misfits.map((value) => check(value))]).toEqual([true, false, false]);
  });

  test("the result is as its schema says", async () => {
    const { paths, components } = await read(path, app);
    const { responses = {} } = paths[pathOf("add")]?.["post"] ?? {};
    const schema = responses["200"]?.content?.["application/json"]?.schema;
    const check = schemas().compile({
      ...schema,
      components,
    });
    const invocation = {
      idempotencyKey: "k",
      method: "add",
      status: "completed",
      acceptedAt: "2027-01-01T00:00:00.000Z",
    };
    expect([check({ ...invocation, result: 1 }), check({ ...invocation, result: "1" })]).toEqual([
      true,
      false,
    ]);
  });

  test("of what is not there is 404", async () => {
    const codes = ["component-not-found", "revision-not-found"] as const;
    for (const code of codes) {
      const { send } = startApp({ component: { revision: async () => refuse(code, "none") } });
      const response = await send("GET", path);
      expect(response.status).toBe(404);
      expect((await problemOf(response)).code).toBe(code);
    }
  });
});
