import { expect } from "vitest";
import type { ErrorView, InvocationView, JsonValue } from "../../../src/core/api/views.ts";
import type { Answer } from "./api.ts";

/** A problem document as the tests read it. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly issues?: readonly { readonly path: readonly string[]; readonly message: string }[];
  readonly invocation?: InvocationView;
  readonly lastError?: ErrorView;
  readonly error?: ErrorView;
  readonly [member: string]: JsonValue | undefined | object;
}

/** What must never be in a problem: a frame of a stack, or a path of the server's machine. */
const leak = /\n\s*at |node_modules|\/(?:home|root|tmp|usr|src)\/|file:\/\/|worker\.js/;

/** Checks that an answer is a whole problem document of that status and code, and gives it. */
export function problemOf(answer: Answer, status: number, code: string): Problem {
  const problem = answer.body as Problem;
  expect({ status: answer.status, code: problem.code, detail: problem.detail }).toEqual({
    status,
    code,
    detail: expect.any(String) as string,
  });
  expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  expect(answer.headers.get("x-request-id")).toMatch(/^[\w.:~+/=@-]{1,128}$/);
  expect(problem.status).toBe(status);
  expect(problem.type).toMatch(/^(about:blank|https?:\/\/\S+)$/);
  expect(problem.title.length).toBeGreaterThan(0);
  expect(problem.detail.length).toBeGreaterThan(0);
  expect(answer.text).not.toMatch(leak);
  expect(answer.text).not.toContain(process.cwd());
  return problem;
}
