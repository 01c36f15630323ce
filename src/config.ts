/**
 * What an operator can set: the variables of the Worker, read into one value. Nothing else reads
 * them. README.md has the same table.
 */
import { flag, json, oneOf, secret, wholeNumber, type Reader } from "./config/readers.ts";
import { toConfiguredGrants, type ConfiguredGrants } from "./core/bindings/grants.ts";

interface Variable<T> {
  readonly name: `PERDURE_${string}`;
  readonly meaning: string;
  /** What holds without the variable. */
  readonly fallback: T;
  readonly read: Reader<T>;
}

function variable<T>(declared: Variable<T>): Variable<T> {
  return declared;
}

/** Every variable, under the name of its member in `Config`. */
export const variables = {
  token: variable<string | undefined>({
    name: "PERDURE_TOKEN",
    meaning:
      "the bearer token (a secret). Without one, and unless `PERDURE_LOCAL` is `true`, every request but health gets 503 `auth-not-configured`",
    fallback: undefined,
    read: secret,
  }),
  local: variable<boolean>({
    name: "PERDURE_LOCAL",
    meaning: "`true` answers without a token when there is none",
    fallback: false,
    read: flag,
  }),
  bindings: variable<ConfiguredGrants>({
    name: "PERDURE_BINDINGS",
    meaning:
      'JSON: which bindings of the host which components are granted, as `{ "shop": ["CACHE"] }`, `*` being all components',
    fallback: new Map(),
    read: json(toConfiguredGrants),
  }),
  directoryShards: variable<number>({
    name: "PERDURE_DIRECTORY_SHARDS",
    meaning:
      "into how many objects the directory of agents is split. A list asks each of them; each takes some hundred creations a second. Raise it at any time; never lower it, for agents in the shards left out would not be listed",
    fallback: 16,
    read: wholeNumber(1, 1_024),
  }),
  loading: variable<"named" | "anonymous">({
    name: "PERDURE_LOADING",
    meaning:
      "`named`: isolates by name, as the platform caches and counts them; `anonymous`: without, for workerd on one machine never frees a named one",
    fallback: "named",
    read: oneOf(["named", "anonymous"]),
  }),
};

type Variables = typeof variables;

export type Config = { readonly [Member in keyof Variables]: Variables[Member]["fallback"] };

/** A variable that is not set is null under workerd's own configuration. */
function isSet(given: unknown): boolean {
  return given !== undefined && given !== null && given !== "";
}

/**
 * The configuration in an environment. A variable that is wrong counts as not set; `faults` says of
 * each, by its name, what is wrong and what to write.
 */
export function readConfig(environment: object): {
  readonly config: Config;
  readonly faults: readonly string[];
} {
  const faults: string[] = [];
  const members = Object.entries(variables).map(([member, { name, fallback, read }]) => {
    const given: unknown = Reflect.get(environment, name);
    if (!isSet(given)) return [member, fallback];
    const result = read(given);
    if (result.ok) return [member, result.value];
    faults.push(`${name} ${result.fault}.`);
    return [member, fallback];
  });
  return { config: Object.fromEntries(members) as Config, faults };
}
