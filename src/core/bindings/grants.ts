/** Which bindings of the host a component may use: those that its upload or the configuration names. */
import { isComponentName } from "../component/component-name.ts";
import type { BindingKind, Grants } from "./kinds.ts";

/** The grants of the configuration: names of bindings by component, `*` being all components. */
export type ConfiguredGrants = ReadonlyMap<string, readonly string[]>;

/** The bindings of the host, by name; those that no component may have are not among them. */
export type HostBindingKinds = ReadonlyMap<string, BindingKind>;

const OWN = new Set([
  "AGENTS",
  "COMPONENTS",
  "CATALOG",
  "DIRECTORY",
  "ROLLOUTS",
  "TOKENS",
  "RATES",
  "LOADER",
]);

/** Whether a name is one of Perdure's own. */
export function isOwnName(name: string): boolean {
  return OWN.has(name) || /^PERDURE_/i.test(name);
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}

/** Grants as an operator writes them, or what is wrong with them: then nothing of them holds. */
export function toConfiguredGrants(given: unknown): ConfiguredGrants | string {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    return `is no JSON object: write it like {"shop":["CACHE"],"*":["MAIL"]}`;
  }
  const entries: [string, readonly string[]][] = [];
  for (const [component, names] of Object.entries(given)) {
    if (component !== "*" && !isComponentName(component)) {
      return `names ${JSON.stringify(component)}, which is no name of a component: give one, or "*" for all`;
    }
    if (!isNames(names)) {
      return `gives ${JSON.stringify(component)} what is no list of names: write one like ["CACHE"]`;
    }
    const own = names.find(isOwnName);
    if (own !== undefined) return `grants ${own}, which is Perdure's own: take it out`;
    entries.push([component, names]);
  }
  return new Map(entries);
}

/** The bindings that a component gets: those that its upload asks for, and those that are configured for it. */
export function grantsOf(
  component: string,
  asked: readonly string[],
  configured: ConfiguredGrants,
  bindings: HostBindingKinds,
): Grants {
  const names = [...asked, ...(configured.get(component) ?? []), ...(configured.get("*") ?? [])];
  const granted = new Map<string, BindingKind>();
  for (const name of names) {
    const kind = isOwnName(name) ? undefined : bindings.get(name);
    if (kind !== undefined) granted.set(name, kind);
  }
  return Object.fromEntries([...granted].sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** What is wrong with a name that an upload asks for, whatever the host has. */
export function ownNameFault(names: readonly string[]): string | undefined {
  const own = names.find(isOwnName);
  if (own === undefined) return undefined;
  return `\`perdure.bindings\` names ${own}, which is Perdure's own and is granted to nobody; take it out, and reach other agents through agent(Type, key).`;
}

/** What is wrong with the names that an upload asks for on this host. */
export function missingBindingFault(
  names: readonly string[],
  bindings: HostBindingKinds,
): string | undefined {
  const missing = names.find((name) => !bindings.has(name));
  if (missing === undefined) return undefined;
  const known = [...bindings.keys()].sort();
  const has = known.length === 0 ? "it has none" : `it has ${known.join(", ")}`;
  return `\`perdure.bindings\` names ${JSON.stringify(missing)}, but this host has no such binding that could be granted: ${has}. Add a KV namespace, R2 bucket, D1 database, queue, AI or service binding of that name to the host's wrangler.toml and deploy it, or take the name out; variables and Durable Objects cannot be granted.`;
}
