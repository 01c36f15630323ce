import { afterEach, describe, expect, test, vi } from "vitest";
import { refuse } from "../../../src/core/errors.ts";
import { problemOf, startApp } from "./fake-ports.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const A = "/v1/agents/shop/Cart/k";
const internalDetail = /Error|\.ts\b|at \w+ \(/;

describe("routes and verbs", () => {
  test.each([
    ["GET", "/"],
    ["GET", "/v1"],
    ["GET", "/v1/unknown"],
    ["GET", "/v2/health"],
    ["GET", "/v1/components/shop/revisions/1/more"],
    ["GET", "/v1/agents/shop/Cart"],
    ["POST", `${A}/invoke`],
    ["POST", `${A}/unknown`],
    ["GET", "/v1/components/"],
  ])("an unknown route is 404 not-found: %s %s", async (verb, path) => {
    const response = await startApp().send(verb, path);
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const { title, detail, ...rest } = await problemOf(response);
    expect(rest).toEqual({ type: "about:blank", status: 404, code: "not-found" });
    expect(title).not.toBe("");
    expect(detail).not.toBe("");
  });

  test.each([
    ["POST", "/v1/health", "GET, HEAD"],
    ["POST", "/v1/components", "GET, HEAD"],
    ["DELETE", "/v1/components/shop", "GET, HEAD"],
    ["PUT", "/v1/components/shop/revisions", "GET, HEAD, POST"],
    ["POST", "/v1/components/shop/revisions/1", "GET, HEAD"],
    ["POST", A, "GET, HEAD, PUT, DELETE"],
    ["OPTIONS", A, "GET, HEAD, PUT, DELETE"],
    ["GET", `${A}/invoke/add`, "POST"],
    ["PUT", `${A}/invocations/key-1`, "GET, HEAD, DELETE"],
    ["GET", `${A}/interrupt`, "POST"],
    ["GET", `${A}/resume`, "POST"],
    ["GET", `${A}/revert`, "POST"],
    ["GET", `${A}/update`, "POST"],
    ["POST", `${A}/updates`, "GET, HEAD"],
    ["POST", `${A}/oplog`, "GET, HEAD"],
  ])("a known route with another verb is 405 with Allow: %s %s", async (verb, path, allow) => {
    const { send, calls } = startApp();
    const response = await send(verb, path);
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe(allow);
    expect((await problemOf(response)).code).toBe("method-not-allowed");
    expect(calls).toEqual([]);
  });

  test("HEAD answers like GET, without the body", async () => {
    const response = await startApp().send("HEAD", A);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
  });

  test("JSON goes out as application/json; charset=utf-8", async () => {
    const response = await startApp().send("GET", A);
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  });

  test("GET /v1/health answers status and version", async () => {
    const response = await startApp().send("GET", "/v1/health");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "ok", version: "1.2.3" });
  });
});

describe("X-Request-Id", () => {
  const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

  test.each([["/v1/health"], [A], ["/v1/unknown"], ["/"]])(
    "every response carries the caller's: %s",
    async (path) => {
      const headers = { "X-Request-Id": "trace-1:a/b=" };
      const response = await startApp().send("GET", path, { headers });
      expect(response.headers.get("x-request-id")).toBe("trace-1:a/b=");
    },
  );

  test.each([["with space"], ["x".repeat(129)], ["<script>"], [""]])(
    "one that is not sane is replaced: %j",
    async (given) => {
      const response = await startApp().send("GET", A, { headers: { "X-Request-Id": given } });
      expect(response.headers.get("x-request-id")).toMatch(uuid);
    },
  );

  test("also responses of status 204, 401, 405 and 500 have one", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const failing = startApp({ agent: { describe: () => Promise.reject(new Error("boom")) } });
    const guarded = startApp({ auth: { local: false, token: "t" } });
    const responses = [
      await failing.send("DELETE", A),
      await guarded.send("GET", A),
      await failing.send("POST", A),
      await failing.send("GET", A),
    ];
    expect(responses.map(({ status }) => status)).toEqual([204, 401, 405, 500]);
    for (const { headers } of responses) expect(headers.get("x-request-id")).toMatch(uuid);
  });
});

