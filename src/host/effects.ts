/** Sends the requests of agents. The platform holds them back until what is written is durable. */
import { isRefusedRedirect, readResponse, send } from "./exchange.ts";
import type { ErrorData } from "../core/oplog/entry.ts";
import type { Effect, FetchRequest, FetchResponse } from "../core/protocol.ts";
import type { Effects, Tried } from "../runtime/ports.ts";

/** The answer has come, and another one would be no better. */
class BadAnswer extends Error {
  readonly data: ErrorData;

  constructor(data: ErrorData) {
    super(data.message);
    this.data = data;
  }
}

function tooLarge({ url }: Response, limit: number): BadAnswer {
  const message = `The response of ${url} is larger than ${limit} bytes; ask for less of it, or fetch it in parts.`;
  return new BadAnswer({ name: "AgentError", message, code: "payload-too-large" });
}

function checkAnswer(request: FetchRequest, response: Response): void {
  const { status, url } = response;
  if (status === 101) {
    const message = `fetch failed: ${url} switches to another protocol, which cannot be made durable; exchange messages through fetch.`;
    throw new BadAnswer({ name: "TypeError", message });
  }
  if (!isRefusedRedirect(request, response)) return;
  const message = `fetch failed: ${url} answers with a redirect, and this request has redirect: "error".`;
  throw new BadAnswer({ name: "TypeError", message });
}

async function exchange(
  request: FetchRequest,
  limit: number,
  signal: AbortSignal,
): Promise<FetchResponse> {
  const response = await send(request, (url, init) => fetch(url, init), signal);
  checkAnswer(request, response);
  return readResponse(response, limit, () => tooLarge(response, limit));
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
  readonly #bodyBytes: number;

  /** `bodyBytes` is how large a response may be. */
  constructor(bodyBytes: number) {
    this.#bodyBytes = bodyBytes;
  }

  async perform({ request, retry }: Effect, aborted: AbortSignal): Promise<Tried> {
    try {
      const answer = await exchange(JSON.parse(request) as FetchRequest, this.#bodyBytes, aborted);
      const response = JSON.stringify(answer);
      if (retry?.on?.includes(answer.status) !== true) return { ok: true, response };
      const message = `${answer.url} answered ${answer.status}.`;
      return { ok: true, response, transient: { name: "Error", message } };
    } catch (thrown) {
      return failed(thrown);
    }
  }
}
