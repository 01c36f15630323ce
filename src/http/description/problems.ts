import type { ZodOpenApiOperationObject } from "zod-openapi";
import type { ErrorCode } from "../../core/errors.ts";
import { toProblem } from "../routing/problems.ts";
import { refusalsOf } from "../routing/refusals.ts";
import type { Route } from "../routing/route.ts";
import { problemShape, problemWith } from "../shapes/problem.ts";
import { requestIdHeader } from "./request-id.ts";

type Responses = ZodOpenApiOperationObject["responses"];

/** What a method's own error can be answered with. */
const authored: Responses = Object.fromEntries(
  (["4XX", "5XX"] as const).map((range) => [
    range,
    {
      description: "The method threw an error that has a status, and maybe a code, of its own.",
      headers: requestIdHeader,
      content: { "application/problem+json": { schema: problemShape } },
    },
  ]),
);

/** The problem documents of a route, by status, each with the codes that it may have. */
export function problemResponses(route: Route): Responses {
  const codes = refusalsOf(route);
  const isAuthored = codes.includes("invocation-failed");
  const byStatus = Map.groupBy(codes, (code) => problemOf(code).status);
  const listed = [...byStatus].map(([status, same]) => [
    String(status),
    {
      description: same.map((code) => `\`${code}\`: ${problemOf(code).body.title}.`).join(" "),
      headers: { ...requestIdHeader, ...headersOf(same) },
      content: { "application/problem+json": { schema: problemWith(same, isAuthored) } },
    },
  ]);
  return { ...(Object.fromEntries(listed) as Responses), ...(isAuthored ? authored : {}) };
}

function problemOf(code: ErrorCode) {
  return toProblem({ code, detail: "" });
}

function headersOf(codes: readonly ErrorCode[]) {
  const names = codes.flatMap((code) => Object.keys(problemOf(code).headers));
  return Object.fromEntries(names.map((name) => [name, { schema: { type: "string" as const } }]));
}
