import * as z from "zod";
import { typePattern } from "../../core/api/agent-name.ts";
import type { AgentPlace } from "../../core/api/directory.ts";
import { accept, type Result } from "../../core/errors.ts";
import { invalidCursor, makeCursor, readCursor } from "../routing/cursor.ts";
import { persist } from "../routing/persist.ts";
import { numberBetween, paging } from "../routing/query.ts";
import { reply } from "../routing/reply.ts";
import { route, type Route } from "../routing/route.ts";
import { agentStatuses, agentSummaryShape } from "../shapes/agent.ts";
import { pageOf } from "../shapes/shape.ts";

/** The list of a component's agents. */
export const directoryRoutes: readonly Route[] = [
  route({
    verb: "GET",
    path: "/v1/agents/{component}",
    id: "listAgents",
    tag: "Agents",
    summary: "The agents of a component, by type and key",
    access: ["read"],
    query: z.object({
      type: z.string().regex(typePattern, "must be the name of an exported class").exactOptional(),
      status: z.enum(agentStatuses, `must be one of ${agentStatuses.join(", ")}`).exactOptional(),
      revision: numberBetween(1, Number.MAX_SAFE_INTEGER).exactOptional(),
      prefix: z.string().exactOptional().meta({ description: "What the key begins with." }),
      ...paging,
    }),
    answers: { 200: { description: "One page.", shape: pageOf("agents", agentSummaryShape) } },
    refusals: ["component-not-found"],
    async handle({ path: { component }, query: { cursor, ...filter } }, ports) {
      const after = readPlace(cursor);
      if (!after.ok) return after;
      const request = {
        component,
        ...filter,
        ...(after.value === undefined ? {} : { after: after.value }),
      };
      const page = await persist(() => ports.directory().list(request));
      if (page.agents.length === 0) {
        // A component that has agents is there, and need not be asked.
        const known = await persist(() => ports.component(component).revision("latest"));
        if (!known.ok) return known;
      }
      return reply({ agents: page.agents, cursor: page.after && cursorOf(page.after) });
    },
  }),
];

function cursorOf({ type, key }: AgentPlace): string {
  return makeCursor(`${type}/${encodeURIComponent(key)}`);
}

function readPlace(cursor: string | undefined): Result<AgentPlace | undefined> {
  const read = readCursor(cursor, /^[\w$]+\/[!-~]+$/);
  if (!read.ok) return read;
  if (read.value === undefined) return accept(undefined);
  const [type = "", key = ""] = read.value.split("/");
  try {
    return accept({ type, key: decodeURIComponent(key) });
  } catch {
    return invalidCursor();
  }
}
