import * as z from "zod";
import { addressOf, agentRoute } from "./agents.ts";
import { readJsonAs } from "./body.ts";
import { persist } from "./persist.ts";
import type { Ports } from "./ports.ts";
import { reply, type Answer } from "./reply.ts";
import type { ApiRequest, Routes } from "./router.ts";

const updateBody = z.strictObject({
  revision: z.union([z.int().min(1), z.literal("latest")], {
    error: 'must be the number of a revision or "latest"',
  }),
  mode: z.enum(["automatic", "manual"]),
  wake: z.boolean().default(true),
  dryRun: z.boolean().default(false),
  check: z.enum(["calls-and-results", "calls"]).default("calls-and-results"),
});

/** The routes that update an agent's code. */
export function updateRoutes(ports: Ports): Routes {
  return {
    [`${agentRoute}/update`]: { POST: (request) => update(ports, request) },
    [`${agentRoute}/updates`]: { GET: (request) => list(ports, request) },
  };
}

async function update(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const body = await readJsonAs(request.raw, updateBody);
  if (!body.ok) return body;
  const { dryRun, ...wanted } = body.value;
  if (dryRun) {
    const tried = await persist(() => ports.agents(address.value).dryRun(wanted));
    return tried.ok ? reply(tried.value) : tried;
  }
  // Never repeated: the repetition of an accepted request would be refused.
  const result = await ports.agents(address.value).update(wanted);
  return result.ok ? reply(result.value, 202) : result;
}

async function list(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const updates = await persist(() => ports.agents(address.value).updates());
  return updates.ok ? reply(updates.value) : updates;
}
