import type { Target } from "../../core/access/grant.ts";
import type { AgentAddress } from "../../core/api/views.ts";

/**
 * What a request is about, as its route, the values of its path and its query tell. Only a list of
 * agents is about no more of them than a prefix says: a rollout is seen whole or not at all.
 */
export function targetOf(
  route: { readonly path: string },
  { agent, component }: { readonly agent?: AgentAddress; readonly component?: string },
  { prefix }: { readonly prefix?: string },
): Target {
  if (agent !== undefined) return { kind: "agent", component: agent.component, key: agent.key };
  if (component === undefined) {
    return { kind: route.path === "/v1/openapi.json" ? "api" : "host" };
  }
  if (route.path === "/v1/agents/{component}") {
    return { kind: "fleet", component, prefix: prefix ?? "" };
  }
  const isFleet = route.path.startsWith("/v1/agents/") || route.path.includes("/rollouts");
  return isFleet ? { kind: "fleet", component, prefix: "" } : { kind: "code", component };
}
