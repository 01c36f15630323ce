import * as z from "zod";
import { addressOf, agentRoute } from "./agents.ts";
import { readJsonAs } from "./body.ts";
import { persist } from "./persist.ts";
import type { Ports } from "./ports.ts";
import { reply, type Answer } from "./reply.ts";
import type { ApiRequest, Routes } from "./router.ts";

const interruptBody = z.strictObject({ recover: z.boolean().default(false) });

/** The routes that stop an agent and let it go on. */
export function lifecycleRoutes(ports: Ports): Routes {
  return {
    [`${agentRoute}/interrupt`]: { POST: (request) => interrupt(ports, request) },
    [`${agentRoute}/resume`]: { POST: (request) => resume(ports, request) },
  };
}

async function interrupt(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const body = await readJsonAs(request.raw, interruptBody, {});
  if (!body.ok) return body;
  const result = await persist(() => ports.agents(address.value).interrupt(body.value.recover));
  return result.ok ? reply(result.value) : result;
}

async function resume(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  // Never repeated: an agent that goes on already cannot be resumed.
  const result = await ports.agents(address.value).resume();
  return result.ok ? reply(result.value, 202) : result;
}
