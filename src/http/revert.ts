import * as z from "zod";
import { addressOf, agentRoute } from "./agents.ts";
import { readJsonAs } from "./body.ts";
import type { Ports } from "./ports.ts";
import { reply, type Answer } from "./reply.ts";
import type { ApiRequest, Routes } from "./router.ts";

const revertBody = z
  .strictObject({ toIndex: z.int().optional(), invocations: z.int().min(1).optional() })
  .transform(({ toIndex, invocations }, context) => {
    if (toIndex !== undefined && invocations === undefined) return { toIndex };
    if (invocations !== undefined && toIndex === undefined) return { invocations };
    context.addIssue("must have exactly one of toIndex and invocations");
    return z.NEVER;
  });

/** The route that takes back the end of an agent's history. */
export function revertRoutes(ports: Ports): Routes {
  return { [`${agentRoute}/revert`]: { POST: (request) => revert(ports, request) } };
}

async function revert(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const body = await readJsonAs(request.raw, revertBody);
  if (!body.ok) return body;
  // Never repeated: once more, it would take back other invocations.
  const result = await ports.agents(address.value).revert(body.value);
  return result.ok ? reply(result.value) : result;
}
