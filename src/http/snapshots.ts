import type { SnapshotContent } from "../core/api/views.ts";
import { accept, type Result } from "../core/errors.ts";
import { addressOf, agentRoute } from "./agents.ts";
import { invalidRequest } from "./invalid-request.ts";
import { decodeSegment } from "./path.ts";
import { persist } from "./persist.ts";
import type { Ports } from "./ports.ts";
import { reply, type Answer } from "./reply.ts";
import type { ApiRequest, Routes } from "./router.ts";

/** The routes that take snapshots and give them out. */
export function snapshotRoutes(ports: Ports): Routes {
  return {
    [`${agentRoute}/snapshot`]: { POST: (request) => take(ports, request) },
    [`${agentRoute}/snapshots/:index`]: { GET: (request) => show(ports, request) },
  };
}

async function take(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const taken = await persist(() => ports.agents(address.value).takeSnapshot());
  return taken.ok ? reply(taken.value, 201) : taken;
}

async function show(ports: Ports, request: ApiRequest): Promise<Answer> {
  const address = addressOf(request);
  if (!address.ok) return address;
  const index = parseIndex(request.segments[6] ?? "");
  if (!index.ok) return index;
  const found = await persist(() => ports.agents(address.value).snapshot(index.value));
  if (!found.ok) return found;
  const content = { mediaType: found.value.mime, data: dataOf(found.value) };
  return accept({ status: 200, content });
}

function dataOf(content: SnapshotContent): string | Uint8Array<ArrayBuffer> {
  if ("text" in content) return content.text;
  return Uint8Array.from(atob(content.base64), (unit) => unit.charCodeAt(0));
}

function parseIndex(segment: string): Result<number> {
  const text = decodeSegment("index", segment);
  if (!text.ok) return text;
  if (/^\d+$/.test(text.value)) {
    return accept(Math.min(Number(text.value), Number.MAX_SAFE_INTEGER));
  }
  return invalidRequest({ path: ["path", "index"], message: "must be a whole number" });
}
