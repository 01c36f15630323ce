/** When a failed attempt is tried again. */
import { LONGEST_MS } from "./longest.ts";

/** What is not said otherwise follows one policy everywhere (sdk.md). */
export interface RetryPolicy {
  /** All tries, the first one included. */
  readonly attempts: number;
  readonly initialMs: number;
  readonly maxMs: number;
  readonly factor: number;
  /** Share of the delay by which it may vary each way, 0 to 1. */
  readonly jitter: number;
}

/** A policy for calls: answers with a status in `on` are tried again as well. */
export interface CallRetryPolicy extends RetryPolicy {
  readonly on?: readonly number[];
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

/** The same where the failure itself may ask for a delay, `afterMs`. */
export function delayBeforeRetry(
  policy: RetryPolicy,
  attempt: number,
  random: number,
  afterMs: number | undefined,
): number | undefined {
  const delay = retryDelay(policy, attempt, random);
  return delay === undefined ? undefined : Math.min(Math.ceil(afterMs ?? delay), LONGEST_MS);
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isAttempts(value: unknown): value is number {
  return value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && Number(value) >= 1);
}

function isStatuses(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((status) => Number.isInteger(status));
}

/** A policy as it is written, what is left out being that of `usual`; `undefined` when it is none. */
export function readRetryPolicy(given: unknown, usual: RetryPolicy): CallRetryPolicy | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const policy: Readonly<Record<keyof CallRetryPolicy, unknown>> = {
    on: undefined,
    ...usual,
    ...given,
  };
  const { attempts, initialMs, maxMs, factor, jitter, on } = policy;
  if (!isAttempts(attempts) || !isAmount(initialMs) || !isAmount(maxMs)) return undefined;
  if (!isAmount(factor) || !isAmount(jitter) || jitter > 1) return undefined;
  if (on !== undefined && !isStatuses(on)) return undefined;
  return {
    attempts: Math.min(attempts, Number.MAX_SAFE_INTEGER),
    initialMs,
    maxMs,
    factor,
    jitter,
    ...(on === undefined ? {} : { on }),
  };
}
