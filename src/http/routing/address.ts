import type { AgentAddress } from "../../core/api/views.ts";

/** The path of an agent's resource. */
export function agentPath({ component, type, key }: AgentAddress): string {
  return `/v1/agents/${component}/${encodeURIComponent(type)}/${encodeURIComponent(key)}`;
}
