/** Which bindings an operator has given to the host, and of what kind each one is. */
import { isOwnName } from "../core/bindings/grants.ts";
import type { BindingKind } from "../core/bindings/kinds.ts";

const KINDS: Readonly<Record<string, BindingKind>> = {
  KvNamespace: "kv",
  R2Bucket: "r2",
  D1Database: "d1",
  WorkerQueue: "queue",
  Queue: "queue",
  Ai: "ai",
  Fetcher: "service",
};

/** What would give an agent the host's own power: objects of other agents, and isolates. */
const WITHHELD = new Set(["DurableObjectNamespace", "ColoLocalActorNamespace", "WorkerLoader"]);

function has(binding: object, ...methods: readonly string[]): boolean {
  return methods.every((name) => typeof Reflect.get(binding, name) === "function");
}

/**
 * The kind of a binding; none for variables, data, and what is withheld. The platform's own classes
 * are known by name. Those that it writes in JavaScript are known by their methods as well, for a
 * bundler may have renamed them; a service seems to have every method, so it is asked by name first.
 */
function kindOf(value: unknown): BindingKind | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return undefined;
  if (value instanceof ArrayBuffer || value instanceof WebAssembly.Module) return undefined;
  const { name } = value.constructor;
  if (WITHHELD.has(name)) return undefined;
  const known = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (known !== undefined) return known;
  if (has(value, "prepare", "batch", "exec")) return "d1";
  if (has(value, "run", "models", "gateway")) return "ai";
  return "other";
}

/** The bindings that components may be granted, by name. */
export function bindingKinds(env: object): ReadonlyMap<string, BindingKind> {
  const kinds = new Map<string, BindingKind>();
  for (const [name, value] of Object.entries(env)) {
    const kind = isOwnName(name) ? undefined : kindOf(value);
    if (kind !== undefined) kinds.set(name, kind);
  }
  return kinds;
}
