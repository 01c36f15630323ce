import * as z from "zod";
import type { Position } from "../../core/api/operations.ts";
import type { AgentView } from "../../core/api/views.ts";
import { accept, type Result } from "../../core/errors.ts";
import { invalidRequest } from "../routing/invalid-request.ts";
import { persist } from "../routing/persist.ts";
import { numberBetween } from "../routing/query.ts";
import { route, type Route } from "../routing/route.ts";
import { eventStream } from "./event-stream.ts";

/** How long nothing may come, until a comment does. */
const KEEP_ALIVE_MS = 15_000;

const index = numberBetween(0, Number.MAX_SAFE_INTEGER);

const query = z.object({
  after: index.optional().meta({
    description:
      "The index of the last entry that the client has; 0 for all entries. Without it and the header, only what is new.",
  }),
});

const headers = z.object({
  "Last-Event-ID": index.optional().meta({
    description:
      "The same. It counts before `after`, for an `EventSource` that connects anew sends both.",
  }),
});

const description = `One event an entry: \`id\` is its index, \`event\` its kind, \`data\` the Entry as the oplog shows it. Comments keep the connection alive. The stream follows the agent until it is deleted; then it ends, and the next request is 404.

Whoever connects anew with the last index that it has goes on without gap or duplicate. An index ahead of the agent's last one is refused: it is of another agent, which was deleted, and following from there would leave out entries of this one.

With \`Upgrade: websocket\` the same entries come over a WebSocket, each as a message that is the Entry as JSON. \`ping\` is answered with \`pong\`. The client may send the index of the last entry that it has, as text. One that does so now and then (at latest after each megabyte) is never sent more than 16 Mi characters ahead of that; one that never does is closed with 4429 once it was sent so much, and can connect anew after the last index that it has. Other codes: 4404 the agent was deleted, 4400 a message that is no index of an entry that was sent.`;

/** Nobody in between may keep events, or wait for more of them. */
const streamHeaders = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store",
  "X-Accel-Buffering": "no",
};

/** How an agent's oplog is followed. */
export const eventRoutes: readonly Route[] = [
  route({
    verb: "GET",
    path: "/v1/agents/{component}/{type}/{key}/events",
    id: "followOplog",
    tag: "Oplog",
    summary: "The entries of an agent's oplog as they come. Never creates or wakes it",
    description,
    access: ["read"],
    query,
    headers,
    answers: {
      101: { description: "The WebSocket is open." },
      200: { description: "The events.", content: { "text/event-stream": z.string() } },
    },
    refusals: ["agent-not-found"],
    async handle({ path: { agent }, raw, query: { after }, headers: given }, ports) {
      const lastEventId = given["Last-Event-ID"];
      const shown = await persist(() => ports.agents(agent).describe());
      if (!shown.ok) return shown;
      const position = positionIn(shown.value, after, lastEventId);
      if (!position.ok) return position;
      // HEAD, which is answered like GET, has no upgrade.
      if (raw.method === "GET" && raw.headers.get("upgrade")?.toLowerCase() === "websocket") {
        return persist(() => ports.listen(agent, position.value));
      }
      const { incarnation, after: begin } = position.value;
      const next = (last: number) => {
        const reached = { incarnation, after: last };
        return persist(() => ports.agents(agent).follow(reached, KEEP_ALIVE_MS));
      };
      return new Response(eventStream(next, begin), { headers: streamHeaders });
    },
  }),
];

function positionIn(
  { incarnation, lastOplogIndex }: AgentView,
  after: number | undefined,
  lastEventId: number | undefined,
): Result<Position> {
  const named = lastEventId ?? after ?? lastOplogIndex;
  if (named <= lastOplogIndex) return accept({ incarnation, after: named });
  return invalidRequest({
    path: lastEventId === undefined ? ["query", "after"] : ["header", "Last-Event-ID"],
    message: `is ahead of the agent, whose last index is ${lastOplogIndex}: it is not the agent that was followed; begin again after 0`,
  });
}
