/** A named step: its function runs once, its result is recorded as one call. */
import type { CallSpec, Scope, Settlement } from "./scope.ts";
import { callingScope, within } from "./scope.ts";
import { isThenable } from "./thenable.ts";
import { toErrorData } from "./errors.ts";
import { LiveScope } from "./unrecorded.ts";
import { decode, encode } from "./values.ts";

function settlementOf(value: unknown): Settlement {
  return value === undefined ? { ok: true } : { ok: true, response: encode(value, "result") };
}

function failureOf(error: unknown): Settlement {
  return { ok: false, error: toErrorData(error) };
}

/** A function that returns no promise settles within the turn. */
function settle(body: () => unknown): Settlement | Promise<Settlement> {
  try {
    const value = body();
    return isThenable(value)
      ? Promise.resolve(value).then(settlementOf).catch(failureOf)
      : settlementOf(value);
  } catch (error) {
    return failureOf(error);
  }
}

function stepSpec(name: string, scope: Scope, fn: () => unknown): CallSpec {
  const keys = scope.nextKey();
  const log: Scope["log"] = (level, message) => scope.log(level, message);
  return {
    identity: { call: "step", durability: "write-local", request: JSON.stringify({ name }) },
    perform: (_start, link) => settle(() => within(new LiveScope(link, keys, log), fn)),
  };
}

/**
 * Runs `fn` and records its result, or the error that it throws, under `name`. Once ended it never
 * runs again. Durable calls inside go out live and unrecorded; writes among them carry keys derived
 * from the step. Killed inside, it runs again.
 */
export async function step<T>(name: string, fn: () => T): Promise<Awaited<T>> {
  if (typeof name !== "string" || typeof fn !== "function") {
    throw new TypeError("step(name, fn) takes a name and a function.");
  }
  const scope = callingScope("step");
  const response = await scope.call(stepSpec(name, scope, fn)).settled;
  return (response === undefined ? undefined : decode(response)) as Awaited<T>;
}
