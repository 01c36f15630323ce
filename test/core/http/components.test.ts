import { describe, expect, test } from "vitest";
import type { ComponentSummary } from "../../../src/core/api/views.ts";
import { accept, refuse } from "../../../src/core/errors.ts";
import { defaultLimits as limits } from "../../../src/core/limits.ts";
import { json, problemOf, revision, startApp } from "./fake-ports.ts";

const revisions = "/v1/components/shop/revisions";
const script = (body: RequestInit["body"], mediaType = "text/javascript"): RequestInit => ({
  headers: { "Content-Type": mediaType },
  body,
});

describe("POST revisions", () => {
  test.each(["text/javascript", "application/javascript", "text/javascript; charset=utf-8"])(
    "a script of type %s is a component of one module",
    async (mediaType) => {
      const { send, calls } = startApp();
      const response = await send("POST", revisions, script("export {}; // ü", mediaType));
      expect(response.status).toBe(201);
      expect(response.headers.get("location")).toBe(`${revisions}/1`);
      expect(await response.json()).toEqual(revision(1));
      const source = {
        main: "index.js",
        modules: { "index.js": "export {}; // ü" },
      };
      expect(calls).toEqual([["publish", "shop", "shop", source]]);
    },
  );

  test("JSON names modules, the main one and the isolation", async () => {
    const { send, calls } = startApp();
    const source = {
      main: "index.js",
      modules: { "index.js": 'import "./lib/x.js";', "lib/x.js": "" },
      isolation: "shared",
    };
    expect((await send("POST", revisions, json(source))).status).toBe(201);
    expect(calls).toEqual([["publish", "shop", "shop", source]]);
  });

  test("the same code as the latest revision's is 200 without Location", async () => {
    const publish = async () => accept({ revision: revision(4), created: false });
    const response = await startApp({ component: { publish } }).send(
      "POST",
      revisions,
      script("x"),
    );
    expect(response.status).toBe(200);
    expect(response.headers.get("location")).toBeNull();
    expect(await response.json()).toEqual(revision(4));
  });

  test.each([
    ["an array", [], []],
    ["no main", { modules: { "index.js": "" } }, ["main"]],
    ["no modules", { main: "index.js" }, ["modules"]],
    ["a module that is no text", { main: "a.js", modules: { "a.js": 1 } }, ["modules", "a.js"]],
    ["another isolation", { main: "a", modules: { a: "" }, isolation: "none" }, ["isolation"]],
    ["an unknown member", { main: "a", modules: { a: "" }, extra: 1 }, []],
  ])("a body that does not fit is 400 invalid-request: %s", async (_, body, path) => {
    const { send, calls } = startApp();
    const response = await send("POST", revisions, json(body));
    expect(response.status).toBe(400);
    const problem = await problemOf(response);
    expect(problem.code).toBe("invalid-request");
    expect(problem.issues?.[0]?.path).toEqual(["body", ...path]);
    expect(calls).toEqual([]);
  });

  test.each([
    ["no modules at all", { main: "a.js", modules: {} }],
    ["main is none of the modules", { main: "b.js", modules: { "a.js": "" } }],
    ["a reserved module name", { main: "a.js", modules: { "a.js": "", perdure: "" } }],
    ["a module outside", { main: "a.js", modules: { "a.js": "", "../b.js": "" } }],
  ])("modules that cannot be a component are 422 invalid-component: %s", async (_, body) => {
    const { send, calls } = startApp();
    const response = await send("POST", revisions, json(body));
    expect(response.status).toBe(422);
    expect((await problemOf(response)).code).toBe("invalid-component");
    expect(calls).toEqual([]);
  });

  test("no body is 400 invalid-request", async () => {
    const response = await startApp().send("POST", revisions);
    expect(response.status).toBe(400);
    expect((await problemOf(response)).code).toBe("invalid-request");
  });

  test("a script that is not UTF-8 is 400 invalid-request", async () => {
    const response = await startApp().send("POST", revisions, script(new Uint8Array([0xff])));
    expect(response.status).toBe(400);
    expect((await problemOf(response)).code).toBe("invalid-request");
  });

  test("more code than a component may have is 413 payload-too-large", async () => {
    const { send, calls } = startApp();
    const response = await send("POST", revisions, script("x".repeat(limits.componentBytes + 1)));
    expect(response.status).toBe(413);
    expect((await problemOf(response)).code).toBe("payload-too-large");
    expect(calls).toEqual([]);
  });

  test("code that the component's object refuses is a problem with its detail", async () => {
    const publish = async () => refuse("invalid-component", "index.js:1: unexpected token");
    const response = await startApp({ component: { publish } }).send(
      "POST",
      revisions,
      script("}"),
    );
    expect(response.status).toBe(422);
    expect(await problemOf(response)).toMatchObject({
      code: "invalid-component",
      detail: "index.js:1: unexpected token",
    });
  });
});

