import type * as z from "zod";
import { refuse, type Result } from "../../core/errors.ts";

/** One thing about a request that does not fit; `path` begins with the part of the request. */
export interface Issue {
  readonly path: readonly ["body" | "header" | "path" | "query", ...(readonly (string | number)[])];
  readonly message: string;
}

/** The refusal `invalid-request`, with all issues also told in the detail. */
export function invalidRequest(...issues: readonly Issue[]): Result<never> {
  const told = issues.map(({ path: [part, ...names], message }) =>
    [part, names.length === 0 ? "" : ` \`${names.join(".")}\``, `: ${message}`].join(""),
  );
  const members = issues.map(({ path, message }) => ({ path: [...path], message }));
  return refuse("invalid-request", told.join("; "), { issues: members });
}

/** The issues that zod found in one part of the request. */
export function issuesOf(part: Issue["path"][0], error: z.ZodError): readonly Issue[] {
  return error.issues.map(({ path, message }) => ({
    path: [part, ...path.map((step) => (typeof step === "symbol" ? String(step) : step))],
    message,
  }));
}
