import * as z from "zod";
import { unknownKinds } from "../core/api/oplog-filter.ts";
import { addressOf, agentRoute } from "./agents.ts";
import { invalidRequest, type Issue } from "./invalid-request.ts";
import { rawQuery } from "./path.ts";
import { persist } from "./persist.ts";
import type { Ports } from "./ports.ts";
import { pageLimit, readQuery, wholeNumber } from "./query.ts";
import { reply, type Answer } from "./reply.ts";
import type { ApiRequest, Routes } from "./router.ts";

const oplogQuery = z.object({
  from: wholeNumber(1, Number.MAX_SAFE_INTEGER, 1),
  limit: pageLimit(),
  q: z.string().optional(),
});

/** The route that reads an agent's oplog. */
export function oplogRoutes(ports: Ports): Routes {
  return { [`${agentRoute}/oplog`]: { GET: (request) => read(ports, request) } };
}

async function read(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const query = readQuery(request.raw, oplogQuery);
  if (!query.ok) return query;
  const kinds = new URLSearchParams(rawQuery(request.raw)).getAll("kind");
  const unknown = unknownKinds(kinds);
  if (unknown.length > 0) return invalidRequest(...unknown.map(unknownKind));
  const wanted = { ...query.value, ...(kinds.length === 0 ? {} : { kinds }) };
  const page = await persist(() => ports.agents(address.value).oplog(wanted));
  return page.ok ? reply(page.value) : page;
}

function unknownKind(name: string): Issue {
  const message = `${JSON.stringify(name)} is no kind of entry; semantics.md lists them, Create and Log among them`;
  return { path: ["query", "kind"], message };
}
