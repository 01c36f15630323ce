/** When a failed attempt is tried again (sdk.md: the default policy everywhere). */
export interface RetryPolicy {
  /** All tries, the first one included. */
  readonly attempts: number;
  readonly initialMs: number;
  readonly maxMs: number;
  readonly factor: number;
  /** Share of the delay by which it may vary each way, 0 to 1. */
  readonly jitter: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  attempts: 3,
  initialMs: 200,
  maxMs: 10_000,
  factor: 2,
  jitter: 0.15,
};

/**
 * Milliseconds to wait after the `attempt`-th try (from 1) failed; `undefined` when the tries are
 * used up. `random` is in [0, 1).
 */
export function retryDelay(
  policy: RetryPolicy,
  attempt: number,
  random: number,
): number | undefined {
  if (attempt >= policy.attempts) return undefined;
  const plain = Math.min(policy.maxMs, policy.initialMs * policy.factor ** (attempt - 1));
  return Math.round(plain * (1 + policy.jitter * (2 * random - 1)));
}
