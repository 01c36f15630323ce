/** The routes and codes of http-api.md against those that there are. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { ErrorCode } from "../../../src/core/errors.ts";
import { codes, toProblem } from "../../../src/http/routing/problems.ts";
import { refusalsOf } from "../../../src/http/routing/refusals.ts";
import { routes } from "../../../src/http/routes/table.ts";

const A = "/v1/agents/{component}/{type}/{key}";

/** Each route with the statuses of its good answers, as http-api.md has them. */
const contract: Readonly<Record<string, readonly number[]>> = {
  "GET /v1/health": [200],
  "GET /v1/openapi.json": [200],
  "POST /v1/components/{component}/revisions": [200, 201],
  "GET /v1/components": [200],
  "GET /v1/components/{component}": [200],
  "GET /v1/components/{component}/revisions": [200],
  "GET /v1/components/{component}/revisions/{revision}": [200],
  [`PUT ${A}`]: [200, 201],
  [`GET ${A}`]: [200],
  [`DELETE ${A}`]: [204],
  "GET /v1/agents/{component}": [200],
  [`POST ${A}/invoke/{method}`]: [200, 202],
  [`GET ${A}/invocations/{idempotencyKey}`]: [200],
  [`GET ${A}/invocations`]: [200],
  [`DELETE ${A}/invocations/{idempotencyKey}`]: [200],
  [`POST ${A}/update`]: [200, 202],
  [`GET ${A}/updates`]: [200],
  [`POST ${A}/interrupt`]: [200],
  [`POST ${A}/resume`]: [202],
  [`POST ${A}/revert`]: [200],
  [`POST ${A}/fork`]: [201],
  [`POST ${A}/snapshot`]: [201],
  [`GET ${A}/snapshots/{index}`]: [200],
  [`GET ${A}/oplog`]: [200],
  [`GET ${A}/events`]: [101, 200],
  [`POST ${A}/promises/{promiseId}`]: [200],
};

test.each(Object.entries(contract))("%s", (name, statuses) => {
  const route = routes.find(({ verb, path }) => `${verb} ${path}` === name);
  expect(Object.keys(route?.answers ?? {}).map(Number)).toEqual(statuses);
});

test.each<readonly [number, readonly ErrorCode[]]>([
  [400, ["invalid-request", "invalid-json"]],
  [401, ["unauthorized"]],
  [403, ["forbidden"]],
  [404, ["not-found", "agent-not-found", "component-not-found", "revision-not-found"]],
  [404, ["agent-type-not-found", "method-not-found", "invocation-not-found"]],
  [404, ["promise-not-found", "snapshot-not-found"]],
  [405, ["method-not-allowed"]],
  [409, ["already-at-revision", "update-already-pending", "agent-failed", "agent-interrupted"]],
  [409, ["agent-not-resumable", "agent-busy", "not-snapshottable", "agent-already-exists"]],
  [409, ["invocation-running", "agent-deleted"]],
  [413, ["payload-too-large"]],
  [415, ["unsupported-media-type"]],
  [422, ["invalid-component", "idempotency-key-reused", "invalid-arguments", "invalid-cut"]],
  [429, ["queue-full"]],
  [500, ["invocation-failed", "read-only-violation"]],
  [503, ["auth-not-configured"]],
])("%i is the status of %j", (status, named) => {
  for (const code of named) expect(toProblem({ code, detail: "" }).status, code).toBe(status);
});

/** Codes that belong to no route, or only to a failure, with the test that provokes each. */
const elsewhere: Readonly<Partial<Record<ErrorCode, string>>> = {
  "call-cycle": "test/http/agent-calls.test.ts",
  "internal-error": "test/core/http/conventions.test.ts",
  "method-not-allowed": "test/core/http/conventions.test.ts",
  "not-found": "test/http/conventions.test.ts",
};

/** Those of routes are provoked one by one in `every-answer.test.ts` and `common-refusals.test.ts`. */
test("no code is without a test", () => {
  const ofRoutes = new Set(routes.flatMap(refusalsOf));
  for (const code of codes) {
    const file = elsewhere[code];
    if (file === undefined) expect(ofRoutes.has(code), code).toBe(true);
    else expect(readFileSync(file, "utf8")).toContain(code);
  }
});