describe("authentication", () => {
  const guarded = { auth: { local: true, token: "secret-token" } };

  test.each([
    ["none", {}],
    ["a wrong one", { Authorization: "Bearer other-token!" }],
    ["a prefix of it", { Authorization: "Bearer secret" }],
    ["it twice", { Authorization: "Bearer secret-tokensecret-token" }],
    ["another scheme", { Authorization: "Basic secret-token" }],
    ["an empty one", { Authorization: "Bearer " }],
  ])("missing or wrong is 401 with WWW-Authenticate: %s", async (_, headers) => {
    const { send, calls } = startApp(guarded);
    const response = await send("GET", A, { headers });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect((await problemOf(response)).code).toBe("unauthorized");
    expect(calls).toEqual([]);
  });

  test.each([["Bearer secret-token"], ["bearer secret-token"]])(
    "the token lets through: %s",
    async (authorization) => {
      const response = await startApp(guarded).send("GET", A, {
        headers: { Authorization: authorization },
      });
      expect(response.status).toBe(200);
    },
  );

  test("an unknown route tells nothing to who is not authenticated", async () => {
    expect((await startApp(guarded).send("GET", "/v1/unknown")).status).toBe(401);
  });

  test.each([
    ["https://example.org", 403],
    ["null", 403],
    ["http://localhost", 200],
  ])("without a token, in local development, a page of %s gets %i", async (origin, status) => {
    const { send } = startApp({ auth: { local: true } });
    const response = await send("GET", A, { headers: { Origin: origin } });
    expect(response.status).toBe(status);
    if (status === 403) expect((await problemOf(response)).code).toBe("forbidden");
  });

  test("without a token and not local every /v1 request is 503 auth-not-configured", async () => {
    const headers = { Authorization: "Bearer " };
    const response = await startApp({ auth: { local: false } }).send("GET", A, { headers });
    expect(response.status).toBe(503);
    expect((await problemOf(response)).code).toBe("auth-not-configured");
  });

  test.each([
    ["tokens that were minted", { Authorization: "Bearer minted" }],
    ["assertions of Cloudflare Access", { "Cf-Access-Jwt-Assertion": "a.b.c" }],
  ])("such a server lets nobody in with %s", async (_, headers) => {
    const known = { grant: { scopes: ["admin"] as const } };
    const auth = { local: false, minted: known, asserted: known };
    const { send, calls } = startApp({ auth });
    expect((await send("GET", A, { headers })).status).toBe(503);
    expect(calls).toEqual([]);
  });

  test("a failure to find out who calls is a 500, and lets nobody in", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const { send, calls } = startApp({ auth: { local: false, token: "t", minted: "unreachable" } });
    const response = await send("GET", A, { headers: { Authorization: "Bearer minted" } });
    expect(response.status).toBe(500);
    expect((await problemOf(response)).code).toBe("internal-error");
    expect(calls).toEqual([]);
  });

  test("what a caller may not do is refused before its body is read", async () => {
    const minted = { grant: { scopes: ["read"] as const } };
    const { send, calls } = startApp({ auth: { local: false, token: "t", minted } });
    const headers = { Authorization: "Bearer minted", "Content-Type": "text/plain" };
    const response = await send("POST", `${A}/invoke/add`, { headers, body: "no json" });
    expect(response.status).toBe(403);
    expect(calls).toEqual([]);
  });

  test.each([[{ local: false }], [{ local: false, token: "t" }]])(
    "health is never authenticated: %j",
    async (auth) => {
      expect((await startApp({ auth }).send("GET", "/v1/health")).status).toBe(200);
    },
  );
});

