import type { Result } from "../core/errors.ts";
import { toProblem } from "./problems.ts";

/** What a handler answers when all went well; no body for 204. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What every handler gives: a reply, or the refusal that becomes a problem document. */
export type Answer = Result<Reply>;

/** An answer of status 200 or the given one. */
export function reply(body: unknown, status = 200, headers?: Reply["headers"]): Answer {
  return { ok: true, value: headers === undefined ? { status, body } : { status, body, headers } };
}

/** The HTTP response of an answer. */
export function toResponse(
  answer: Answer,
  requestId: string,
  extraHeaders?: Readonly<Record<string, string>>,
): Response {
  const problem = answer.ok ? undefined : toProblem(answer.refusal);
  const { status, headers, body } = problem ?? (answer as { readonly value: Reply }).value;
  const mediaType = answer.ok ? "application/json; charset=utf-8" : "application/problem+json";
  return new Response(body === undefined ? null : JSON.stringify(body), {
    status,
    headers: {
      ...(body === undefined ? {} : { "Content-Type": mediaType }),
      "X-Request-Id": requestId,
      ...headers,
      ...extraHeaders,
    },
  });
}
