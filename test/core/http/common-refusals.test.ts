/** What follows from what a route takes: each such code on each route that has it. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { everything } from "../../../src/core/access/grant.ts";
import type { ErrorCode } from "../../../src/core/errors.ts";
import { toProblem } from "../../../src/http/routing/problems.ts";
import { refusalsOf } from "../../../src/http/routing/refusals.ts";
import type { Route } from "../../../src/http/routing/route.ts";
import { routes } from "../../../src/http/routes/table.ts";
import { problemOf, startApp, type Fakes } from "./fake-ports.ts";

beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.restoreAllMocks();
});

const values: Readonly<Record<string, string>> = {
  component: "shop",
  type: "Cart",
  revision: "1",
  index: "1",
};
const guarded = { local: false, token: "t" };
const minted = { headers: { Authorization: "Bearer minted" } };
const rateLimit = { requests: 1, perSeconds: 1 };
const limited = { tokenId: "minted", rateLimit };

function filled(route: Route): string {
  return route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "x");
}

/** A path, a query or a body of which one thing does not fit. */
function misfit(route: Route): readonly [path: string, init: RequestInit] {
  const path = filled(route);
  const at = route.path.split("/").findLastIndex((part) => part.startsWith("{"));
  if (at !== -1) return [path.split("/").with(at, "%").join("/"), {}];
  if (route.query !== undefined) return [`${path}?limit=none`, {}];
  return [path, { body: "[]", headers: { "Content-Type": "application/json" } }];
}

function send(route: Route, fakes: Fakes, init: RequestInit = {}, path = filled(route)) {
  return startApp(fakes).send(route.verb, path, init);
}

function sendBody(route: Route, body: string, mediaType: string, fakes: Fakes = {}) {
  return send(route, fakes, { body, headers: { "Content-Type": mediaType } });
}

type Provoke = (route: Route) => Promise<Response>;

const provoke: Readonly<Partial<Record<ErrorCode, Provoke>>> = {
  unauthorized: (route) => send(route, { auth: guarded }),
  forbidden: (route) =>
    send(route, { auth: { ...guarded, minted: { grant: { scopes: [] } } } }, minted),
  "rate-limited": (route) =>
    send(
      route,
      { auth: { ...guarded, waitMs: 5, minted: { grant: everything, limited } } },
      minted,
    ),
  "auth-not-configured": (route) => send(route, { auth: { local: false } }),
  "access-keys-unavailable": (route) =>
    send(
      route,
      { auth: { ...guarded, asserted: "keys-unavailable" } },
      { headers: { "Cf-Access-Jwt-Assertion": "a" } },
    ),
  "configuration-invalid": (route) => send(route, { misconfigured: ["PERDURE_LIMITS"] }),
  "invalid-request": (route) => {
    const [path, init] = misfit(route);
    return send(route, {}, init, path);
  },
  "invalid-json": (route) => sendBody(route, "{", "application/json"),
  "payload-too-large": (route) => {
    const [mediaType = ""] = Object.keys(route.body?.content ?? {});
    const limits = { requestBodyBytes: 64, importBytes: 64 };
    return sendBody(route, " ".repeat(65), mediaType, { limits });
  },
  "unsupported-media-type": (route) => sendBody(route, "{}", "application/x-unknown"),
};

describe.each(routes.map((route) => [`${route.verb} ${route.path}`, route] as const))(
  "%s",
  (_, route) => {
    const own = new Set(route.refusals);
    const common = refusalsOf(route).filter((code) => !own.has(code) && code !== "internal-error");

    test.each(common.map((code) => [code] as const))("%s", async (code) => {
      const response = await provoke[code]?.(route);
      expect(response?.status).toBe(toProblem({ code, detail: "" }).status);
      expect(response?.headers.get("content-type")).toBe("application/problem+json");
      expect(response?.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
      expect(response && (await problemOf(response)).code).toBe(code);
    });

    test("another verb is 405 with Allow", async () => {
      const { send: sendTo } = startApp();
      const response = await sendTo("PATCH", filled(route));
      expect(response.status).toBe(405);
      expect(response.headers.get("allow")?.split(", ")).toContain(route.verb);
    });
  },
);
