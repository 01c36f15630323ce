/**
 * Effects that the host has begun for recorded calls. They belong to the agent, not to the instance
 * that asked: when the instance is replaced, the next one waits for the very same effect.
 */
import type { Entry } from "../core/oplog/entry.ts";
import type { EffectCall, EffectResult } from "../core/protocol.ts";
import type { Effects } from "./ports.ts";

interface UnderWay {
  readonly result: Promise<EffectResult>;
  readonly abort: AbortController;
}

export class EffectsUnderWay {
  readonly #effects: Effects;
  readonly #underWay = new Map<number, UnderWay>();

  constructor(effects: Effects) {
    this.#effects = effects;
  }

  has(start: number): boolean {
    return this.#underWay.has(start);
  }

  /** The effect of the call whose `Start` is at `start`: begun once in this process. */
  perform(start: number, call: Omit<EffectCall, "start">): Promise<EffectResult> {
    const underWay = this.#underWay.get(start) ?? this.#begin(call);
    this.#underWay.set(start, underWay);
    return underWay.result;
  }

  #begin(call: Omit<EffectCall, "start">): UnderWay {
    const abort = new AbortController();
    return { result: this.#effects.perform(call, abort.signal), abort };
  }

  /** Forgets all effects. */
  clear(): void {
    this.#underWay.clear();
  }

  /** Forgets effects whose results are in the oplog, and those of calls that are not there any more. */
  forget(entries: readonly Entry[]): void {
    if (this.#underWay.size === 0) return;
    for (const entry of entries) {
      if (entry.kind === "End" || entry.kind === "Cancelled") this.#underWay.delete(entry.start);
      if (entry.kind === "Jump") this.#forgetSince(entry.region[0], false);
      if (entry.kind === "Revert") this.#forgetSince(entry.region[0], true);
    }
  }

  #forgetSince(from: number, isOver: boolean): void {
    for (const [start, { abort }] of this.#underWay) {
      if (start < from) continue;
      this.#underWay.delete(start);
      if (isOver) abort.abort();
    }
  }
}
