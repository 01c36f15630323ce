/** Retry policies as authors write them. */
import { readRetryPolicy, type CallRetryPolicy, type RetryPolicy } from "../../core/retry.ts";
import { InnerScope } from "../scopes/inner-scope.ts";
import { callingScope, within } from "../scopes/scope.ts";

/** The policy, what is left out being that of `usual`; throws when it is none. `what` names it. */
export function checkedPolicy(given: unknown, usual: RetryPolicy, what: string): CallRetryPolicy {
  const policy = readRetryPolicy(given, usual);
  if (policy !== undefined) return policy;
  throw new TypeError(
    `${what} must have the form { attempts, initialMs, maxMs, factor, jitter }, each optional: attempts a whole number from 1, jitter from 0 to 1, none of them negative.`,
  );
}

/** Runs `fn` with `policy` for the durable calls in it: `fetch`, whose answers of a status in `on` are tried again too, and steps. */
export async function withRetry<T>(
  policy: Partial<CallRetryPolicy>,
  fn: () => T,
): Promise<Awaited<T>> {
  const scope = callingScope("withRetry");
  const retry = checkedPolicy(policy, scope.settings.usualRetry, "The policy of withRetry");
  return await within(new InnerScope(scope, { retry }), fn);
}