describe("a configuration that is wrong", () => {
  const misconfigured = ["PERDURE_LIMITS", "PERDURE_RETRY"];

  test("answers every request 503 configuration-invalid, whoever asks, and names the variables", async () => {
    const { send, calls } = startApp({ misconfigured, auth: { local: false, token: "t" } });
    for (const path of [A, "/v1/components", "/v1/nowhere"]) {
      const response = await send("GET", path, { headers: { Authorization: "Bearer t" } });
      expect(response.status).toBe(503);
      const { code, detail } = await problemOf(response);
      expect(code).toBe("configuration-invalid");
      expect(detail).toContain("PERDURE_LIMITS, PERDURE_RETRY");
    }
    expect(calls).toEqual([]);
  });

  test("leaves health as it is", async () => {
    expect((await startApp({ misconfigured }).send("GET", "/v1/health")).status).toBe(200);
  });
});

describe("failures of the host", () => {
  test("an unexpected exception is a 500 without stack or path, logged with the request id", async () => {
    const logged = vi.spyOn(console, "error").mockReturnValue();
    const thrown = new Error("boom at /srv/perdure/secret.ts");
    const { send } = startApp({ agent: { describe: () => Promise.reject(thrown) } });
    const response = await send("GET", A, { headers: { "X-Request-Id": "req-7" } });
    expect(response.status).toBe(500);
    const problem = await problemOf(response);
    expect(problem.code).toBe("internal-error");
    expect(problem.detail).toContain("req-7");
    expect(JSON.stringify(problem)).not.toMatch(/secret|boom/);
    expect(problem.detail).not.toMatch(internalDetail);
    expect(logged).toHaveBeenCalledWith(expect.stringContaining("req-7"), thrown);
  });

  test("also something thrown that is no Error", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const { send } = startApp({ agent: { describe: () => Promise.reject("text") } });
    expect((await send("GET", A)).status).toBe(500);
  });

  test.each([
    ["retryable", Object.assign(new Error("gone"), { retryable: true })],
    ["reset, by its mark", Object.assign(new Error("gone"), { durableObjectReset: true })],
    ["reset, by its message", new Error("The object was reset because its code was updated.")],
  ])("a call to an object that went away is repeated: %s", async (_, error) => {
    let failures = 2;
    const { send, calls } = startApp({
      agent: {
        describe: async () => {
          if (failures-- > 0) throw error;
          return refuse("agent-not-found", "none");
        },
      },
    });
    expect((await send("GET", A)).status).toBe(404);
    expect(calls).toHaveLength(3);
  });

  test("an invocation is repeated under the same key", async () => {
    let failures = 1;
    const { send, calls } = startApp({
      agent: {
        invoke: async () => {
          if (failures-- > 0) throw Object.assign(new Error("gone"), { retryable: true });
          return refuse("method-not-found", "none");
        },
      },
    });
    await send("POST", `${A}/invoke/add`);
    expect(calls).toHaveLength(2);
    const key = (at: number) =>
      (calls[at]?.at(-1) as { idempotencyKey: string } | undefined)?.idempotencyKey;
    expect(key(0)).toBe(key(1));
  });

  test.each([
    ["it is overloaded", "GET", A, { retryable: true, overloaded: true }],
    ["the call is an update", "POST", `${A}/update`, { retryable: true }],
  ])("it is not repeated when %s", async (_, verb, path, marks) => {
    vi.spyOn(console, "error").mockReturnValue();
    const fail = () => Promise.reject(Object.assign(new Error("gone"), marks));
    const { send, calls } = startApp({ agent: { describe: fail, update: fail } });
    const body = verb === "GET" ? {} : { body: '{"revision":2,"mode":"manual"}' };
    const headers = { "Content-Type": "application/json" };
    expect((await send(verb, path, { ...body, headers })).status).toBe(500);
    expect(calls).toHaveLength(1);
  });
});
