/**
 * What an operator can set: the variables of the Worker, read into one value. Nothing else reads
 * them. README.md has the same table.
 */
import { flag, json, list, oneOf, secret, wholeNumber, type Reader } from "./config/readers.ts";
import { toLimits, toRetryPolicy } from "./config/settings.ts";
import type { Isolation } from "./core/api/operations.ts";
import {
  toCloudflareAccess,
  toCorsOrigins,
  type CloudflareAccess,
} from "./core/access/settings.ts";
import { toConfiguredGrants, type ConfiguredGrants } from "./core/bindings/grants.ts";
import type { Limits } from "./core/limits.ts";
import type { RetryPolicy } from "./core/retry.ts";
import { defaultSettings } from "./core/settings.ts";

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
      "the administrator's bearer token (a secret). Without one, without `PERDURE_ACCESS`, and unless `PERDURE_LOCAL` is `true`, every request but health gets 503 `auth-not-configured`",
    fallback: undefined,
    read: secret,
  }),
  local: variable<boolean>({
    name: "PERDURE_LOCAL",
    meaning: "`true` answers without a token when there is none",
    fallback: false,
    read: flag,
  }),
  access: variable<CloudflareAccess | undefined>({
    name: "PERDURE_ACCESS",
    meaning:
      'JSON: whose assertions of Cloudflare Access count, and for what, as `{ "issuer": "https://team.cloudflareaccess.com", "audience": "…", "scopes": ["read"] }`, optionally with `component` and `keyPrefix`',
    fallback: undefined,
    read: json(toCloudflareAccess),
  }),
  corsOrigins: variable<readonly string[] | undefined>({
    name: "PERDURE_CORS_ORIGINS",
    meaning:
      "pages of which origins may call, as `https://one.example,https://two.example`; `*` for any",
    fallback: undefined,
    read: list(toCorsOrigins),
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
  limits: variable<Limits>({
    name: "PERDURE_LIMITS",
    meaning:
      'JSON: limits that are to differ from the defaults below, as `{ "resultBytes": 1048576 }`',
    fallback: defaultSettings.limits,
    read: json(toLimits),
  }),
  retry: variable<RetryPolicy>({
    name: "PERDURE_RETRY",
    meaning:
      'JSON: what is to differ in the policy of retries that holds where the code names none, as `{ "attempts": 5 }`',
    fallback: defaultSettings.retry,
    read: json(toRetryPolicy),
  }),
  suspendAfterMs: variable<number>({
    name: "PERDURE_SUSPEND_AFTER_MS",
    meaning:
      "how long a wait keeps the agent in memory, in milliseconds: a longer one takes it out",
    fallback: defaultSettings.suspendAfterMs,
    read: wholeNumber(1, 600_000),
  }),
  isolation: variable<Isolation>({
    name: "PERDURE_ISOLATION",
    meaning:
      "for uploads that do not say: `agent`, an isolate for each agent, or `shared`, one for all agents of a revision",
    fallback: "agent",
    read: oneOf(["agent", "shared"]),
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

/** A variable that is wrong; the sentence names it, and says what to write. */
export interface Fault {
  readonly name: string;
  readonly sentence: string;
}

/** A variable that is not set is null under workerd's own configuration. */
function isSet(given: unknown): boolean {
  return given !== undefined && given !== null && given !== "";
}

/**
 * The configuration in an environment. A variable that is wrong counts as not set, and is
 * among the faults.
 */
export function readConfig(environment: object): {
  readonly config: Config;
  readonly faults: readonly Fault[];
} {
  const faults: Fault[] = [];
  const members = Object.entries(variables).map(([member, { name, fallback, read }]) => {
    const given: unknown = Reflect.get(environment, name);
    if (!isSet(given)) return [member, fallback];
    const result = read(given);
    if (result.ok) return [member, result.value];
    faults.push({ name, sentence: `${name} ${result.fault}.` });
    return [member, fallback];
  });
  return { config: Object.fromEntries(members) as Config, faults };
}
