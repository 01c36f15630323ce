/** What pages of other origins may do. */
import { describe, expect, test } from "vitest";
import { problemOf, startApp, type Fakes } from "./fake-ports.ts";

const A = "/v1/agents/shop/Cart/k";
const page = "https://console.example";
const stranger = "https://evil.example";
const preflight = (origin: string) => ({
  headers: {
    Origin: origin,
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "authorization, idempotency-key",
  },
});
const corsHeaders = ({ headers }: Response) =>
  [...headers.keys()].filter((name) => name.startsWith("access-control-"));
const guarded = (...corsOrigins: readonly string[]): Fakes => ({
  auth: { local: false, token: "t", corsOrigins },
});

describe("where origins are configured", () => {
  test("a preflight is answered before anybody has to be known", async () => {
    const { send, calls } = startApp(guarded("https://other.example", page));
    const response = await send("OPTIONS", A, preflight(page));
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe(page);
    expect(response.headers.get("access-control-allow-methods")).toBe("GET,HEAD,PUT,POST,DELETE");
    expect(response.headers.get("access-control-allow-headers")).toBe(
      "authorization,idempotency-key",
    );
    expect(response.headers.get("x-request-id")).toMatch(/^[\w-]{36}$/);
    expect(calls).toEqual([]);
  });

  test.each([
    ["an answer", { Authorization: "Bearer t" }, 200],
    ["a refusal", {}, 401],
  ])("%s says who may read it, and which of its headers", async (_, headers, status) => {
    const { send } = startApp(guarded(page));
    const response = await send("GET", A, { headers: { ...headers, Origin: page } });
    expect(response.status).toBe(status);
    expect(response.headers.get("access-control-allow-origin")).toBe(page);
    expect(response.headers.get("access-control-expose-headers")?.split(",")).toEqual([
      "Allow",
      "Location",
      "Retry-After",
      "WWW-Authenticate",
      "X-Request-Id",
    ]);
    expect(response.headers.get("vary")).toMatch(/\borigin\b/i);
    expect(response.headers.get("x-request-id")).not.toBeNull();
  });

  test("a page of another origin may not read", async () => {
    const { send } = startApp(guarded(page));
    for (const response of [
      await send("OPTIONS", A, preflight(stranger)),
      await send("GET", A, { headers: { Authorization: "Bearer t", Origin: stranger } }),
    ]) {
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  test("any page may, where that is `*`; none may send what the browser keeps", async () => {
    const { send } = startApp(guarded("*"));
    const response = await send("GET", A, { headers: { Origin: stranger } });
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-credentials")).toBeNull();
  });
});

describe("where none is configured", () => {
  test("no answer says anything of the kind, and OPTIONS is no verb", async () => {
    const { send } = startApp(guarded());
    const headers = { Authorization: "Bearer t", Origin: page };
    expect(corsHeaders(await send("GET", A, { headers }))).toEqual([]);
    const response = await send("OPTIONS", A, { headers });
    expect(response.status).toBe(405);
    expect(corsHeaders(response)).toEqual([]);
  });
});

describe("what a browser sends by itself", () => {
  const asserted = { grant: { scopes: ["admin"] as const } };
  const open = { local: true };
  const access = { local: false, token: "t", asserted };

  test.each([
    ["an open server", open, stranger, 403],
    ["an open server", open, "http://localhost", 200],
    ["an open server", { ...open, corsOrigins: [page] }, page, 200],
    ["an open server", { ...open, corsOrigins: [page] }, stranger, 403],
    ["an open server", { ...open, corsOrigins: ["*"] }, stranger, 200],
    ["a session with Cloudflare Access", access, stranger, 403],
    ["a session with Cloudflare Access", access, "null", 403],
    ["a session with Cloudflare Access", access, "http://localhost", 200],
    ["a session with Cloudflare Access", { ...access, corsOrigins: [page] }, page, 200],
    ["a session with Cloudflare Access", { ...access, corsOrigins: ["*"] }, stranger, 403],
  ])(
    "does not let a page use %s unless its origin may: %j %s %i",
    async (_, auth, Origin, status) => {
      const { send } = startApp({ auth });
      const headers = { Origin, "Cf-Access-Jwt-Assertion": "a.b.c" };
      const response = await send("POST", `${A}/resume`, { headers });
      expect(response.status).toBe(status === 200 ? 202 : status);
      if (status === 403) expect((await problemOf(response)).code).toBe("forbidden");
    },
  );

  // What resolves to this machine today is a page of its owner's all the same.
  test.each([
    ["http://evil.example:8787", {}, 403],
    ["http://localhost.evil.example", {}, 403],
    ["http://evil.example:8787", { corsOrigins: ["http://evil.example:8787"] }, 200],
    ["http://evil.example:8787", { corsOrigins: [page] }, 403],
    ["http://evil.example:8787", { corsOrigins: ["*"] }, 200],
    ["http://localhost:8787", {}, 200],
    ["http://perdure.localhost:8787", {}, 200],
    ["http://perdure:8787", {}, 200],
    ["http://127.0.0.1:8787", {}, 200],
    ["http://192.168.1.7", {}, 200],
    ["http://[::1]:8787", {}, 200],
  ])("an open server that is called %s by %j: %i", async (own, cors, status) => {
    const { send } = startApp({ auth: { ...open, ...cors } });
    expect((await send("GET", own + A)).status).toBe(status);
    expect((await send("GET", own + A, { headers: { Origin: own } })).status).toBe(status);
  });

  test("a guarded server may have any name", async () => {
    const { send } = startApp({ auth: access });
    const headers = { Authorization: "Bearer t" };
    expect((await send("GET", `https://perdure.example${A}`, { headers })).status).toBe(200);
  });

  test("a token is none of that: its holder's page may be anywhere", async () => {
    const { send } = startApp({ auth: access });
    const headers = { Authorization: "Bearer t", Origin: stranger };
    expect((await send("POST", `${A}/resume`, { headers })).status).toBe(202);
  });
});
