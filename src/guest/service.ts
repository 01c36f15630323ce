/** `fetch` of a service binding: the request is recorded whole, and so is the response. */
import { requestDurability } from "../core/bindings/kinds.ts";
import type { FetchRequest } from "../core/protocol.ts";
import { callBinding } from "./binding-call.ts";
import { encodeBody } from "./bodies.ts";
import { PlatformRequest } from "./platform.ts";
import type { Scope } from "./scope.ts";

const KEY_HEADER = "idempotency-key";

/** A request that may write carries a derived key, as any other `fetch` does. */
export async function fetchFromService(
  scope: Scope,
  name: string,
  [target, init]: readonly unknown[],
): Promise<unknown> {
  const request = new PlatformRequest(target as RequestInfo | URL, init as RequestInit | undefined);
  const { method, url, redirect } = request;
  const durability = requestDurability(method);
  const headers = [...request.headers] as [string, string][];
  if (durability === "write-remote" && !request.headers.has(KEY_HEADER)) {
    headers.push([KEY_HEADER, scope.nextKey()()]);
  }
  const given: unknown = (init as RequestInit | undefined)?.body;
  // What is text already is recorded within the turn, so that calls stand in the order they are made.
  const body =
    request.body === null
      ? {}
      : {
          body:
            typeof given === "string"
              ? { text: given }
              : encodeBody(new Uint8Array(await request.arrayBuffer())),
        };
  const input: FetchRequest = {
    method,
    url,
    headers,
    redirect: redirect as FetchRequest["redirect"],
    ...body,
  };
  return callBinding(scope, { name, method: "fetch", durability, input });
}
