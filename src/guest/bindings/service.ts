/** `fetch` of a service binding: the request is recorded whole, and so is the response. */
import { requestDurability } from "../../core/oplog/durability.ts";
import { callBinding } from "./binding-call.ts";
import { AgentRequest, Described } from "../fetch/request.ts";
import type { Scope } from "../scopes/scope.ts";

/** A request that may write carries a derived key, as any other `fetch` does. */
export async function fetchFromService(
  scope: Scope,
  name: string,
  args: readonly unknown[],
): Promise<unknown> {
  const [target, init] = args as readonly [RequestInfo | URL, RequestInit | undefined];
  const request = new AgentRequest(target, init);
  const durability = requestDurability(request.method);
  const whole = new Described(scope, request, init?.body).whole();
  const input = whole instanceof Promise ? await whole : whole;
  return callBinding(scope, { name, method: "fetch", durability, input });
}
