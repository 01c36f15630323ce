import * as z from "zod";
import { jsonBody } from "../routing/body.ts";
import { reply } from "../routing/reply.ts";
import { route, type Route } from "../routing/route.ts";
import { agentShape } from "../shapes/agent.ts";

const target = z
  .strictObject({
    toIndex: z.int().optional().meta({ description: "The last entry that stays." }),
    invocations: z.int().min(1).optional().meta({ description: "How many are taken back." }),
  })
  .transform(({ toIndex, invocations }, context) => {
    if (toIndex !== undefined && invocations === undefined) return { toIndex };
    if (invocations !== undefined && toIndex === undefined) return { invocations };
    context.addIssue("must have exactly one of toIndex and invocations");
    return z.NEVER;
  });

/** How the end of an agent's history is taken back. */
export const revertRoutes: readonly Route[] = [
  route({
    verb: "POST",
    path: "/v1/agents/{component}/{type}/{key}/revert",
    id: "revertAgent",
    tag: "Operating",
    summary: "Take back the end of an agent's history, as if it had never been",
    access: ["operate"],
    body: jsonBody(target, "Exactly one of the members."),
    answers: { 200: { description: "The agent, which goes on from there.", shape: agentShape } },
    refusals: ["agent-not-found", "invalid-cut"],
    async handle({ path: { agent }, body }, ports) {
      // Never repeated: once more, it would take back other invocations.
      const result = await ports.agents(agent).revert(body);
      return result.ok ? reply(result.value) : result;
    },
  }),
];
