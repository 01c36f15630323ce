/** What an operator sets about access, out of variables that were parsed; or what is wrong with it. */
import { keyPrefixFault } from "../api/agent-name.ts";
import { isComponentName } from "../component/component-name.ts";
import { scopes, type Grant, type Scope } from "./grant.ts";

/** Whose assertions of Cloudflare Access count, and what their bearers may do. */
export interface CloudflareAccess {
  /** The team's domain as an origin, as it stands in the assertions. */
  readonly issuer: string;
  /** The audience tag of the Access application. */
  readonly audience: string;
  readonly grant: Grant;
}

/** Whether callers have to be known: `open` lets everybody in, `closed` nobody. */
export type Door = "open" | "closed" | "guarded";

/**
 * A host that has nothing of its own to know callers by is closed, to those with minted tokens too:
 * nobody could take these back. Only a developer's own server is open.
 */
export function doorOf(configured: {
  readonly local: boolean;
  readonly token?: string | undefined;
  readonly access?: CloudflareAccess | undefined;
}): Door {
  if (configured.token !== undefined || configured.access !== undefined) return "guarded";
  return configured.local ? "open" : "closed";
}

const members = new Set(["issuer", "audience", "scopes", "component", "keyPrefix"]);
const example = `{"issuer":"https://team.cloudflareaccess.com","audience":"…","scopes":["read"]}`;
/** Without TLS on the own machine only. */
const issuerPattern = /^(https:\/\/[^\s/?#@]+|http:\/\/(127\.0\.0\.1|localhost)(:\d+)?)$/;
const originPattern = /^https?:\/\/[^\s/?#@,]+$/;

/** The setting in a parsed JSON value. */
export function toCloudflareAccess(given: unknown): CloudflareAccess | string {
  if (!isRecord(given)) return `is no JSON object: write it like ${example}`;
  const stranger = Object.keys(given).find((name) => !members.has(name));
  if (stranger !== undefined) return `has a member ${stranger}, which it cannot have: take it out`;
  const { issuer, audience } = given;
  if (typeof issuer !== "string" || !issuerPattern.test(issuer)) {
    return "has no `issuer`: give the domain of the team like https://team.cloudflareaccess.com, without a path";
  }
  if (typeof audience !== "string" || audience === "") {
    return "has no `audience`: give the audience tag of the Access application";
  }
  const grant = toGrant(given);
  return typeof grant === "string" ? grant : { issuer, audience, grant };
}

/** Origins of pages that may call; `*` for those of any page. */
export function toCorsOrigins(given: readonly string[]): readonly string[] | string {
  const isEach = given.every((origin) => origin === "*" || originPattern.test(origin));
  if (given.length > 0 && isEach) return given;
  return "write origins like https://one.example,https://two.example, or * for any";
}

function toGrant({ scopes: given, component, keyPrefix }: Record<string, unknown>): Grant | string {
  if (!Array.isArray(given) || given.length === 0 || !given.every(isScope)) {
    return `has no \`scopes\`: give a list of some of ${scopes.join(", ")}`;
  }
  if (component === undefined) {
    if (keyPrefix === undefined) return { scopes: given };
    return "has a `keyPrefix` without a `component`: give that, too";
  }
  if (typeof component !== "string" || !isComponentName(component)) {
    return "has a `component` that is no name of one: give the name under which its code is uploaded";
  }
  if (keyPrefix === undefined) return { scopes: given, component };
  if (typeof keyPrefix !== "string" || keyPrefixFault(keyPrefix) !== undefined) {
    return "has a `keyPrefix` that no key begins with: give the beginning of keys, or take it out";
  }
  return { scopes: given, component, keyPrefix };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isScope(value: unknown): value is Scope {
  return scopes.some((scope) => scope === value);
}
