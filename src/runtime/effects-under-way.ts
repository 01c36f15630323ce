/**
 * Effects that the host has begun for recorded calls. They belong to the agent, not to the instance
 * that asked: when the instance is replaced, the next one waits for the very same effect.
 */
import type { Entry } from "../core/oplog/entry.ts";
import type { EffectCall, EffectResult } from "../core/protocol.ts";
import type { Effects } from "./ports.ts";

export class EffectsUnderWay {
  readonly #effects: Effects;
  readonly #underWay = new Map<number, Promise<EffectResult>>();

  constructor(effects: Effects) {
    this.#effects = effects;
  }

  has(start: number): boolean {
    return this.#underWay.has(start);
  }

  /** The effect of the call whose `Start` is at `start`: begun once in this process. */
  perform(start: number, call: Omit<EffectCall, "start">): Promise<EffectResult> {
    const underWay = this.#underWay.get(start) ?? this.#effects.perform(call);
    this.#underWay.set(start, underWay);
    return underWay;
  }

  /** Forgets all effects. */
  clear(): void {
    this.#underWay.clear();
  }

  /** Forgets effects whose results are in the oplog. */
  forget(entries: readonly Entry[]): void {
    if (this.#underWay.size === 0) return;
    for (const entry of entries) {
      if (entry.kind === "End" || entry.kind === "Cancelled") this.#underWay.delete(entry.start);
      if (entry.kind === "Jump") this.#forgetSince(entry.region[0]);
    }
  }

  #forgetSince(from: number): void {
    for (const start of this.#underWay.keys()) if (start >= from) this.#underWay.delete(start);
  }
}
