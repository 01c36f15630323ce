/** What agent code asks for outside its instance: by the agent's own books, or by the platform. */
import type { EffectCall, EffectResult } from "../core/protocol.ts";
import type { Effects } from "./ports.ts";
import type { Promises } from "./promises.ts";

export class Performing implements Effects {
  readonly #outside: Effects;
  readonly #promises: Promises;

  constructor(outside: Effects, promises: Promises) {
    this.#outside = outside;
    this.#promises = promises;
  }

  async perform(effect: Omit<EffectCall, "start">): Promise<EffectResult> {
    switch (effect.call) {
      case "fetch":
        return this.#outside.perform(effect);
      case "promise.await": {
        const { id } = JSON.parse(effect.request) as { readonly id: string };
        return this.#promises.outcome(id);
      }
    }
  }
}
