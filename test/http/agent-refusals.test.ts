/** What the routes of an agent refuse, invoking aside: the problem, and that nothing was written. */
import { beforeAll, describe, expect, test } from "vitest";
import { agentPath, type Sent } from "./support/api.ts";
import { crew } from "./support/broken-agents.ts";
import { problemOf } from "./support/problem.ts";
import { sendRaw } from "./support/raw.ts";
import { openSite } from "./support/site.ts";
import { traceOf } from "./support/trace.ts";

const { api, fresh } = await openSite();

const json = { "content-type": "application/json" };

beforeAll(async () => {
  await api.upload("crew", crew);
});

/** Every route of an agent, with a body that is good. */
const routes: readonly (readonly [verb: string, rest: string, sent?: Sent])[] = [
  ["GET", ""],
  ["PUT", ""],
  ["DELETE", ""],
  ["POST", "/invoke/add", { json: [1] }],
  ["POST", "/invoke/add?mode=enqueue", { json: [1] }],
  ["POST", "/invoke/add?delay=1h", { json: [1] }],
  ["GET", "/invocations/k"],
  ["POST", "/update", { json: { revision: 1, mode: "automatic" } }],
  ["GET", "/updates"],
  ["GET", "/oplog"],
];

const creating = new Set(["PUT", "POST /invoke"]);

describe("an address that cannot be", () => {
  const key513 = "é".repeat(256) + "x";

  test.each([
    ["the component", `/v1/agents/Crew/Worker/one`, "component"],
    ["the type", `/v1/agents/crew/9Worker/one`, "type"],
    ["the type, with a dash", `/v1/agents/crew/My-Worker/one`, "type"],
    ["the type, of 129 characters", `/v1/agents/crew/${"W".repeat(129)}/one`, "type"],
    ["the key, of 513 bytes", `/v1/agents/crew/Worker/${encodeURIComponent(key513)}`, "key"],
    ["the key, broken percent-encoding", `/v1/agents/crew/Worker/%E0%A4`, "key"],
    ["the key, no UTF-8", `/v1/agents/crew/Worker/%ff`, "key"],
    ["the key, an encoded lone surrogate", `/v1/agents/crew/Worker/%ED%A0%80`, "key"],
  ])("is 400 on every route: %s", async (_, path, part) => {
    for (const [verb, rest, sent] of routes) {
      const { issues } = problemOf(await api.send(verb, path + rest, sent), 400, "invalid-request");
      expect(issues?.map((issue) => issue.path)).toContainEqual(["path", part]);
    }
  });

  test.each([
    "/v1/agents/crew/Worker/.",
    "/v1/agents/crew/Worker/..",
    "/v1/agents/crew/Worker/%2e%2E",
    "/v1/agents/crew/Worker/%2e",
  ])("a key that URL parsers swallow: %s", async (path) => {
    for (const [verb, rest] of routes) {
      const answer = await sendRaw(api.url, verb, path + rest);
      expect(answer.status, `${verb} ${rest}`).toBeGreaterThanOrEqual(400);
      expect(answer.status, `${verb} ${rest}`).toBeLessThan(500);
    }
    const before = await api.get("/v1/components");
    problemOf(await sendRaw(api.url, "PUT", path), 400, "invalid-request");
    expect((await api.get("/v1/components")).text).toBe(before.text);
  });

  test("an empty key", async () => {
    problemOf(await api.send("PUT", "/v1/agents/crew/Worker/"), 400, "invalid-request");
    problemOf(await api.invoke("/v1/agents/crew/Worker/", "add"), 400, "invalid-request");
  });
});

describe("an address without an agent", () => {
  test("reading, deleting and updating it is 404 and creates nothing", async () => {
    const agent = agentPath("crew", "Worker", fresh("key"));
    const before = await traceOf(api, agent);
    for (const [verb, rest, sent] of routes) {
      if (verb === "PUT" || rest.startsWith("/invoke")) continue;
      problemOf(await api.send(verb, agent + rest, sent), 404, "agent-not-found");
    }
    expect(await traceOf(api, agent)).toEqual(before);
  });

  test.each([
    ["an unknown component", "nothing", "Worker", "component-not-found"],
    ["an unknown type", "crew", "Nobody", "agent-type-not-found"],
    ["a type that only Object knows", "crew", "constructor", "agent-type-not-found"],
    ["a type that is the default export", "crew", "default", "agent-type-not-found"],
  ])("cannot be created of %s", async (_, component, type, code) => {
    const agent = agentPath(component, type, fresh("key"));
    const before = await traceOf(api, agent);
    for (const [verb, rest, sent] of routes) {
      const creates = creating.has(verb) || creating.has(`${verb} ${rest.slice(0, 7)}`);
      const expected = creates ? code : "agent-not-found";
      problemOf(await api.send(verb, agent + rest, sent), 404, expected);
    }
    expect(await traceOf(api, agent)).toEqual(before);
  });

  test("cannot be created on a revision that is not there, or lacks the type", async () => {
    const component = fresh();
    await api.upload(component, crew);
    await api.upload(component, crew.replace("export class Stillborn", "class Stillborn"));
    const missing = agentPath(component, "Worker", "one");
    const typeless = agentPath(component, "Stillborn", "one");
    const before = [await traceOf(api, missing), await traceOf(api, typeless)];
    problemOf(await api.send("PUT", missing, { json: { revision: 3 } }), 404, "revision-not-found");
    problemOf(await api.send("PUT", typeless), 404, "agent-type-not-found");
    problemOf(
      await api.send("PUT", typeless, { json: { revision: 2 } }),
      404,
      "agent-type-not-found",
    );
    problemOf(await api.invoke(typeless, "run"), 404, "agent-type-not-found");
    expect([await traceOf(api, missing), await traceOf(api, typeless)]).toEqual(before);
  });
});

