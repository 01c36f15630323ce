/** What author code asks `fetch` for: the global `Request`, and requests as they are recorded. */
import { isLongerThan } from "../../core/utf8-length.ts";
import { requestDurability } from "../../core/oplog/durability.ts";
import type { Body, FetchRequest } from "../../core/protocol.ts";
import { encodeBody, readWhole } from "../../transport/body.ts";
import { AgentError } from "../author/errors.ts";
import { PlatformRequest } from "../platform.ts";
import type { Scope } from "../scopes/scope.ts";

export const KEY_HEADER = "idempotency-key";

/** Whether a request of that method changes nothing. */
export function isRead(method: string): boolean {
  return requestDurability(method) === "read-remote";
}

/** Makes `redirect: "error"`, which the platform does not know, a property of a request and its clones. */
function refuseRedirects(request: Request): Request {
  const clone = request.clone.bind(request);
  return Object.defineProperties(request, {
    redirect: { value: "error", configurable: true },
    clone: { value: () => refuseRedirects(clone()), configurable: true },
  });
}

function redirectOf(input: unknown, init: RequestInit | undefined): unknown {
  return init?.redirect ?? (input instanceof PlatformRequest ? input.redirect : undefined);
}

/** The global `Request`: the platform's own, with `redirect: "error"`. */
export const AgentRequest = new Proxy(PlatformRequest, {
  construct(target, [input, init]: [RequestInfo | URL, RequestInit?], newTarget) {
    const isStrict = redirectOf(input, init) === "error";
    const given = isStrict ? { ...init, redirect: "manual" } : init;
    const actual = newTarget === AgentRequest ? target : newTarget;
    const request = Reflect.construct(target, [input, given], actual) as Request;
    return isStrict ? refuseRedirects(request) : request;
  },
});

function tooLarge(url: string, limit: number): AgentError {
  const message = `The body of the request to ${url} is larger than ${limit} bytes; send it in parts.`;
  return new AgentError(message, { code: "payload-too-large" });
}

function bytesOf(body: unknown): Uint8Array | undefined {
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (!ArrayBuffer.isView(body)) return undefined;
  return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
}

/** The body when it can be had within the turn. */
function immediateBody(given: unknown, url: string, limit: number): Body | undefined {
  const text = given instanceof URLSearchParams ? given.toString() : given;
  if (typeof text === "string") {
    if (isLongerThan(text, limit)) throw tooLarge(url, limit);
    return { text };
  }
  const bytes = bytesOf(given);
  if (bytes === undefined) return undefined;
  if (bytes.length > limit) throw tooLarge(url, limit);
  return encodeBody(bytes);
}

const PLATFORM_BOUNDARY = /^multipart\/form-data; boundary=([0-9a-f]{32})$/;

/** Puts `fresh`, of the same length, in the place of `old`, wherever that is. */
function replaceBytes(bytes: Uint8Array, old: string, fresh: string): void {
  const [sought, put] = [old, fresh].map((text) => new TextEncoder().encode(text));
  if (sought === undefined || put === undefined) return;
  const [head] = sought;
  for (let at = bytes.indexOf(head ?? 0); at >= 0; at = bytes.indexOf(head ?? 0, at + 1)) {
    if (sought.every((byte, offset) => bytes[at + offset] === byte)) bytes.set(put, at);
  }
}

/** The platform draws the boundary of a form by chance; a derived one is the same in replay. */
function deriveBoundary(request: Request, bytes: Uint8Array, key: () => string): string | null {
  const mediaType = request.headers.get("content-type");
  const [, old] = PLATFORM_BOUNDARY.exec(mediaType ?? "") ?? [];
  if (mediaType === null || old === undefined) return mediaType;
  const fresh = key().replaceAll("-", "");
  replaceBytes(bytes, old, fresh);
  return mediaType.replace(old, fresh);
}

/** The request as it is recorded and sent. What it is known by derives from the order of the calls. */
export class Described {
  readonly #request: Request;
  readonly #given: unknown;
  readonly #limit: number;
  readonly #key: (() => string) | undefined;
  readonly #boundary: () => string;

  constructor(scope: Scope, request: Request, given: unknown) {
    this.#request = request;
    this.#given = given;
    this.#limit = scope.settings.limits.recordedBodyBytes;
    const isKeyed = isRead(request.method) || request.headers.has(KEY_HEADER);
    // Code that begins anew may say something else this time (which try it is, say) in the same write.
    const what = `${request.method} ${request.url.replace(/[?#].*/s, "")}`;
    this.#key = isKeyed ? undefined : scope.nextKey(what);
    const isForm = PLATFORM_BOUNDARY.test(request.headers.get("content-type") ?? "");
    this.#boundary = isForm ? scope.nextKey(`form ${what}`) : () => "";
  }

  /** Given within the turn when its body is in memory. */
  whole(): FetchRequest | Promise<FetchRequest> {
    const request = this.#request;
    if (request.body === null) return this.#with(undefined);
    const body = immediateBody(this.#given, request.url, this.#limit);
    return body === undefined ? this.#read() : this.#with(body);
  }

  async #read(): Promise<FetchRequest> {
    const { body, url } = this.#request;
    const limit = this.#limit;
    const bytes = await readWhole(body, limit, () => tooLarge(url, limit));
    const mediaType = deriveBoundary(this.#request, bytes, this.#boundary);
    return this.#with(encodeBody(bytes), mediaType);
  }

  #with(body: Body | undefined, mediaType: string | null = null): FetchRequest {
    const { method, url, redirect, headers } = this.#request;
    if (mediaType !== null) headers.set("content-type", mediaType);
    if (this.#key !== undefined) headers.set(KEY_HEADER, this.#key());
    return {
      method,
      url,
      headers: [...headers] as [string, string][],
      ...(body === undefined ? {} : { body }),
      redirect: redirect as FetchRequest["redirect"],
    };
  }
}
