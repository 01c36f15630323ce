/** Callers that wait for the outcome of an invocation. They are memory only: the oplog does not know them. */
import type { Refusal } from "../../core/errors.ts";

/** Why a caller stops waiting: the invocation has ended, or the reason why it will not end now. */
export type Wakeup = "ended" | Refusal;

type Caller = (wakeup: Wakeup) => void;

export class WaitingCallers {
  readonly #callers = new Map<string, Set<Caller>>();

  /** Resolves once the invocation ends; with `limitMs`, after that time with "ended" all the same. */
  wait(idempotencyKey: string, limitMs?: number): Promise<Wakeup> {
    return new Promise((resolve) => {
      const callers = this.#callers.get(idempotencyKey) ?? new Set();
      this.#callers.set(idempotencyKey, callers);
      const timer = limitMs === undefined ? undefined : setTimeout(() => caller("ended"), limitMs);
      const caller: Caller = (wakeup) => {
        if (timer !== undefined) clearTimeout(timer);
        callers.delete(caller);
        if (callers.size === 0) this.#callers.delete(idempotencyKey);
        resolve(wakeup);
      };
      callers.add(caller);
    });
  }

  wake(idempotencyKey: string, wakeup: Wakeup): void {
    for (const caller of this.#callers.get(idempotencyKey) ?? []) caller(wakeup);
  }

  wakeAll(wakeup: Refusal): void {
    this.wakeWhere(() => true, wakeup);
  }

  /** Wakes those who wait for a key that `isMeant`. */
  wakeWhere(isMeant: (idempotencyKey: string) => boolean, wakeup: Refusal): void {
    for (const key of this.#callers.keys()) if (isMeant(key)) this.wake(key, wakeup);
  }
}
