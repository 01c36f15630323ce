/** Recorded answers as `Response` objects: the same live and in replay. */
import type { FetchResponse } from "../../core/protocol.ts";
import { decodeBody } from "../../transport/body.ts";
import { PlatformResponse } from "../platform.ts";

const BODILESS = new Set([101, 204, 205, 304]);

function bodyOf({ status, body }: FetchResponse, method: string): Uint8Array<ArrayBuffer> | null {
  if (method === "HEAD" || BODILESS.has(status)) return null;
  return body === undefined ? new Uint8Array() : decodeBody(body);
}

/** Body readers that need no turn of the event loop: the body is in memory. */
function readFromMemory(
  response: Response,
  bytes: Uint8Array<ArrayBuffer>,
  again: () => Response,
): void {
  let isTaken = false;
  const isUsed = (): boolean =>
    isTaken || Reflect.get(PlatformResponse.prototype, "bodyUsed", response);
  const check = (): void => {
    if (!isUsed() && response.body?.locked !== true) return;
    throw new TypeError("The body has been read already; clone the response to read it twice.");
  };
  const take = (): Uint8Array<ArrayBuffer> => {
    check();
    isTaken = true;
    return bytes.slice();
  };
  const text = (): string => new TextDecoder().decode(take());
  const type = response.headers.get("content-type") ?? "";
  const methods = {
    text: async () => text(),
    json: async () => JSON.parse(text()) as unknown,
    arrayBuffer: async () => take().buffer,
    bytes: async () => take(),
    blob: async () => new Blob([take()], { type }),
    formData: async () =>
      new PlatformResponse(take(), { headers: { "content-type": type } }).formData(),
    clone: () => {
      check();
      return again();
    },
  };
  Object.defineProperties(response, {
    ...Object.fromEntries(
      Object.entries(methods).map(([name, value]) => [name, { value, configurable: true }]),
    ),
    bodyUsed: { get: isUsed, configurable: true },
  });
}

/** The answer to a request of that method. */
export function toResponse(recorded: FetchResponse, method: string): Response {
  const { status, statusText, headers, url, redirected } = recorded;
  const again = (): Response => toResponse(recorded, method);
  const body = bodyOf(recorded, method);
  const response = new PlatformResponse(body, {
    status,
    statusText,
    headers: headers.map(([name, value]) => [name, value] as [string, string]),
  });
  Object.defineProperties(response, {
    url: { value: url, configurable: true },
    redirected: { value: redirected, configurable: true },
    ...(body === null ? { clone: { value: again, configurable: true } } : {}),
  });
  if (body !== null) readFromMemory(response, body, again);
  return response;
}