type Body = readonly [what: string, sent: Sent, status: number, code: string];

const bodiesOfPut: readonly Body[] = [
  ["a list", { json: [] }, 400, "invalid-request"],
  ["null", { json: null }, 400, "invalid-request"],
  ["text", { json: "params" }, 400, "invalid-request"],
  ["an unknown member", { json: { parms: 1 } }, 400, "invalid-request"],
  ["a revision of text", { json: { revision: "1" } }, 400, "invalid-request"],
  ["revision 0", { json: { revision: 0 } }, 400, "invalid-request"],
  ["revision 1.5", { json: { revision: 1.5 } }, 400, "invalid-request"],
  ["an env of numbers", { json: { env: { A: 1 } } }, 400, "invalid-request"],
  ["an env of a list", { json: { env: ["A"] } }, 400, "invalid-request"],
  ["no JSON", { body: "{params:1}", headers: json }, 400, "invalid-json"],
  ["no UTF-8", { body: new Uint8Array([0x22, 0xc3, 0x22]), headers: json }, 400, "invalid-json"],
  [
    "another media type",
    { body: "{}", headers: { "content-type": "text/plain" } },
    415,
    "unsupported-media-type",
  ],
  [
    "another charset",
    { body: "{}", headers: { "content-type": "application/json; charset=latin1" } },
    415,
    "unsupported-media-type",
  ],
  [
    "too much",
    { body: `"${"x".repeat(16 * 1024 * 1024)}"`, headers: json },
    413,
    "payload-too-large",
  ],
];

describe("PUT with a bad body", () => {
  test.each(bodiesOfPut)("creates nothing: %s", async (_, sent, status, code) => {
    const agent = agentPath("crew", "Worker", fresh("key"));
    const before = await traceOf(api, agent);
    problemOf(await api.send("PUT", agent, sent), status, code);
    expect(await traceOf(api, agent)).toEqual(before);
  });

  test.each(bodiesOfPut)("changes nothing: %s", async (_, sent, status, code) => {
    const agent = agentPath("crew", "Worker", fresh("key"));
    await api.result(agent, "add", 1);
    const before = await traceOf(api, agent);
    problemOf(await api.send("PUT", agent, sent), status, code);
    expect(await traceOf(api, agent)).toEqual(before);
  });

  test.each([
    ["other params", { params: { a: 2 } }],
    ["params null", { params: null }],
    ["other env", { env: { A: "2" } }],
    ["no env", { env: {} }],
    ["more env", { env: { A: "1", B: "2" } }],
    ["same params, other env", { params: { a: 1, b: [2] }, env: {} }],
  ])("409 for an agent with %s", async (_, body) => {
    const agent = agentPath("crew", "Worker", fresh("key"));
    const made = await api.send("PUT", agent, {
      json: { params: { a: 1, b: [2] }, env: { A: "1" } },
    });
    expect(made.status).toBe(201);
    const before = await traceOf(api, agent);
    problemOf(await api.send("PUT", agent, { json: body }), 409, "agent-already-exists");
    expect(await traceOf(api, agent)).toEqual(before);
  });
});

describe("reading with a bad query", () => {
  test.each([
    ["/oplog?from=0", "from"],
    ["/oplog?from=-1", "from"],
    ["/oplog?from=1.5", "from"],
    ["/oplog?from=x", "from"],
    ["/oplog?from=1&from=2", "from"],
    ["/oplog?limit=0", "limit"],
    ["/oplog?limit=1001", "limit"],
    ["/oplog?limit=", "limit"],
    ["/invocations/known?wait=61", "wait"],
    ["/invocations/known?wait=-1", "wait"],
    ["/invocations/known?wait=soon", "wait"],
    ["/invocations/known?wait=1&wait=2", "wait"],
  ])("%s is 400", async (rest, name) => {
    const agent = agentPath("crew", "Worker", fresh("key"));
    await api.invoke(agent, "add", { args: [1], key: "known" });
    const before = await traceOf(api, agent);
    const { issues } = problemOf(await api.get(agent + rest), 400, "invalid-request");
    expect(issues?.[0]?.path).toEqual(["query", name]);
    expect(await traceOf(api, agent)).toEqual(before);
  });

  test.each(["unknown", "the%20initialization", "x".repeat(300), "%20", "caf%C3%A9"])(
    "an invocation key that was never accepted is 404: %s",
    async (key) => {
      const agent = agentPath("crew", "Hooked", fresh("key"));
      await api.result(agent, "run");
      const before = await traceOf(api, agent);
      problemOf(await api.get(`${agent}/invocations/${key}`), 404, "invocation-not-found");
      expect(await traceOf(api, agent)).toEqual(before);
    },
  );
});
