/** How the platform's globals are replaced. */
import creation from "perdure:creation";
import { currentScope, type Scope } from "../scopes/scope.ts";
import { FrozenScope } from "../scopes/unrecorded.ts";

const loading = new FrozenScope(creation.createdAt, creation.seed, "while a module loads");

/** The scope of the running code; while a module loads, one in which nothing durable may be called. */
export function presentScope(): Scope {
  return currentScope() ?? loading;
}

/** Where in the chain of prototypes a property stands. */
function holderOf(owner: object, name: string): object {
  for (
    let at: object | null = owner;
    at !== null;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    if (Object.hasOwn(at, name)) return at;
  }
  return owner;
}

/** Replaces a member where it is defined: nothing is left beneath that could be restored. */
export function replace(owner: object, name: string, value: unknown): void {
  Object.defineProperty(holderOf(owner, name), name, { value, configurable: true, writable: true });
}

/** The same for a member that is computed at each access. */
export function replaceGetter(owner: object, name: string, get: (this: object) => unknown): void {
  Object.defineProperty(holderOf(owner, name), name, { get, configurable: true });
}
