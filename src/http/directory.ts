import * as z from "zod";
import { typePattern } from "../core/api/agent-name.ts";
import type { AgentPlace } from "../core/api/directory.ts";
import { accept, type Result } from "../core/errors.ts";
import { parseComponentName } from "./address.ts";
import { invalidCursor, makeCursor, readCursor } from "./cursor.ts";
import { persist } from "./persist.ts";
import type { Ports } from "./ports.ts";
import { numberBetween, pageLimit, readQuery } from "./query.ts";
import { reply, type Answer } from "./reply.ts";
import type { ApiRequest, Routes } from "./router.ts";

const statuses = ["idle", "running", "suspended", "interrupted", "retrying", "failed"] as const;

const listQuery = z.object({
  type: z.string().regex(typePattern, "must be the name of an exported class").exactOptional(),
  status: z.enum(statuses, `must be one of ${statuses.join(", ")}`).exactOptional(),
  revision: numberBetween(1, Number.MAX_SAFE_INTEGER).exactOptional(),
  prefix: z.string().exactOptional(),
  limit: pageLimit(),
  cursor: z.string().optional(),
});

/** The list of a component's agents. */
export function directoryRoutes(ports: Ports): Routes {
  return { "/v1/agents/:component": { GET: (request) => list(ports, request) } };
}

async function list(ports: Ports, { raw, segments }: ApiRequest): Promise<Answer> {
  const component = parseComponentName(segments[2] ?? "");
  if (!component.ok) return component;
  const query = readQuery(raw, listQuery);
  if (!query.ok) return query;
  const { cursor, ...filter } = query.value;
  const after = readPlace(cursor);
  if (!after.ok) return after;
  const request = {
    component: component.value,
    ...filter,
    ...(after.value === undefined ? {} : { after: after.value }),
  };
  const page = await persist(() => ports.directory().list(request));
  if (page.agents.length === 0) {
    // A component that has agents is there, and need not be asked.
    const known = await persist(() => ports.component(component.value).revision("latest"));
    if (!known.ok) return known;
  }
  return reply({ agents: page.agents, cursor: page.after && cursorOf(page.after) });
}

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
