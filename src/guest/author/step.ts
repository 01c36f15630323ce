/** A named step: its function runs once, its result is recorded as one call. */
import type { ErrorData } from "../../core/oplog/entry.ts";
import type { CodeLimits } from "../../core/limits.ts";
import { delayBeforeRetry, type RetryPolicy } from "../../core/retry.ts";
import type { HostLink } from "../link.ts";
import { platformRandom, realNow } from "../platform.ts";
import { checkedPolicy } from "./retrying.ts";
import type { CallSpec, Scope, Settlement, StartPlace } from "../scopes/scope.ts";
import { callingScope, within } from "../scopes/scope.ts";
import { waitUntil } from "./sleep.ts";
import { isThenable } from "../thenable.ts";
import { RetryableError, toErrorData } from "./errors.ts";
import { LiveScope } from "../scopes/unrecorded.ts";
import { encodeResult } from "../run/results.ts";
import { decode } from "../values.ts";

function settlementOf(value: unknown, limits: CodeLimits): Settlement {
  return value === undefined ? { ok: true } : { ok: true, response: encodeResult(value, limits) };
}

function failureOf(error: unknown): Settlement {
  return { ok: false, error: toErrorData(error) };
}

/** What a step runs, and how large its result may be. */
interface StepBody {
  readonly body: () => unknown;
  readonly limits: CodeLimits;
}

/** A function that returns no promise settles within the turn. */
function settle({ body, limits }: StepBody): Settlement | Promise<Settlement> {
  try {
    const value = body();
    return isThenable(value)
      ? Promise.resolve(value)
          .then((result) => settlementOf(result, limits))
          .catch(failureOf)
      : settlementOf(value, limits);
  } catch (error) {
    return failureOf(error);
  }
}

interface Repeating extends StepBody {
  readonly retry: RetryPolicy;
  readonly start: StartPlace | undefined;
  readonly link: HostLink;
}

/** Each failed try that is repeated is recorded before the next one, so a restart goes on counting. */
async function waitForNext(
  { start, link }: Repeating,
  error: ErrorData,
  attempt: number,
  delay: number,
): Promise<void> {
  const at = realNow();
  if (start === undefined) return waitUntil(at + delay);
  const retry = { retryFrom: start.id, attempt, retryAt: at + delay };
  link.record({ kind: "Error", at, error, ...retry });
  await Promise.all([link.commit(), waitUntil(retry.retryAt)]);
}

/** Runs the body until it succeeds or its tries are used up; each try has the same keys. */
function settleAtLast(repeating: Repeating, attempt: number): Settlement | Promise<Settlement> {
  const isLeft = (): boolean => repeating.start?.isOpen() === false;
  const again = (settlement: Settlement): Settlement | Promise<Settlement> => {
    if (settlement.ok || isLeft()) return settlement;
    const { error } = settlement;
    const delay = delayBeforeRetry(repeating.retry, attempt, platformRandom(), error.afterMs);
    if (delay === undefined) return settlement;
    const later = waitForNext(repeating, error, attempt, delay);
    return later.then(() => (isLeft() ? settlement : settleAtLast(repeating, attempt + 1)));
  };
  const settlement = settle(repeating);
  return settlement instanceof Promise ? settlement.then(again) : again(settlement);
}

function settleByPolicy(repeating: Repeating): Settlement | Promise<Settlement> {
  const { attempt = 0, retryAt = 0 } = repeating.start?.tried ?? {};
  if (retryAt <= realNow()) return settleAtLast(repeating, attempt + 1);
  return waitUntil(retryAt).then(() => settleAtLast(repeating, attempt + 1));
}

function stepSpec(
  name: string,
  scope: Scope,
  fn: () => unknown,
  retry: RetryPolicy | undefined,
): CallSpec {
  const keys = scope.nextKey(`step ${name}`);
  const log: Scope["log"] = (level, message) => scope.log(level, message);
  const { settings } = scope;
  return {
    identity: { call: "step", durability: "write-local", request: JSON.stringify({ name }) },
    perform: (start, link) => {
      const body = (): unknown => within(new LiveScope(link, keys, log, settings), fn);
      const work = { body, limits: settings.limits };
      return retry === undefined ? settle(work) : settleByPolicy({ ...work, retry, start, link });
    },
  };
}

/** A `RetryableError` that came out of a step asks for the same as one thrown beside it. */
function revived(error: unknown): unknown {
  const { name, message, afterMs } = error as Partial<RetryableError>;
  if (name !== "RetryableError" || message === undefined) return error;
  return new RetryableError(message, afterMs === undefined ? {} : { afterMs });
}

export interface StepOptions {
  /** By which policy a step that throws is run again; without one, and outside `withRetry`, it is not. */
  readonly retry?: Partial<RetryPolicy>;
}

/**
 * Runs `fn` and records its result, or the error that it throws at last, under `name`. Once ended it
 * never runs again. Durable calls inside go out live and unrecorded; writes among them carry keys
 * derived from the step. Killed inside, it runs again.
 */
export async function step<T>(
  name: string,
  fn: () => T,
  options: StepOptions = {},
): Promise<Awaited<T>> {
  if (typeof name !== "string" || typeof fn !== "function") {
    throw new TypeError("step(name, fn) takes a name and a function.");
  }
  const scope = callingScope("step");
  const retry =
    options.retry === undefined
      ? scope.settings.retry
      : checkedPolicy(options.retry, scope.settings.usualRetry, "The retry policy of a step");
  try {
    const response = await scope.call(stepSpec(name, scope, fn, retry)).settled;
    return (response === undefined ? undefined : decode(response)) as Awaited<T>;
  } catch (error) {
    throw revived(error);
  }
}
