/** What holds on every route: verbs, unknown routes, request ids, authentication. */
import { afterAll, describe, expect, test } from "vitest";
import { startServer } from "../support/server.ts";
import { agentPath, createApi } from "./support/api.ts";
import { crew } from "./support/broken-agents.ts";
import { problemOf } from "./support/problem.ts";
import { sendRaw } from "./support/raw.ts";
import { openSite } from "./support/site.ts";
import { traceOf } from "./support/trace.ts";

const { api } = await openSite();
await api.upload("crew", crew);
const agent = agentPath("crew", "Worker", "one");
await api.result(agent, "add", 1);

const token = "a-secret-token";
const guarded = await startServer({ token });
afterAll(async () => {
  await guarded.stop();
});

const verbs = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"];

/** Every route of this version, and what it answers. */
const routes: readonly (readonly [path: string, allow: readonly string[]])[] = [
  ["/v1/health", ["GET", "HEAD"]],
  ["/v1/components", ["GET", "HEAD"]],
  ["/v1/components/crew", ["GET", "HEAD"]],
  ["/v1/components/crew/revisions", ["GET", "HEAD", "POST"]],
  ["/v1/components/crew/revisions/1", ["GET", "HEAD"]],
  [agent, ["GET", "HEAD", "PUT", "DELETE"]],
  [`${agent}/invoke/add`, ["POST"]],
  [`${agent}/invocations/k`, ["GET", "HEAD", "DELETE"]],
  [`${agent}/interrupt`, ["POST"]],
  [`${agent}/resume`, ["POST"]],
  [`${agent}/revert`, ["POST"]],
  [`${agent}/update`, ["POST"]],
  [`${agent}/updates`, ["GET", "HEAD"]],
  [`${agent}/oplog`, ["GET", "HEAD"]],
];

describe("verbs and routes", () => {
  test.each(routes)("%s with another verb is 405 with Allow", async (path, allow) => {
    const before = await traceOf(api, agent);
    for (const verb of verbs.filter((name) => !allow.includes(name))) {
      const answer = await api.send(verb, path, { headers: { "content-type": "text/plain" } });
      expect(answer.status, `${verb} ${path}`).toBe(405);
      const named = (answer.headers.get("allow") ?? "").split(/, */);
      expect(named).toEqual(expect.arrayContaining([...allow]));
      expect(named).not.toContain(verb);
      if (verb !== "HEAD") problemOf(answer, 405, "method-not-allowed");
    }
    expect(await traceOf(api, agent)).toEqual(before);
  });

  test.each([
    "/v1",
    "/v1/",
    "/v1/nothing",
    "/v1/component",
    "/v1/components/crew/revision",
    "/v1/components/crew/revisions/1/code",
    `${agent}/nothing`,
    `${agent}/invoke`,
    `${agent}/invoke/add/more`,
    `${agent}/invocations/k/more`,
    "/v2/health",
    "/health",
    "/nothing",
  ])("%s is no route", async (path) => {
    for (const verb of ["GET", "POST", "PUT", "DELETE"]) {
      problemOf(await api.send(verb, path), 404, "not-found");
    }
  });

  test("HEAD answers like GET, without a body", async () => {
    const answer = await api.send("HEAD", agent);
    expect([answer.status, answer.text]).toEqual([200, ""]);
    expect((await api.send("HEAD", `${agent}x`)).status).toBe(404);
  });
});

describe("X-Request-Id", () => {
  const idOf = async (verb: string, path: string, given?: string): Promise<string | null> => {
    const headers = { ...(given !== undefined && { "x-request-id": given }) };
    return (await api.send(verb, path, { headers })).headers.get("x-request-id");
  };

  test.each([
    ["GET", "/v1/health"],
    ["GET", "/v1/components"],
    ["GET", agent],
    ["GET", `${agent}/oplog`],
    ["POST", `${agent}/invoke/secret`],
    ["POST", `${agent}/invoke/nothing`],
    ["PATCH", agent],
    ["GET", "/nothing"],
    ["DELETE", agentPath("crew", "Worker", "none")],
  ])("is the caller's, or a new one: %s %s", async (verb, path) => {
    expect(await idOf(verb, path, "req-7.a")).toBe("req-7.a");
    const [first, second] = [await idOf(verb, path), await idOf(verb, path)];
    expect(first).toMatch(/\S{8,}/);
    expect(second).not.toBe(first);
  });

  test.each(["<script>", "two words", "x".repeat(300), "a,b;c"])(
    "is not the caller's when that is not sane: %s",
    async (given) => {
      const id = await idOf("GET", "/v1/health", given);
      expect(id).toMatch(/\S{8,}/);
      expect(id).not.toBe(given);
    },
  );
});

describe("a server without a token", () => {
  test.each(["evil.example", "a b", "[", "a:99999"])(
    "answers no page under a name that is not this machine's, and no error of its own: %j",
    async (host) => {
      const page: Readonly<Record<string, string>> = { origin: "http://evil.example" };
      for (const headers of [{ host }, { host, ...page }]) {
        problemOf(await sendRaw(api.url, "GET", "/v1/components", headers), 403, "forbidden");
      }
    },
  );
});

describe("a server with a token", () => {
  const closed = createApi(guarded.url);
  const right = { authorization: `Bearer ${token}` };

  test.each([
    ["nothing", {}],
    ["a wrong token", { authorization: "Bearer another" }],
    ["a part of it", { authorization: `Bearer ${token.slice(0, -1)}` }],
    ["more than it", { authorization: `Bearer ${token}x` }],
    ["an empty one", { authorization: "Bearer " }],
    ["the token without a scheme", { authorization: token }],
    ["another scheme", { authorization: `Basic ${btoa(`user:${token}`)}` }],
  ])("answers %s with 401 on every route but health, and does nothing", async (_, headers) => {
    const paths = routes.flatMap(([path, allow]) => allow.map((verb) => [verb, path] as const));
    for (const [verb, path] of [...paths, ["GET", "/v1/nothing"] as const]) {
      const answer = await closed.send(verb, path, { headers });
      if (path === "/v1/health") {
        expect(answer.status).toBe(200);
        continue;
      }
      expect(answer.status, `${verb} ${path}`).toBe(401);
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      if (verb !== "HEAD") problemOf(answer, 401, "unauthorized");
    }
    const listed = await closed.send("GET", "/v1/components", { headers: right });
    expect([listed.status, listed.body]).toEqual([200, { components: [] }]);
  });

  test("the token does not appear in any answer, and lets in whoever has it", async () => {
    const refused = await closed.send("GET", agent, { headers: { authorization: "Bearer x" } });
    expect(refused.text).not.toContain(token);
    const none = await closed.send("GET", agent, { headers: right });
    problemOf(none, 404, "agent-not-found");
    for (const scheme of ["Bearer", "bearer", "BEARER"]) {
      const headers = { authorization: `${scheme} ${token}` };
      expect((await closed.send("GET", "/v1/components", { headers })).status).toBe(200);
    }
  });
});
