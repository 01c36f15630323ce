/**
 * Tries effects again where that is safe and another try may end otherwise. Each failed try of a
 * recorded call that will be repeated is in the oplog, so a restart goes on counting.
 */
import { retryDelay, type RetryPolicy } from "../../core/retry.ts";
import type { Effect, EffectResult } from "../../core/protocol.ts";
import type { CallTries, Status } from "../../core/status/status.ts";
import type { Ledger } from "../books/ledger.ts";
import type { Effects, Environment, Tried } from "../ports.ts";

function pause(ms: number, aborted: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      aborted.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    aborted.addEventListener("abort", over, { once: true });
  });
}

function resultOf(tried: Tried): EffectResult {
  const { transient: _, ...result } = tried;
  return result;
}

/** Code that does not run any more waits for nothing; it takes the call up again once it goes on. */
function isStopped(status: Status | undefined): boolean {
  return status === undefined || status.name === "interrupted" || status.name === "failed";
}

export class Trying {
  readonly #effects: Effects;
  readonly #ledger: Ledger;
  readonly #environment: Environment;
  readonly #usual: RetryPolicy;

  /** `usual` is the policy of effects that name none. */
  constructor(effects: Effects, ledger: Ledger, environment: Environment, usual: RetryPolicy) {
    this.#usual = usual;
    this.#effects = effects;
    this.#ledger = ledger;
    this.#environment = environment;
  }

  #tries(start: number): CallTries | undefined {
    return this.#ledger.status?.current?.tries?.find((tried) => tried.start === start);
  }

  #delay({ repeatable, retry }: Effect, attempt: number): number | undefined {
    if (!repeatable) return undefined;
    return retryDelay(retry ?? this.#usual, attempt, this.#environment.random());
  }

  /** The result of the call whose `Start` is at `start`; `undefined` when it is of no interest any more. */
  async perform(
    effect: Effect,
    aborted: AbortSignal,
    start: number,
  ): Promise<EffectResult | undefined> {
    for (;;) {
      const before = this.#tries(start);
      const wait = (before?.retryAt ?? 0) - this.#environment.now();
      if (wait > 0) await pause(wait, aborted);
      if (aborted.aborted || (before !== undefined && isStopped(this.#ledger.status))) return;
      const tried = await this.#effects.perform(effect, aborted);
      if (aborted.aborted) return;
      const attempt = (before?.attempt ?? 0) + 1;
      const delay = this.#delay(effect, attempt);
      const { transient: error } = tried;
      if (error === undefined || delay === undefined) return resultOf(tried);
      const at = this.#environment.now();
      const retry = { retryFrom: start, attempt, retryAt: at + delay };
      this.#ledger.append([{ kind: "Error", at, error, ...retry }]);
    }
  }

  /** A call that is not recorded: what repeats it repeats all of it, so its tries are counted here. */
  async performUnrecorded(effect: Effect, aborted: AbortSignal): Promise<EffectResult> {
    for (let attempt = 1; ; attempt++) {
      const tried = await this.#effects.perform(effect, aborted);
      const delay = aborted.aborted ? undefined : this.#delay(effect, attempt);
      if (tried.transient === undefined || delay === undefined) return resultOf(tried);
      await pause(delay, aborted);
    }
  }
}
