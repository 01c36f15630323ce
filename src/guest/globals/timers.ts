/** `setTimeout` and its kin on durable waits. */
import { toErrorData } from "../author/errors.ts";
import type { HostLink } from "../link.ts";
import { callingScope, currentScope, within, type MadeCall, type Scope } from "../scopes/scope.ts";
import { waitSpec } from "../author/sleep.ts";

type Callback = (...args: unknown[]) => unknown;

/** Open timers of each instance, for isolates may be shared. */
const timers = new WeakMap<HostLink, Map<number, MadeCall>>();

/** Ids are counted anew for each invocation, so that they are the same again whatever was replayed. */
const lastIds = new WeakMap<object, number>();

/** Where nothing is recorded they come from a range of their own, beside those of the invocation. */
const UNRECORDED_FROM = 2 ** 30;

function timersOf({ link }: Scope): Map<number, MadeCall> {
  if (link === undefined) return new Map();
  const known = timers.get(link) ?? new Map<number, MadeCall>();
  timers.set(link, known);
  return known;
}

function nextId(scope: Scope): number {
  const owner = scope.invocation ?? scope.link ?? scope;
  const id = (lastIds.get(owner) ?? (scope.invocation === undefined ? UNRECORDED_FROM : 0)) + 1;
  lastIds.set(owner, id);
  return id;
}

function fire(scope: Scope, callback: Callback, args: unknown[]): void {
  within(scope, async () => callback(...args)).catch((error: unknown) => {
    const { name, message } = toErrorData(error);
    scope.log("error", `Uncaught in a timer: ${name}: ${message}`);
  });
}

function arm(id: number, scope: Scope, ms: number, fired: () => void): void {
  const wait = scope.call(waitSpec(ms));
  const open = timersOf(scope);
  open.set(id, wait);
  void wait.settled.then(() => {
    // Where calls are not recorded a cancelled one settles all the same.
    if (open.get(id) !== wait) return;
    open.delete(id);
    fired();
  });
}

function delayOf(ms: unknown): number {
  const delay = Number(ms ?? 0);
  return Number.isFinite(delay) && delay > 0 ? delay : 0;
}

function check(name: string, callback: unknown): void {
  if (typeof callback === "function") return;
  throw new TypeError(`${name} takes a function to call, not ${typeof callback}.`);
}

export function startTimeout(callback: Callback, ms?: number, ...args: unknown[]): number {
  check("setTimeout", callback);
  const scope = callingScope("setTimeout");
  const id = nextId(scope);
  arm(id, scope, delayOf(ms), () => fire(scope, callback, args));
  return id;
}

export function startInterval(callback: Callback, ms?: number, ...args: unknown[]): number {
  check("setInterval", callback);
  const scope = callingScope("setInterval");
  const id = nextId(scope);
  const again = (): void =>
    arm(id, scope, delayOf(ms), () => {
      again();
      fire(scope, callback, args);
    });
  again();
  return id;
}

/** Both `clearTimeout` and `clearInterval`. */
export function cancelTimer(id: unknown): void {
  const scope = currentScope();
  if (scope === undefined) return;
  const open = timersOf(scope);
  open.get(Number(id))?.cancel();
  open.delete(Number(id));
}

/** `AbortSignal.timeout`: a signal that a durable wait aborts. */
export function timeoutSignal(ms: number): AbortSignal {
  const scope = callingScope("AbortSignal.timeout");
  const controller = new AbortController();
  const reason = new DOMException("The operation was aborted due to timeout", "TimeoutError");
  void scope.call(waitSpec(delayOf(ms))).settled.then(() => {
    within(scope, () => controller.abort(reason));
  });
  return controller.signal;
}

/** `scheduler.wait`. */
export async function waitAbortably(
  ms: number,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const scope = callingScope("scheduler.wait");
  signal?.throwIfAborted();
  const wait = scope.call(waitSpec(delayOf(ms)));
  if (signal === undefined) return void (await wait.settled);
  await new Promise<unknown>((resolve, reject) => {
    const abort = (): void => {
      wait.cancel();
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", abort, { once: true });
    void wait.settled.then(resolve).finally(() => signal.removeEventListener("abort", abort));
  });
}
