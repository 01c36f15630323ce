/** Sends the requests of agents. The platform holds them back until what is written is durable. */
import { defaultRetryPolicy, retryDelay, type CallRetryPolicy } from "../core/retry.ts";
import { limits } from "../core/limits.ts";
import type { ErrorData } from "../core/oplog/entry.ts";
import type {
  Body,
  EffectCall,
  EffectResult,
  FetchRequest,
  FetchResponse,
} from "../core/protocol.ts";
import type { Effects } from "../runtime/ports.ts";

function decodeBody(body: Body): BodyInit {
  return "text" in body ? body.text : Uint8Array.fromBase64(body.base64);
}

function encodeBody(bytes: Uint8Array): Body {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { base64: bytes.toBase64() };
  }
}

class BodyTooLarge extends Error {}

function tooLarge({ url }: Response): BodyTooLarge {
  return new BodyTooLarge(
    `The response of ${url} is larger than ${limits.recordedBodyBytes} bytes; ask for less of it, or fetch it in parts.`,
  );
}

async function readBody(response: Response): Promise<Uint8Array> {
  const reader = response.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || value === undefined) break;
    length += value.length;
    if (length > limits.recordedBodyBytes) {
      await reader?.cancel();
      throw tooLarge(response);
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

async function send(
  { method, url, headers, body, redirect }: FetchRequest,
  signal: AbortSignal | null,
): Promise<FetchResponse> {
  const response = await fetch(url, {
    method,
    signal,
    headers: headers.map(([name, value]) => [name, value] as [string, string]),
    redirect: redirect === "error" ? "manual" : redirect,
    ...(body === undefined ? {} : { body: decodeBody(body) }),
  });
  if (redirect === "error" && response.status >= 300 && response.status < 400) {
    throw new Error(`the answer is a redirect, which this request does not allow`);
  }
  const bytes = await readBody(response);
  return {
    url: response.url,
    status: response.status,
    statusText: response.statusText,
    headers: [...response.headers],
    redirected: response.redirected,
    ...(bytes.length === 0 ? {} : { body: encodeBody(bytes) }),
  };
}

function failure(error: unknown): ErrorData {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof BodyTooLarge
    ? { name: "RangeError", message, code: "payload-too-large" }
    : { name: "TypeError", message: `fetch failed: ${message}` };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

export class NetworkEffects implements Effects {
  /** Tries again where repeating is safe: broken connections, and answers that the policy names. */
  async perform(
    { request, repeatable, retry = defaultRetryPolicy }: Omit<EffectCall, "start">,
    signal: AbortSignal | null = null,
  ): Promise<EffectResult> {
    const parsed = JSON.parse(request) as FetchRequest;
    const { on = [] }: CallRetryPolicy = retry;
    for (let attempt = 1; ; attempt++) {
      const delay = repeatable ? retryDelay(retry, attempt, Math.random()) : undefined;
      try {
        const response = await send(parsed, signal);
        if (delay === undefined || !on.includes(response.status)) {
          return { ok: true, response: JSON.stringify(response) };
        }
      } catch (error) {
        if (delay === undefined || signal?.aborted || error instanceof BodyTooLarge) {
          return { ok: false, error: failure(error) };
        }
      }
      await pause(delay);
    }
  }
}
