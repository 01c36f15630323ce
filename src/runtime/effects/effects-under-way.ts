/**
 * Effects that the host has begun for recorded calls. They belong to the agent, not to the instance
 * that asked: when the instance is replaced, the next one waits for the very same effect.
 */
import type { Entry } from "../../core/oplog/entry.ts";
import type { Effect, EffectResult } from "../../core/protocol.ts";
import type { Trying } from "./trying.ts";

interface UnderWay {
  readonly result: Promise<EffectResult>;
  readonly abort: AbortController;
}

export class EffectsUnderWay {
  readonly #trying: Trying;
  readonly #underWay = new Map<number, UnderWay>();

  constructor(trying: Trying) {
    this.#trying = trying;
  }

  has(start: number): boolean {
    return this.#underWay.has(start);
  }

  /** The effect of the call whose `Start` is at `start`: begun once in this process. */
  perform(start: number, effect: Effect): Promise<EffectResult> {
    const known = this.#underWay.get(start);
    if (known !== undefined) return known.result;
    const abort = new AbortController();
    const result = this.#result(start, effect, abort.signal);
    this.#underWay.set(start, { result, abort });
    return result;
  }

  async #result(start: number, effect: Effect, aborted: AbortSignal): Promise<EffectResult> {
    const result = await this.#trying.perform(effect, aborted, start);
    if (result !== undefined) return result;
    // Nobody waits for it: whoever goes on with the call begins it anew.
    if (!aborted.aborted) this.#underWay.delete(start);
    return new Promise(() => {});
  }

  /** An effect of a call that is not recorded. */
  performUnrecorded(effect: Effect, aborted: AbortSignal): Promise<EffectResult> {
    return this.#trying.performUnrecorded(effect, aborted);
  }

  /** Forgets all effects. */
  clear(): void {
    this.#forgetWhere(() => true);
  }

  /** Forgets effects whose results are in the oplog, and ends those that are not wanted any more. */
  forget(entries: readonly Entry[]): void {
    if (this.#underWay.size === 0) return;
    for (const entry of entries) {
      if (entry.kind === "End") this.#underWay.delete(entry.start);
      if (entry.kind === "Cancelled") this.#forgetWhere((start) => start === entry.start);
      if (entry.kind === "Jump" || entry.kind === "Revert") {
        this.#forgetWhere((start) => start >= entry.region[0]);
      }
    }
  }

  #forgetWhere(isOver: (start: number) => boolean): void {
    for (const [start, { abort }] of this.#underWay) {
      if (!isOver(start)) continue;
      this.#underWay.delete(start);
      abort.abort();
    }
  }
}
