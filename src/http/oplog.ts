import * as z from "zod";
import { addressOf, agentRoute } from "./agents.ts";
import { invalidRequest } from "./invalid-request.ts";
import { rawQuery } from "./path.ts";
import { persist } from "./persist.ts";
import type { Ports } from "./ports.ts";
import { pageLimit, readQuery, wholeNumber } from "./query.ts";
import { reply, type Answer } from "./reply.ts";
import type { ApiRequest, Routes } from "./router.ts";

const oplogQuery = z.object({
  from: wholeNumber(1, Number.MAX_SAFE_INTEGER, 1),
  limit: pageLimit(),
});

const laterFilters = ["kind", "q"];

/** The route that reads an agent's oplog. */
export function oplogRoutes(ports: Ports): Routes {
  return { [`${agentRoute}/oplog`]: { GET: (request) => read(ports, request) } };
}

async function read(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const query = readQuery(request.raw, oplogQuery);
  if (!query.ok) return query;
  const given = new URLSearchParams(rawQuery(request.raw));
  const filters = laterFilters.filter((name) => given.has(name));
  if (filters.length > 0) {
    return invalidRequest(
      ...filters.map((name) => ({
        path: ["query", name] as const,
        message: "this filter is not available yet: leave it out",
      })),
    );
  }
  const page = await persist(() => ports.agents(address.value).oplog(query.value));
  return page.ok ? reply(page.value) : page;
}
