import type { Result } from "../../core/errors.ts";
import { toProblem } from "./problems.ts";

/** What a handler answers when all went well; no body for 204. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  /** What is sent instead of a JSON body: bytes or text of another kind. */
  readonly content?: {
    readonly mediaType: string;
    readonly data: string | Uint8Array<ArrayBuffer>;
  };
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
  const { status, headers, body, content }: Reply =
    problem ?? (answer as { readonly value: Reply }).value;
  const mediaType = answer.ok ? "application/json; charset=utf-8" : "application/problem+json";
  const sent =
    content ?? (body === undefined ? undefined : { mediaType, data: JSON.stringify(body) });
  return new Response(sent?.data ?? null, {
    status,
    headers: {
      ...(sent === undefined ? {} : { "Content-Type": sent.mediaType }),
      "X-Request-Id": requestId,
      ...headers,
      ...extraHeaders,
    },
  });
}

/** What the platform adds to responses, and takes again: a WebSocket that is open. */
interface Upgrade {
  readonly webSocket?: object | null;
}

/** A ready response with the request's id; the WebSocket of an upgrade goes on with it. */
export function identified(response: Response & Upgrade, requestId: string): Response {
  const { body, headers, status, webSocket } = response;
  const upgrade: ResponseInit & Upgrade = { status, headers, webSocket: webSocket ?? null };
  const named = webSocket ? new Response(null, upgrade) : new Response(body, response);
  named.headers.set("X-Request-Id", requestId);
  return named;
}
