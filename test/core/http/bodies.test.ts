import { describe, expect, test } from "vitest";
import { defaultLimits as limits } from "../../../src/core/limits.ts";
import { json, problemOf, startApp } from "./fake-ports.ts";

const A = "/v1/agents/shop/Cart/k";
const limit = limits.requestBodyBytes;
const bytes = (...values: readonly number[]): Uint8Array<ArrayBuffer> => new Uint8Array(values);

interface Upload {
  readonly init: RequestInit;
  readonly read: () => number;
}

/** A body sent in pieces without a Content-Length, and how much of it was asked for. */
function stream(pieces: number, pieceBytes: number, headers: Record<string, string>): Upload {
  let given = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (given === pieces * pieceBytes) return controller.close();
        given += pieceBytes;
        return controller.enqueue(new Uint8Array(pieceBytes).fill(0x20));
      },
    },
    { highWaterMark: 0 },
  );
  return { init: { body, headers, duplex: "half" }, read: () => given };
}

describe("media types", () => {
  test.each([
    ["POST", `${A}/invoke/add`, "text/plain;charset=UTF-8"],
    ["POST", `${A}/invoke/add`, "application/x-www-form-urlencoded"],
    ["POST", `${A}/invoke/add`, "text/javascript"],
    ["POST", `${A}/invoke/add`, "application/vnd.api+json"],
    ["POST", `${A}/invoke/add`, "application/json; charset=iso-8859-1"],
    ["POST", `${A}/invoke/add`, ""],
    ["PUT", A, "text/plain"],
    ["POST", `${A}/update`, "text/plain"],
    ["POST", "/v1/components/shop/revisions", "text/plain"],
    ["POST", "/v1/components/shop/revisions", "text/typescript"],
  ])("a body of another media type is 415: %s %s %j", async (verb, path, mediaType) => {
    const { send, calls } = startApp();
    const response = await send(verb, path, {
      headers: { "Content-Type": mediaType },
      body: bytes(0x7b, 0x7d),
    });
    expect(response.status).toBe(415);
    expect((await problemOf(response)).code).toBe("unsupported-media-type");
    expect(calls).toEqual([]);
  });

  test("a compressed body is 415", async () => {
    const headers = { "Content-Type": "application/json", "Content-Encoding": "gzip" };
    const response = await startApp().send("PUT", A, { headers, body: "{}" });
    expect(response.status).toBe(415);
  });

  test.each([
    ["application/json"],
    ["Application/JSON; charset=UTF-8"],
    ['application/json;charset="utf-8"'],
  ])("JSON is taken as %s", async (mediaType) => {
    const headers = { "Content-Type": mediaType };
    expect((await startApp().send("PUT", A, { headers, body: "{}" })).status).toBe(201);
  });

  test("a body without Content-Type counts as JSON", async () => {
    const { send, calls } = startApp();
    const response = await send("POST", `${A}/invoke/add`, { body: bytes(0x5b, 0x31, 0x5d) });
    expect(response.status).toBe(200);
    expect(calls[0]).toMatchObject(["invoke", {}, { args: "[1]" }]);
  });

  test("no body is no matter of its media type", async () => {
    const headers = { "Content-Type": "text/plain" };
    expect((await startApp().send("POST", `${A}/invoke/add`, { headers })).status).toBe(200);
  });
});

describe("JSON", () => {
  test.each([
    ["nonsense", "nonsense"],
    ["cut off", '{"a":'],
    ["two values", "1 2"],
    ["white space only", " \n"],
    ["a comment", "[] // none"],
    ["NaN", "NaN"],
  ])("a body that is not JSON is 400 invalid-json: %s", async (_, body) => {
    for (const [verb, path] of [
      ["POST", `${A}/invoke/add`],
      ["PUT", A],
      ["POST", `${A}/update`],
      ["POST", "/v1/components/shop/revisions"],
    ] as const) {
      const { send, calls } = startApp();
      const headers = { "Content-Type": "application/json" };
      const response = await send(verb, path, { headers, body });
      expect(response.status).toBe(400);
      expect((await problemOf(response)).code).toBe("invalid-json");
      expect(calls).toEqual([]);
    }
  });

  test.each([
    ["a stray continuation byte", bytes(0x22, 0x80, 0x22)],
    ["an overlong form", bytes(0x22, 0xc0, 0xaf, 0x22)],
    ["a surrogate", bytes(0x22, 0xed, 0xa0, 0x80, 0x22)],
    ["Latin-1", bytes(0x22, 0xfc, 0x22)],
    ["UTF-16", bytes(0xff, 0xfe, 0x31, 0x00)],
  ])("a body that is not UTF-8 is 400 invalid-json: %s", async (_, body) => {
    const headers = { "Content-Type": "application/json" };
    const response = await startApp().send("POST", `${A}/invoke/add`, { headers, body });
    expect(response.status).toBe(400);
    expect((await problemOf(response)).code).toBe("invalid-json");
  });

  test("a body cut off by its sender is 400", async () => {
    const body = new ReadableStream({
      pull: (controller) => controller.error(new Error("connection lost")),
    });
    const init = { body, duplex: "half" } as RequestInit;
    expect((await startApp().send("PUT", A, init)).status).toBe(400);
  });
});

