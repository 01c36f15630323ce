/** `fetch` as a durable call: the request goes out through the host, the response is recorded whole. */
import type { Body, FetchRequest, FetchResponse } from "../core/protocol.ts";
import { limits } from "../core/limits.ts";
import { AgentError } from "./errors.ts";
import { PlatformRequest, PlatformResponse } from "./platform.ts";
import { callingScope, type Scope } from "./scope.ts";

const READS = new Set(["GET", "HEAD", "OPTIONS"]);
const REPEATABLE = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
const KEY_HEADER = "idempotency-key";
const BODILESS = new Set([101, 204, 205, 304]);

function encodeBody(bytes: Uint8Array): Body {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { base64: bytes.toBase64() };
  }
}

function decodeBody(body: Body): Uint8Array<ArrayBuffer> {
  if ("text" in body) return new Uint8Array(new TextEncoder().encode(body.text));
  return Uint8Array.fromBase64(body.base64);
}

/** The body when it can be had within the turn, so that calls are recorded in the order they are made. */
function immediateBody(init: RequestInit | undefined): Body | undefined {
  const body: unknown = init?.body;
  if (typeof body === "string") return { text: body };
  if (body instanceof URLSearchParams) return { text: body.toString() };
  if (body instanceof ArrayBuffer) return encodeBody(new Uint8Array(body));
  if (ArrayBuffer.isView(body)) {
    return encodeBody(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
  }
  return undefined;
}

async function laterBody(request: Request): Promise<Body> {
  return encodeBody(new Uint8Array(await request.arrayBuffer()));
}

function describeRequest(scope: Scope, request: Request, body: Body | undefined): FetchRequest {
  const headers = [...request.headers] as [string, string][];
  if (!READS.has(request.method) && !request.headers.has(KEY_HEADER)) {
    headers.push([KEY_HEADER, scope.nextKey()()]);
  }
  return {
    method: request.method,
    url: request.url,
    headers,
    ...(body === undefined ? {} : { body }),
    redirect: request.redirect as FetchRequest["redirect"],
  };
}

/** Body readers that need no turn of the event loop: the body is in memory. */
function readFromMemory(response: Response, bytes: Uint8Array<ArrayBuffer>): void {
  let isUsed = false;
  const take = (): Uint8Array<ArrayBuffer> => {
    if (isUsed || response.body?.locked === true) {
      throw new TypeError("The body has been read already; clone the response to read it twice.");
    }
    isUsed = true;
    return bytes.slice();
  };
  const text = (): string => new TextDecoder().decode(take());
  const readers = {
    text: async () => text(),
    json: async () => JSON.parse(text()) as unknown,
    arrayBuffer: async () => take().buffer,
    bytes: async () => take(),
  };
  Object.defineProperties(response, {
    ...Object.fromEntries(
      Object.entries(readers).map(([name, value]) => [name, { value, configurable: true }]),
    ),
    bodyUsed: { get: () => isUsed, configurable: true },
  });
}

function toResponse(recorded: FetchResponse): Response {
  const { status, statusText, headers, url, redirected } = recorded;
  const bytes = decodeBody(recorded.body ?? { text: "" });
  const body = BODILESS.has(status) ? null : bytes;
  const response = new PlatformResponse(body, {
    status,
    statusText,
    headers: headers.map(([name, value]) => [name, value] as [string, string]),
  });
  Object.defineProperties(response, {
    url: { value: url, configurable: true },
    redirected: { value: redirected, configurable: true },
  });
  if (body !== null) readFromMemory(response, bytes);
  return response;
}

function checkSize({ url, body }: FetchRequest): void {
  if (body === undefined) return;
  const length = "text" in body ? body.text.length : body.base64.length * 0.75;
  if (length <= limits.recordedBodyBytes) return;
  throw new AgentError(
    `The body of the request to ${url} is larger than ${limits.recordedBodyBytes} bytes; send it in parts.`,
    { code: "payload-too-large" },
  );
}

async function send(scope: Scope, described: FetchRequest): Promise<Response> {
  checkSize(described);
  const payload = JSON.stringify(described);
  const isRead = READS.has(described.method);
  const { isIdempotent, retry } = scope.settings;
  const once = !isRead && isIdempotent === false;
  const hasKey = described.headers.some(([name]) => name === KEY_HEADER);
  const effect = {
    call: "fetch",
    request: payload,
    repeatable: !once && (REPEATABLE.has(described.method) || hasKey),
    ...(retry === undefined ? {} : { retry }),
    ...(once ? { once } : {}),
  } as const;
  const recorded = await scope.call({
    identity: {
      call: "fetch",
      durability: isRead ? "read-remote" : "write-remote",
      request: payload,
    },
    perform: (start, link) =>
      start === undefined
        ? link.performUnrecorded(effect)
        : link.perform({ ...effect, start: start.id }),
  }).settled;
  return toResponse(JSON.parse(recorded ?? "null") as FetchResponse);
}

/** The global `fetch` of agents. */
export async function durableFetch(
  input: RequestInfo | URL,
  init?: RequestInit,
): Promise<Response> {
  const scope = callingScope("fetch");
  const request = new PlatformRequest(input, init);
  const body =
    request.body === null ? undefined : (immediateBody(init) ?? (await laterBody(request)));
  return send(scope, describeRequest(scope, request, body));
}