describe("reading components", () => {
  test.each([
    ["/v1/components/shop", "latest"],
    [`${revisions}/3`, 3],
    [`${revisions}/0`, 0],
  ])("GET %s asks for revision %s", async (path, wanted) => {
    const { send, calls } = startApp();
    const response = await send("GET", path);
    expect(await response.json()).toEqual(revision(1));
    expect(calls).toEqual([["revision", "shop", wanted]]);
  });

  test.each(["component-not-found", "revision-not-found"] as const)("%s is 404", async (code) => {
    const { send } = startApp({ component: { revision: async () => refuse(code, "None.") } });
    const response = await send("GET", `${revisions}/9`);
    expect(response.status).toBe(404);
    expect((await problemOf(response)).code).toBe(code);
  });

  test.each([
    ["/v1/components/Shop"],
    ["/v1/components/a_b/revisions"],
    ["/v1/components/%zz"],
    [`/v1/components/${"a".repeat(64)}`],
    [`${revisions}/latest`],
    [`${revisions}/1.5`],
    [`${revisions}/-1`],
  ])("a path that does not fit is 400 invalid-request: %s", async (path) => {
    const { send, calls } = startApp();
    const response = await send("GET", path);
    expect(response.status).toBe(400);
    expect((await problemOf(response)).code).toBe("invalid-request");
    expect(calls).toEqual([]);
  });
});

describe("lists", () => {
  const names = ["a", "b", "c", "d", "e"];
  const list = async (limit: number, after = ""): Promise<readonly ComponentSummary[]> =>
    names
      .filter((name) => name > after)
      .slice(0, limit)
      .map((name) => ({ name, latestRevision: 1, createdAt: "" }));
  const component = {
    revisions: async (limit: number, before = 6) =>
      accept(
        [5, 4, 3, 2, 1]
          .filter((n) => n < before)
          .slice(0, limit)
          .map(revision),
      ),
  };

  async function pages(path: string, limit: number): Promise<readonly Record<string, unknown>[]> {
    const { send } = startApp({ catalog: { list }, component });
    const found: Record<string, unknown>[] = [];
    let cursor: string | undefined;
    do {
      const next = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const response = await send("GET", `${path}?limit=${limit}${next}`);
      expect(response.status).toBe(200);
      const page = (await response.json()) as Record<string, unknown>;
      found.push(page);
      cursor = page["cursor"] as string | undefined;
    } while (cursor !== undefined);
    return found;
  }

  test.each([
    [1, [1, 1, 1, 1, 1]],
    [2, [2, 2, 1]],
    [5, [5]],
    [1000, [5]],
  ])("pages of %i components, `cursor` only when there is more", async (limit, sizes) => {
    const found = (await pages("/v1/components", limit)).map(
      (page) => page["components"] as readonly ComponentSummary[],
    );
    expect(found.map(({ length }) => length)).toEqual(sizes);
    expect(found.flat().map(({ name }) => name)).toEqual(names);
  });

  test("pages of revisions, newest first", async () => {
    const found = (await pages(revisions, 2)).map(
      (page) => page["revisions"] as readonly { readonly revision: number }[],
    );
    expect(found.flat().map((item) => item.revision)).toEqual([5, 4, 3, 2, 1]);
  });

  test("the default limit is 100", async () => {
    const { send, calls } = startApp();
    await send("GET", "/v1/components");
    expect(calls).toEqual([["list", 101, undefined]]);
  });

  test.each([
    ["limit=0", "limit"],
    ["limit=1001", "limit"],
    ["limit=x", "limit"],
    ["cursor=%25%25", "cursor"],
    ["cursor=", "cursor"],
    ["cursor=IUA", "cursor"],
    ["cursor=YQ&cursor=YQ", "cursor"],
  ])("a query that does not fit is 400 invalid-request: %s", async (query, name) => {
    for (const path of ["/v1/components", revisions]) {
      const { send, calls } = startApp();
      const response = await send("GET", `${path}?${query}`);
      expect(response.status).toBe(400);
      expect((await problemOf(response)).issues?.[0]?.path).toEqual(["query", name]);
      expect(calls).toEqual([]);
    }
  });
});
