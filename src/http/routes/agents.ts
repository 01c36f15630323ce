import * as z from "zod";
import type { CreateRequest } from "../../core/api/operations.ts";
import { agentPath } from "../routing/address.ts";
import { optionalJson } from "../routing/body.ts";
import { persist } from "../routing/persist.ts";
import { reply } from "../routing/reply.ts";
import { route, type Route } from "../routing/route.ts";
import { agentShape } from "../shapes/agent.ts";

const path = "/v1/agents/{component}/{type}/{key}";

const creation = z.strictObject({
  revision: z.int().min(1).optional().meta({ description: "Without it, the latest." }),
  params: z.unknown().optional().meta({ description: "What `onCreate` gets." }),
  env: z.record(z.string(), z.string()).optional(),
});

/** The agent resource itself. */
export const agentRoutes: readonly Route[] = [
  route({
    verb: "GET",
    path,
    id: "getAgent",
    tag: "Agents",
    summary: "An agent. Never creates or wakes it",
    access: ["read"],
    answers: { 200: { description: "The agent.", shape: agentShape } },
    refusals: ["agent-not-found"],
    async handle({ path: { agent } }, ports) {
      const shown = await persist(() => ports.agents(agent).describe());
      return shown.ok ? reply(shown.value) : shown;
    },
  }),
  route({
    verb: "PUT",
    path,
    id: "createAgent",
    tag: "Agents",
    summary: "Create an agent",
    description:
      "Answers once it is initialized, or has failed to be: then its status is `failed`. One that exists has to have the same params and env, as far as they are given.",
    access: ["invoke"],
    body: optionalJson(creation),
    answers: {
      200: { description: "It exists already, and is the same.", shape: agentShape },
      201: {
        description: "It was created.",
        shape: agentShape,
        headers: { Location: "The path of the agent." },
      },
    },
    refusals: [
      "agent-already-exists",
      "agent-deleted",
      "agent-type-not-found",
      "component-not-found",
      "revision-not-found",
    ],
    async handle({ path: { agent }, body }, ports) {
      const wanted = toCreateRequest(body);
      const result = await persist(() => ports.agents(agent).create(agent, wanted));
      if (!result.ok) return result;
      return result.value.created
        ? reply(result.value.agent, 201, { Location: agentPath(agent) })
        : reply(result.value.agent);
    },
  }),
  route({
    verb: "DELETE",
    path,
    id: "deleteAgent",
    tag: "Agents",
    summary: "Delete an agent and everything of it",
    description:
      "Stops it, and refuses whoever waits for it with `agent-deleted`. The same address used again is a new agent.",
    access: ["operate"],
    answers: { 204: { description: "It is gone." } },
    refusals: ["agent-not-found"],
    async handle({ path: { agent } }, ports) {
      const result = await persist(() => ports.agents(agent).destroy());
      return result.ok ? reply(undefined, 204) : result;
    },
  }),
];

function toCreateRequest({ revision, params, env }: z.output<typeof creation>): CreateRequest {
  return {
    ...(revision === undefined ? {} : { revision }),
    ...(params === undefined ? {} : { params: JSON.stringify(params) }),
    ...(env === undefined ? {} : { env }),
  };
}
