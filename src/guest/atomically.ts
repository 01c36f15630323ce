/** Atomic regions: all of it, or all of it again. */
import { InnerScope } from "./inner-scope.ts";
import { callingScope, within } from "./scope.ts";

/**
 * Runs `fn`. If the agent dies inside, everything that it did is discarded, and it starts again from
 * its beginning, with the same derived idempotency keys.
 */
export async function atomically<T>(fn: () => T): Promise<Awaited<T>> {
  const scope = callingScope("atomically");
  const end = scope.beginRegion();
  try {
    return await within(new InnerScope(scope, { keys: scope.nextKey() }), fn);
  } finally {
    end();
  }
}
