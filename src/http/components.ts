import { showRevision } from "../core/api/description.ts";
import * as z from "zod";
import type { ComponentSource } from "../core/api/operations.ts";
import { validateSource } from "../core/component/validate-source.ts";
import { accept, type Result } from "../core/errors.ts";
import { parseComponentName } from "./address.ts";
import { checkJson, parseJson, readBody } from "./body.ts";
import { readCursor, toPage } from "./cursor.ts";
import { invalidRequest } from "./invalid-request.ts";
import { decodeSegment } from "./path.ts";
import { persist } from "./persist.ts";
import type { Ports } from "./ports.ts";
import { pageLimit, readQuery } from "./query.ts";
import { reply, type Answer } from "./reply.ts";
import type { ApiRequest, Routes } from "./router.ts";

const scripts = ["text/javascript", "application/javascript"];

const listQuery = z.object({ limit: pageLimit(), cursor: z.string().optional() });

const upload = z.strictObject({
  main: z.string(),
  modules: z.record(z.string(), z.string()),
  isolation: z.enum(["agent", "shared"]).default("agent"),
  perdure: z.strictObject({ bindings: z.array(z.string()).default([]) }).optional(),
});

/** The names are a set: their order and their number make no other code of it. */
function sourceOf({ perdure, ...source }: z.output<typeof upload>): ComponentSource {
  const bindings = [...new Set(perdure?.bindings)].sort();
  return bindings.length === 0 ? source : { ...source, bindings };
}

/** The routes under `/v1/components`. */
export function componentRoutes(ports: Ports): Routes {
  return {
    "/v1/components": { GET: (request) => listComponents(ports, request) },
    "/v1/components/:component": { GET: (request) => showLatest(ports, request) },
    "/v1/components/:component/revisions": {
      GET: (request) => listRevisions(ports, request),
      POST: (request) => publish(ports, request),
    },
    "/v1/components/:component/revisions/:revision": {
      GET: (request) => showNumbered(ports, request),
    },
  };
}

async function listComponents(ports: Ports, { raw }: ApiRequest): Promise<Answer> {
  const query = readQuery(raw, listQuery);
  if (!query.ok) return query;
  const { limit, cursor } = query.value;
  const after = readCursor(cursor, /^[a-z][a-z0-9-]*$/);
  if (!after.ok) return after;
  const found = await persist(() => ports.catalog().list(limit + 1, after.value));
  const page = toPage(found, limit, ({ name }) => name);
  return reply({ components: page.items, cursor: page.cursor });
}

async function listRevisions(ports: Ports, { raw, segments }: ApiRequest): Promise<Answer> {
  const name = parseComponentName(segments[2] ?? "");
  if (!name.ok) return name;
  const query = readQuery(raw, listQuery);
  if (!query.ok) return query;
  const { limit, cursor } = query.value;
  const before = readCursor(cursor, /^[1-9]\d{0,14}$/);
  if (!before.ok) return before;
  const below = before.value === undefined ? undefined : Number(before.value);
  const found = await persist(() => ports.component(name.value).revisions(limit + 1, below));
  if (!found.ok) return found;
  const page = toPage(found.value, limit, ({ revision }) => String(revision));
  return reply({ revisions: page.items.map(showRevision), cursor: page.cursor });
}

async function showLatest(ports: Ports, { segments }: ApiRequest): Promise<Answer> {
  const name = parseComponentName(segments[2] ?? "");
  if (!name.ok) return name;
  const found = await persist(() => ports.component(name.value).revision("latest"));
  return found.ok ? reply(showRevision(found.value)) : found;
}

async function showNumbered(ports: Ports, { segments }: ApiRequest): Promise<Answer> {
  const name = parseComponentName(segments[2] ?? "");
  if (!name.ok) return name;
  const revision = parseRevision(segments[4] ?? "");
  if (!revision.ok) return revision;
  const found = await persist(() => ports.component(name.value).revision(revision.value));
  return found.ok ? reply(showRevision(found.value)) : found;
}

async function publish(ports: Ports, { raw, segments }: ApiRequest): Promise<Answer> {
  const name = parseComponentName(segments[2] ?? "");
  if (!name.ok) return name;
  const source = await readSource(raw);
  if (!source.ok) return source;
  const published = await persist(() =>
    ports.component(name.value).publish(name.value, source.value),
  );
  if (!published.ok) return published;
  const { revision, created } = published.value;
  const shown = showRevision(revision);
  if (!created) return reply(shown);
  return reply(shown, 201, {
    Location: `/v1/components/${name.value}/revisions/${revision.revision}`,
  });
}

/** A script is a component of one module. */
async function readSource(request: Request): Promise<Result<ComponentSource>> {
  const body = await readBody(request, [...scripts, "application/json"]);
  if (!body.ok) return body;
  const { mediaType, text } = body.value;
  if (scripts.includes(mediaType)) {
    return validateSource({ main: "index.js", modules: { "index.js": text }, isolation: "agent" });
  }
  if (text === "") {
    return invalidRequest({ path: ["body"], message: "is missing: send the component's code" });
  }
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  const source = checkJson(parsed.value.value, upload);
  return source.ok ? validateSource(sourceOf(source.value)) : source;
}

function parseRevision(segment: string): Result<number> {
  const text = decodeSegment("revision", segment);
  if (!text.ok) return text;
  if (/^\d+$/.test(text.value)) {
    return accept(Math.min(Number(text.value), Number.MAX_SAFE_INTEGER));
  }
  return invalidRequest({ path: ["path", "revision"], message: "must be a whole number" });
}
