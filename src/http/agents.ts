import * as z from "zod";
import type { CreateRequest } from "../core/api/operations.ts";
import type { AgentAddress } from "../core/api/views.ts";
import type { Result } from "../core/errors.ts";
import { agentPath, parseAddress } from "./address.ts";
import { readJsonAs } from "./body.ts";
import { persist } from "./persist.ts";
import type { Ports } from "./ports.ts";
import { reply, type Answer } from "./reply.ts";
import type { ApiRequest, Routes } from "./router.ts";

const creation = z.strictObject({
  revision: z.int().min(1).optional(),
  params: z.unknown().optional(),
  env: z.record(z.string(), z.string()).optional(),
});

/** The path of an agent as a route. */
export const agentRoute = "/v1/agents/:component/:type/:key";

/** The routes of the agent resource itself. */
export function agentRoutes(ports: Ports): Routes {
  return {
    [agentRoute]: {
      GET: (request) => describe(ports, request),
      PUT: (request) => create(ports, request),
      DELETE: (request) => destroy(ports, request),
    },
  };
}

/** The address that a path under `agentRoute` names. */
export function addressOf({ segments }: ApiRequest): Result<AgentAddress> {
  const [, , component = "", type = "", key = ""] = segments;
  return parseAddress(component, type, key);
}

async function describe(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const agent = await persist(() => ports.agents(address.value).describe());
  return agent.ok ? reply(agent.value) : agent;
}

async function create(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const body = await readJsonAs(request.raw, creation, {});
  if (!body.ok) return body;
  const wanted = toCreateRequest(body.value);
  const result = await persist(() => ports.agents(address.value).create(address.value, wanted));
  if (!result.ok) return result;
  const { agent, created } = result.value;
  return created ? reply(agent, 201, { Location: agentPath(address.value) }) : reply(agent);
}

async function destroy(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const result = await persist(() => ports.agents(address.value).destroy());
  return result.ok ? reply(undefined, 204) : result;
}

function toCreateRequest({ revision, params, env }: z.output<typeof creation>): CreateRequest {
  return {
    ...(revision === undefined ? {} : { revision }),
    ...(params === undefined ? {} : { params: JSON.stringify(params) }),
    ...(env === undefined ? {} : { env }),
  };
}
