/** `setTimeout` and its kin on durable waits. */
import { toErrorData } from "./errors.ts";
import { callingScope, within, type MadeCall, type Scope } from "./scope.ts";
import { waitSpec } from "./sleep.ts";

type Callback = (...args: unknown[]) => unknown;

const timers = new Map<number, MadeCall>();
let lastId = 0;

function fire(scope: Scope, callback: Callback, args: unknown[]): void {
  within(scope, async () => callback(...args)).catch((error: unknown) => {
    const { name, message } = toErrorData(error);
    scope.log("error", `Uncaught in a timer: ${name}: ${message}`);
  });
}

function arm(id: number, scope: Scope, ms: number, fired: () => void): void {
  const wait = scope.call(waitSpec(ms));
  timers.set(id, wait);
  void wait.settled.then(() => {
    timers.delete(id);
    fired();
  });
}

function delayOf(ms: unknown): number {
  const delay = Number(ms ?? 0);
  return Number.isFinite(delay) && delay > 0 ? delay : 0;
}

export function startTimeout(callback: Callback, ms?: number, ...args: unknown[]): number {
  const scope = callingScope("setTimeout");
  const id = ++lastId;
  arm(id, scope, delayOf(ms), () => fire(scope, callback, args));
  return id;
}

export function startInterval(callback: Callback, ms?: number, ...args: unknown[]): number {
  const scope = callingScope("setInterval");
  const id = ++lastId;
  const again = (): void =>
    arm(id, scope, delayOf(ms), () => {
      again();
      fire(scope, callback, args);
    });
  again();
  return id;
}

/** Both `clearTimeout` and `clearInterval`. */
export function cancelTimer(id: number | undefined): void {
  if (id === undefined) return;
  timers.get(id)?.cancel();
  timers.delete(id);
}
