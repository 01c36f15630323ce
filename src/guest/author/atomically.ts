/** Atomic regions: all of it, or all of it again. */
import { callingScope } from "../scopes/scope.ts";

/**
 * Runs `fn`. If the agent dies inside, everything that it did is discarded, and it starts again from
 * its beginning, with the same derived idempotency keys.
 */
export async function atomically<T>(fn: () => T): Promise<Awaited<T>> {
  const end = callingScope("atomically").beginRegion();
  try {
    return await fn();
  } finally {
    end();
  }
}
