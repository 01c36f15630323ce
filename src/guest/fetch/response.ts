/** Recorded answers as `Response` objects: the same live and in replay. */
import type { FetchResponse } from "../../core/protocol.ts";
import { decodeBody } from "../../transport/body.ts";
import { give, readersOf } from "./body-readers.ts";
import { PlatformResponse } from "../platform.ts";

const BODILESS = new Set([101, 204, 205, 304]);

function bodyOf({ status, body }: FetchResponse, method: string): Uint8Array<ArrayBuffer> | null {
  if (method === "HEAD" || BODILESS.has(status)) return null;
  return body === undefined ? new Uint8Array() : decodeBody(body);
}

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
  const type = response.headers.get("content-type") ?? "";
  give(response, {
    ...readersOf(take, type),
    formData: async () =>
      new PlatformResponse(take(), { headers: { "content-type": type } }).formData(),
    clone: () => {
      check();
      return again();
    },
  });
  Object.defineProperty(response, "bodyUsed", { get: isUsed, configurable: true });
}

/** The answer to a request of that method; `again` makes its clones. */
export function toResponse(
  recorded: FetchResponse,
  method: string,
  again = (): Response => toResponse(recorded, method),
): Response {
  const { status, statusText, headers, url, redirected } = recorded;
  const body = bodyOf(recorded, method);
  const response = new PlatformResponse(body, {
    status,
    statusText,
    headers: headers.map(([name, value]) => [name, value] as [string, string]),
  });
  give(response, { url, redirected });
  if (body === null) give(response, { clone: again });
  else readFromMemory(response, body, again);
  return response;
}
