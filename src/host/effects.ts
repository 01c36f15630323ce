/** Sends the requests of agents. The platform holds them back until what is written is durable. */
import { limits } from "../core/limits.ts";
import type { ErrorData } from "../core/oplog/entry.ts";
import type { Effect, FetchRequest, FetchResponse } from "../core/protocol.ts";
import type { Effects, Tried } from "../runtime/ports.ts";
import { decodeBody, encodeBody, readWhole } from "../transport/body.ts";

/** The answer has come, and another one would be no better. */
class BadAnswer extends Error {
  readonly data: ErrorData;

  constructor(data: ErrorData) {
    super(data.message);
    this.data = data;
  }
}

function tooLarge({ url }: Response): BadAnswer {
  const message = `The response of ${url} is larger than ${limits.recordedBodyBytes} bytes; ask for less of it, or fetch it in parts.`;
  return new BadAnswer({ name: "AgentError", message, code: "payload-too-large" });
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

function checkAnswer({ status, url }: Response, redirect: FetchRequest["redirect"]): void {
  if (status === 101) {
    const message = `fetch failed: ${url} switches to another protocol, which cannot be made durable; exchange messages through fetch.`;
    throw new BadAnswer({ name: "TypeError", message });
  }
  if (redirect !== "error" || !REDIRECTS.has(status)) return;
  const message = `fetch failed: ${url} answers with a redirect, and this request has redirect: "error".`;
  throw new BadAnswer({ name: "TypeError", message });
}

async function send(
  { method, url, headers, body, redirect }: FetchRequest,
  signal: AbortSignal,
): Promise<FetchResponse> {
  const response = await fetch(url, {
    method,
    headers: headers.map(([name, value]) => [name, value] as [string, string]),
    redirect: redirect === "error" ? "manual" : redirect,
    signal,
    // As bytes: the platform would give a text a Content-Type.
    ...(body === undefined ? {} : { body: decodeBody(body) }),
  });
  checkAnswer(response, redirect);
  const bytes = await readWhole(response.body, () => tooLarge(response));
  return {
    url: response.url,
    status: response.status,
    statusText: response.statusText,
    headers: [...response.headers],
    redirected: response.redirected,
    ...(bytes.length === 0 ? {} : { body: encodeBody(bytes) }),
  };
}

function failureOf(thrown: unknown): ErrorData {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { name: "TypeError", message: `fetch failed: ${message}` };
}

/** What the platform rejects with a `TypeError` is wrong in itself; anything else is the network's fault. */
function failed(thrown: unknown): Tried {
  if (thrown instanceof BadAnswer) return { ok: false, error: thrown.data };
  const error = failureOf(thrown);
  return { ok: false, error, ...(thrown instanceof TypeError ? {} : { transient: error }) };
}

export class NetworkEffects implements Effects {
  async perform({ request, retry }: Effect, aborted: AbortSignal): Promise<Tried> {
    try {
      const answer = await send(JSON.parse(request) as FetchRequest, aborted);
      const response = JSON.stringify(answer);
      if (retry?.on?.includes(answer.status) !== true) return { ok: true, response };
      const message = `${answer.url} answered ${answer.status}.`;
      return { ok: true, response, transient: { name: "Error", message } };
    } catch (thrown) {
      return failed(thrown);
    }
  }
}
