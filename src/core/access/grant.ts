/** What a caller may do, and whether that covers a request. */
import { accept, refuse, type Result } from "../errors.ts";

/** `admin` contains all others. */
export const scopes = ["read", "invoke", "operate", "deploy", "admin"] as const;

export type Scope = (typeof scopes)[number];

/** Scopes, and how far they reach: to everything, unless they are limited. */
export interface Grant {
  readonly scopes: readonly Scope[];
  /** Only what belongs to this component. */
  readonly component?: string;
  /** Only its agents whose keys begin with this; never without `component`. */
  readonly keyPrefix?: string;
}

/** Everything, as the holder of the secret may do, or anybody on a server that is open. */
export const everything: Grant = { scopes: ["admin"] };

/** What a request is about. */
export type Target =
  /** The API itself, which is the same for all who call it. */
  | { readonly kind: "api" }
  /** The host as a whole: which components there are, the tokens. */
  | { readonly kind: "host" }
  /** The code of a component: its revisions. */
  | { readonly kind: "code"; readonly component: string }
  /** Those of a component's agents whose keys begin with the prefix, together. */
  | { readonly kind: "fleet"; readonly component: string; readonly prefix: string }
  | { readonly kind: "agent"; readonly component: string; readonly key: string };

/** Whether a caller may use a route, any of whose scopes will do, on its target. */
export function mayCall(grant: Grant, allowed: readonly Scope[], target: Target): Result<null> {
  const has = grant.scopes.includes("admin") || allowed.some((one) => grant.scopes.includes(one));
  if (!has) return missingScope(grant, allowed);
  // Who is limited to some agents may see the code that they run, and give it to nobody.
  if (target.kind === "code" && grant.keyPrefix !== undefined && !allowed.includes("read")) {
    return outOfReach(grant, `the code of component ${target.component}`);
  }
  return reaches(grant, target);
}

/** Whether a target lies within the limits of a caller, whatever is done with it. */
export function reaches(grant: Grant, target: Target): Result<null> {
  const { component, keyPrefix = "" } = grant;
  if (component === undefined || target.kind === "api") return accept(null);
  if (target.kind === "host") return outOfReach(grant, "what belongs to the whole host");
  if (target.component !== component) return outOfReach(grant, `component ${target.component}`);
  if (target.kind === "fleet" && !target.prefix.startsWith(keyPrefix)) {
    return outOfReach(grant, "other agents, too (a list may have a ?prefix= that begins so)");
  }
  if (target.kind === "agent" && !target.key.startsWith(keyPrefix)) {
    return outOfReach(grant, `an agent with the key ${JSON.stringify(target.key)}`);
  }
  return accept(null);
}

function missingScope({ scopes: has }: Grant, allowed: readonly Scope[]): Result<never> {
  const needed = [...new Set([...allowed, "admin"])].join(" or ");
  return refuse(
    "forbidden",
    `This needs the scope ${needed}, and the caller has ${has.join(", ")}: use a token with it; an administrator mints them with POST /v1/tokens.`,
  );
}

function outOfReach({ component, keyPrefix }: Grant, what: string): Result<never> {
  const limit =
    keyPrefix === undefined
      ? `component ${component}`
      : `agents of ${component} whose keys begin with ${JSON.stringify(keyPrefix)}`;
  return refuse(
    "forbidden",
    `The caller is limited to ${limit}, and this is about ${what}: use a token that is not limited so.`,
  );
}
