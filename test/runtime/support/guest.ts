/**
 * What authors import from `perdure`, on the simulated platform. Import the guest through this file
 * only: it must see the simulated platform from the beginning.
 */
import { vi } from "vitest";
import { Agent } from "../../../src/guest/author/agent.ts";
import { atomically } from "../../../src/guest/author/atomically.ts";
import { agent, completePromise } from "../../../src/guest/author/calling.ts";
import { RetryableError } from "../../../src/guest/author/errors.ts";
import { durableFetch } from "../../../src/guest/fetch/fetch.ts";
import { withIdempotence } from "../../../src/guest/author/idempotence.ts";
import { Instance } from "../../../src/guest/instance.ts";
import { invocation } from "../../../src/guest/author/invocation.ts";
import { createPromise } from "../../../src/guest/author/promise.ts";
import { withRetry } from "../../../src/guest/author/retrying.ts";
import { saga } from "../../../src/guest/author/saga.ts";
import { callingScope } from "../../../src/guest/scopes/scope.ts";
import { sleep } from "../../../src/guest/author/sleep.ts";
import { step } from "../../../src/guest/author/step.ts";
import { cancelTimer, startTimeout } from "../../../src/guest/globals/timers.ts";
import { decode } from "../../../src/guest/values.ts";
import { presentLife } from "./life.ts";
import { virtualizeGlobals } from "./platform.ts";

vi.mock("../../../src/guest/platform.ts", async (original) => ({
  ...(await original<object>()),
  ...(await import("./platform.ts")),
}));
virtualizeGlobals();

/** `Date.now()` of agents. */
export function now(): number {
  return callingScope("Date.now").now();
}

/** `Math.random()` of agents. */
export function random(): number {
  return callingScope("Math.random").random();
}

/** A random name that stands for `crypto.randomUUID()`; the record says which one it is. */
export function randomName(label: string): string {
  const identity = {
    call: "crypto.random",
    durability: "read-local",
    request: JSON.stringify({ label }),
  } as const;
  const named = callingScope("randomName").inline(identity, () =>
    JSON.stringify(presentLife()?.surroundings.uuid()),
  );
  return JSON.parse(named) as string;
}

/** `console.log` of agents. */
export function log(message: string): void {
  callingScope("console").log("log", message);
}

export {
  Agent,
  Instance,
  RetryableError,
  agent,
  atomically,
  cancelTimer,
  completePromise,
  createPromise,
  decode,
  durableFetch as fetch,
  invocation,
  saga,
  sleep,
  startTimeout,
  step,
  withIdempotence,
  withRetry,
};