describe("size", () => {
  const jsonType = { "Content-Type": "application/json" };

  test("a declared length over the limit is 413, without keeping the body", async () => {
    const headers = { ...jsonType, "Content-Length": String(limit + 1) };
    const { init } = stream(2, 10, headers);
    const response = await startApp().send("POST", `${A}/invoke/add`, init);
    expect(response.status).toBe(413);
    expect((await problemOf(response)).code).toBe("payload-too-large");
  });

  test("a body of undeclared length that turns out larger than the limit is 413", async () => {
    const { send, calls } = startApp();
    const { init } = stream(17, 1024 * 1024, jsonType);
    const response = await send("POST", `${A}/invoke/add`, init);
    expect(response.status).toBe(413);
    expect(calls).toEqual([]);
  });

  test("an endless body is not read for ever", async () => {
    const { init, read } = stream(Number.POSITIVE_INFINITY, 1024 * 1024, jsonType);
    const response = await startApp().send("POST", `${A}/invoke/add`, init);
    expect(response.status).toBe(413);
    expect(read()).toBeLessThan(limit * 6);
  });

  test("a body of exactly the limit is taken", async () => {
    const { send, calls } = startApp();
    const body = `"${"x".repeat(limit - 2)}"`;
    const response = await send("POST", `${A}/invoke/add`, { headers: jsonType, body });
    expect(response.status).toBe(200);
    expect((calls[0]?.[2] as { args: string } | undefined)?.args).toHaveLength(limit + 2);
  });
});

describe("PUT A", () => {
  test.each([
    ["no body", {}, {}],
    ["an empty object", json({}), {}],
    ["a revision", json({ revision: 2 }), { revision: 2 }],
    ["params as JSON text", json({ params: { a: [1] } }), { params: '{"a":[1]}' }],
    ["null params", json({ params: null }), { params: "null" }],
    ["env", json({ env: { A: "b" } }), { env: { A: "b" } }],
  ])("passes on %s", async (_, init, wanted) => {
    const { send, calls } = startApp();
    const response = await send("PUT", A, init);
    expect(response.status).toBe(201);
    expect(response.headers.get("location")).toBe(A);
    expect(calls).toEqual([["create", { component: "shop", type: "Cart", key: "k" }, wanted]]);
  });

  test.each([
    ["an array", [], []],
    ["null", null, []],
    ["a string", "x", []],
    ["revision zero", { revision: 0 }, ["revision"]],
    ["half a revision", { revision: 1.5 }, ["revision"]],
    ["a revision as text", { revision: "2" }, ["revision"]],
    ["env that is no object", { env: ["A"] }, ["env"]],
    ["env with a number in it", { env: { A: 1 } }, ["env", "A"]],
    ["an unknown member", { parms: 1 }, []],
  ])("a body that does not fit is 400 invalid-request with issues: %s", async (_, body, path) => {
    const { send, calls } = startApp();
    const response = await send("PUT", A, json(body));
    expect(response.status).toBe(400);
    const problem = await problemOf(response);
    expect(problem.code).toBe("invalid-request");
    expect(problem.issues?.[0]?.path).toEqual(["body", ...path]);
    expect(problem.issues?.[0]?.message).toBeTypeOf("string");
    expect(calls).toEqual([]);
  });
});

describe("POST A/update", () => {
  test("passes on revision and mode, wakes by default, and answers 202", async () => {
    const { send, calls } = startApp();
    const response = await send(
      "POST",
      `${A}/update`,
      json({ revision: "latest", mode: "manual", dryRun: false }),
    );
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ id: "u", status: "pending" });
    expect(calls).toEqual([
      ["update", { revision: "latest", mode: "manual", wake: true, check: "calls-and-results" }],
    ]);
  });

  test("with dryRun is a dry run and nothing else, and answers 200 with what it came to", async () => {
    const { send, calls } = startApp();
    const wanted = { revision: 2, mode: "automatic", wake: true, check: "calls" };
    const response = await send("POST", `${A}/update`, json({ ...wanted, dryRun: true }));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ compatible: true, entriesReplayed: 4 });
    expect(calls).toEqual([["dryRun", wanted]]);
  });

  test.each([
    ["no mode", { revision: 2 }, "mode"],
    ["another mode", { revision: 2, mode: "replay" }, "mode"],
    ["no revision", { mode: "manual" }, "revision"],
    ["another revision", { revision: "newest", mode: "manual" }, "revision"],
    ["revision zero", { revision: 0, mode: "manual" }, "revision"],
    ["wake as text", { revision: 2, mode: "manual", wake: "yes" }, "wake"],
    ["a dry run as text", { revision: 2, mode: "manual", dryRun: "yes" }, "dryRun"],
    ["another check", { revision: 2, mode: "automatic", check: "results" }, "check"],
  ])("a body that does not fit is 400 invalid-request: %s", async (_, body, member) => {
    const { send, calls } = startApp();
    const response = await send("POST", `${A}/update`, json(body));
    expect(response.status).toBe(400);
    const problem = await problemOf(response);
    expect(problem.code).toBe("invalid-request");
    expect(problem.issues?.map(({ path }) => path)).toEqual([["body", member]]);
    expect(calls).toEqual([]);
  });

  test("no body is 400 invalid-request", async () => {
    const response = await startApp().send("POST", `${A}/update`);
    expect(response.status).toBe(400);
    expect((await problemOf(response)).code).toBe("invalid-request");
  });
});

describe("depth of JSON", () => {
  const lists = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
  const headers = { "Content-Type": "application/json" };

  test.each([["lists", lists] as const, ["objects", objects] as const])(
    "a thousand %s in each other are taken, one more is 400 invalid-request",
    async (_, make) => {
      const { send } = startApp();
      const invoke = (body: string) => send("POST", `${A}/invoke/add`, { body, headers });
      expect((await invoke(make(1000))).status).toBe(200);
      for (const depth of [1001, 200_000]) {
        const response = await invoke(make(depth));
        expect(response.status).toBe(400);
        const { code, issues } = await problemOf(response);
        expect([code, issues?.[0]?.path]).toEqual(["invalid-request", ["body"]]);
      }
    },
  );
});
