/** `fetch` of a service binding: the request is recorded whole, and so is the response. */
import { requestDurability } from "../core/bindings/kinds.ts";
import type { Body, FetchRequest } from "../core/protocol.ts";
import { callBinding } from "./binding-call.ts";
import { encodeBody } from "./bodies.ts";
import { drawnBoundary, replaceBoundary } from "./form-boundary.ts";
import { PlatformRequest } from "./platform.ts";
import type { Scope } from "./scope.ts";

const KEY_HEADER = "idempotency-key";
const TYPE_HEADER = "content-type";

/** Body and content type: what is text already needs no wait, so that calls stand in the order they are made. */
function bodyOf(
  request: Request,
  init: RequestInit | undefined,
  boundary: () => string,
): Body | Promise<Body> | undefined {
  if (request.body === null) return undefined;
  if (typeof init?.body === "string") return { text: init.body };
  const drawn = drawnBoundary(request.headers.get(TYPE_HEADER));
  const given = drawn === undefined ? undefined : boundary();
  if (drawn !== undefined && given !== undefined) {
    const type = `multipart/form-data; boundary=${given}`;
    request.headers.set(TYPE_HEADER, type);
  }
  return request.arrayBuffer().then((buffer) => {
    const bytes = new Uint8Array(buffer);
    if (drawn !== undefined && given !== undefined) replaceBoundary(bytes, drawn, given);
    return encodeBody(bytes);
  });
}

/** A request that may write carries a derived key, as any other `fetch` does. */
export async function fetchFromService(
  scope: Scope,
  name: string,
  args: readonly unknown[],
): Promise<unknown> {
  const [target, init] = args as readonly [RequestInfo | URL, RequestInit | undefined];
  const request = new PlatformRequest(target, init);
  const { method, url } = request;
  const durability = requestDurability(method);
  if (durability === "write-remote" && !request.headers.has(KEY_HEADER)) {
    request.headers.set(KEY_HEADER, scope.nextKey()());
  }
  const pending = bodyOf(request, init, () => scope.nextKey()().replaceAll("-", ""));
  const body = pending instanceof Promise ? await pending : pending;
  const input: FetchRequest = {
    method,
    url,
    headers: [...request.headers] as [string, string][],
    redirect: request.redirect as FetchRequest["redirect"],
    ...(body === undefined ? {} : { body }),
  };
  return callBinding(scope, { name, method: "fetch", durability, input });
}
