/** Limits and retry policies as an operator writes them: what is left out is the default. */
import { defaultLimits, type Limits } from "../core/limits.ts";
import { defaultRetryPolicy, readRetryPolicy, type RetryPolicy } from "../core/retry.ts";

const MOST_BYTES = 64 * 1024 * 1024;
const MOST_MS = 600_000;

/** The most that each limit may be; the least is 1. */
const MOST: Limits = {
  requestBodyBytes: MOST_BYTES,
  importBytes: Number.MAX_SAFE_INTEGER,
  componentBytes: MOST_BYTES,
  componentLoadMs: MOST_MS,
  pendingInvocations: 100_000,
  schedules: 100_000,
  resultBytes: MOST_BYTES,
  snapshotBytes: MOST_BYTES,
  recordedBodyBytes: MOST_BYTES,
  cancelGraceMs: MOST_MS,
  dryRunSaveMs: MOST_MS,
  snapshotHookMs: MOST_MS,
};

const LIMITS_EXAMPLE = `write it like {"pendingInvocations":100}`;
const RETRY_EXAMPLE = `write it like {"attempts":5,"initialMs":200,"maxMs":10000,"factor":2,"jitter":0.15}, each member optional`;

function isObject(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === "object" && given !== null && !Array.isArray(given);
}

function strangerIn(given: object, known: object): string | undefined {
  return Object.keys(given).find((name) => !Object.hasOwn(known, name));
}

function isBetween(least: number, most: number, value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}

export function toLimits(given: unknown): Limits | string {
  if (!isObject(given)) return `is no JSON object: ${LIMITS_EXAMPLE}`;
  const stranger = strangerIn(given, MOST);
  if (stranger !== undefined) {
    const known = Object.keys(MOST).join(", ");
    return `names ${JSON.stringify(stranger)}, which is no limit: write one of ${known}`;
  }
  for (const [name, most] of Object.entries(MOST) as [keyof Limits, number][]) {
    if (Object.hasOwn(given, name) && !isBetween(1, most, given[name])) {
      return `has no limit in ${name}: write a whole number from 1 to ${most}`;
    }
  }
  return { ...defaultLimits, ...given };
}

export function toRetryPolicy(given: unknown): RetryPolicy | string {
  if (!isObject(given)) return `is no JSON object: ${RETRY_EXAMPLE}`;
  const stranger = strangerIn(given, defaultRetryPolicy);
  if (stranger !== undefined) {
    return `names ${JSON.stringify(stranger)}, which no policy has: ${RETRY_EXAMPLE}`;
  }
  const policy = readRetryPolicy(given, defaultRetryPolicy);
  return (
    policy ??
    "is no policy of retries: write attempts as a whole number from 1, jitter from 0 to 1, and none of them negative"
  );
}
