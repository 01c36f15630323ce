/**
 * When the engine collects garbage is nobody's to decide: references hold strongly, and nobody is
 * told of a collection. Libraries that use either go on working.
 */
import { replace } from "./replace.ts";

class StrongRef<T extends WeakKey> {
  readonly [Symbol.toStringTag] = "WeakRef";
  readonly #target: T;

  constructor(target: T) {
    if (Object(target) !== target && typeof target !== "symbol") {
      throw new TypeError("WeakRef: the target must be an object");
    }
    this.#target = target;
  }

  deref(): T | undefined {
    return this.#target;
  }
}

class SilentRegistry {
  readonly [Symbol.toStringTag] = "FinalizationRegistry";
  readonly #tokens = new WeakSet();

  register(_target: WeakKey, _held: unknown, token?: WeakKey): void {
    if (token !== undefined) this.#tokens.add(token);
  }

  unregister(token: WeakKey): boolean {
    return this.#tokens.delete(token);
  }
}

export function replaceWeakness(): void {
  replace(globalThis, "WeakRef", StrongRef);
  replace(globalThis, "FinalizationRegistry", SilentRegistry);
}
