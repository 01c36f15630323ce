/** How agents run, as far as the operator decides it. */
import { defaultLimits, type Limits } from "./limits.ts";
import { defaultRetryPolicy, type RetryPolicy } from "./retry.ts";

export interface Settings {
  readonly limits: Limits;
  /** The policy of whatever names none. */
  readonly retry: RetryPolicy;
  /** Waits that end within this many milliseconds stay in memory. */
  readonly suspendAfterMs: number;
}

export const defaultSettings: Settings = {
  limits: defaultLimits,
  retry: defaultRetryPolicy,
  suspendAfterMs: 10_000,
};
