import * as z from "zod";
import type { SnapshotContent } from "../../core/api/views.ts";
import { accept } from "../../core/errors.ts";
import { persist } from "../routing/persist.ts";
import { reply } from "../routing/reply.ts";
import { route, type Route } from "../routing/route.ts";
import { snapshotShape } from "../shapes/oplog.ts";

/** How snapshots are taken and given out. */
export const snapshotRoutes: readonly Route[] = [
  route({
    verb: "POST",
    path: "/v1/agents/{component}/{type}/{key}/snapshot",
    id: "takeSnapshot",
    tag: "Operating",
    summary: "Take a snapshot of an agent now",
    access: ["operate"],
    answers: { 201: { description: "The snapshot.", shape: snapshotShape } },
    refusals: ["agent-not-found", "not-snapshottable"],
    async handle({ path: { agent } }, ports) {
      const taken = await persist(() => ports.agents(agent).takeSnapshot());
      return taken.ok ? reply(taken.value, 201) : taken;
    },
  }),
  route({
    verb: "GET",
    path: "/v1/agents/{component}/{type}/{key}/snapshots/{index}",
    id: "getSnapshot",
    tag: "Oplog",
    summary: "What a snapshot holds, with its own media type",
    access: ["read"],
    answers: {
      200: {
        description: "The state, as it was saved.",
        content: { "application/json": z.unknown(), "application/octet-stream": z.string() },
      },
    },
    refusals: ["agent-not-found", "snapshot-not-found"],
    async handle({ path: { agent, index } }, ports) {
      const found = await persist(() => ports.agents(agent).snapshot(index));
      if (!found.ok) return found;
      const content = { mediaType: found.value.mime, data: dataOf(found.value) };
      return accept({ status: 200, content });
    },
  }),
];

function dataOf(content: SnapshotContent): string | Uint8Array<ArrayBuffer> {
  if ("text" in content) return content.text;
  return Uint8Array.from(atob(content.base64), (unit) => unit.charCodeAt(0));
}
