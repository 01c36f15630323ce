import * as z from "zod";
import type { Position } from "../core/api/operations.ts";
import type { AgentView } from "../core/api/views.ts";
import { accept, type Result } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { addressOf, agentRoute } from "./agents.ts";
import { eventStream } from "./event-stream.ts";
import { invalidRequest, type Issue } from "./invalid-request.ts";
import { persist } from "./persist.ts";
import type { Ports } from "./ports.ts";
import { numberBetween, readQuery } from "./query.ts";
import type { Answer } from "./reply.ts";
import type { ApiRequest, Routes } from "./router.ts";

const index = numberBetween(0, Number.MAX_SAFE_INTEGER);
const eventsQuery = z.object({ after: index.optional() });

/** Nobody in between may keep events, or wait for more of them. */
const headers = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store",
  "X-Accel-Buffering": "no",
};

/** The route that follows an agent's oplog. */
export function eventRoutes(ports: Ports): Routes {
  return { [`${agentRoute}/events`]: { GET: (request) => follow(ports, request) } };
}

async function follow(ports: Ports, request: ApiRequest): Promise<Answer | Response> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const given = givenIndex(request.raw);
  if (!given.ok) return given;
  const agent = await persist(() => ports.agents(address.value).describe());
  if (!agent.ok) return agent;
  const position = positionIn(agent.value, given.value);
  if (!position.ok) return position;
  if (request.raw.headers.get("upgrade")?.toLowerCase() === "websocket") {
    return persist(() => ports.listen(address.value, position.value));
  }
  const { incarnation, after: begin } = position.value;
  const next = (after: number) =>
    persist(() => ports.agents(address.value).follow({ incarnation, after }, limits.keepAliveMs));
  return new Response(eventStream(next, begin, given.value === undefined), { headers });
}

interface GivenIndex {
  readonly from: Issue["path"];
  readonly index: number;
}

/** The header counts before the query: an `EventSource` that connects anew sends both. */
function givenIndex(request: Request): Result<GivenIndex | undefined> {
  const query = readQuery(request, eventsQuery);
  if (!query.ok) return query;
  const header = request.headers.get("last-event-id");
  if (header !== null) {
    const from = ["header", "Last-Event-ID"] as const;
    const parsed = index.safeParse(header);
    if (parsed.success) return accept({ from, index: parsed.data });
    return invalidRequest({ path: from, message: "must be the index of an entry, or 0" });
  }
  const { after } = query.value;
  return accept(after === undefined ? undefined : { from: ["query", "after"], index: after });
}

/** An index that the agent has not come to is of another agent: following from there would leave entries out. */
function positionIn(
  { incarnation, lastOplogIndex }: AgentView,
  given: GivenIndex | undefined,
): Result<Position> {
  const after = given?.index ?? lastOplogIndex;
  if (given === undefined || after <= lastOplogIndex) return accept({ incarnation, after });
  const message = `is ahead of the agent, whose last index is ${lastOplogIndex}: it is not the agent that was followed; begin again after 0`;
  return invalidRequest({ path: given.from, message });
}
