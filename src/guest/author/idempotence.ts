/** Whether writes may be sent once more when their outcome is unknown. */
import { InnerScope } from "../scopes/inner-scope.ts";
import { callingScope, within } from "../scopes/scope.ts";

/**
 * Runs `fn`; with `false`, a write in it whose outcome is unknown after a crash rejects with an
 * `AgentError` of code `outcome-unknown` instead of being sent again.
 */
export async function withIdempotence<T>(isIdempotent: boolean, fn: () => T): Promise<Awaited<T>> {
  const scope = callingScope("withIdempotence");
  return await within(new InnerScope(scope, { isIdempotent }), fn);
}
