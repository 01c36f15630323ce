import * as z from "zod";
import { optionalJson } from "../routing/body.ts";
import { persist } from "../routing/persist.ts";
import { reply } from "../routing/reply.ts";
import { route, type Route } from "../routing/route.ts";
import { agentShape } from "../shapes/agent.ts";

const interruption = z.strictObject({
  recover: z.boolean().default(false).meta({
    description: "Drops the instance and recovers it: a crash, simulated. Callers notice nothing.",
  }),
});

/** How an agent is stopped and let go on. */
export const lifecycleRoutes: readonly Route[] = [
  route({
    verb: "POST",
    path: "/v1/agents/{component}/{type}/{key}/interrupt",
    id: "interruptAgent",
    tag: "Operating",
    summary: "Stop an agent",
    access: ["operate"],
    body: optionalJson(interruption),
    answers: { 200: { description: "The agent, once it has stopped.", shape: agentShape } },
    refusals: ["agent-not-found"],
    async handle({ path: { agent }, body: { recover } }, ports) {
      const result = await persist(() => ports.agents(agent).interrupt(recover));
      return result.ok ? reply(result.value) : result;
    },
  }),
  route({
    verb: "POST",
    path: "/v1/agents/{component}/{type}/{key}/resume",
    id: "resumeAgent",
    tag: "Operating",
    summary: "Let an agent go on that is interrupted, suspended, retrying or failed",
    access: ["operate"],
    answers: { 202: { description: "It goes on.", shape: agentShape } },
    refusals: ["agent-not-found", "agent-not-resumable"],
    async handle({ path: { agent } }, ports) {
      // Never repeated: an agent that goes on already cannot be resumed.
      const result = await ports.agents(agent).resume();
      return result.ok ? reply(result.value, 202) : result;
    },
  }),
];
