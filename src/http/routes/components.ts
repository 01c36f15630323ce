import * as z from "zod";
import { showRevision } from "../../core/api/description.ts";
import type { ComponentUpload } from "../../core/api/operations.ts";
import { validateSource } from "../../core/component/validate-source.ts";
import { accept, type Result } from "../../core/errors.ts";
import type { Limits } from "../../core/limits.ts";
import { checkJson, missing, parseJson, readBody, type BodyReader } from "../routing/body.ts";
import { readCursor, toPage } from "../routing/cursor.ts";
import { persist } from "../routing/persist.ts";
import { paging } from "../routing/query.ts";
import { reply } from "../routing/reply.ts";
import { route, type Route } from "../routing/route.ts";
import { componentSummaryShape, revisionShape } from "../shapes/component.ts";
import { pageOf } from "../shapes/shape.ts";

const scripts = new Set(["text/javascript", "application/javascript"]);

const upload = z.strictObject({
  main: z.string().meta({ description: "The name of the module that exports the classes." }),
  modules: z.record(z.string(), z.string()).meta({ description: "Source text by module name." }),
  isolation: z.enum(["agent", "shared"]).exactOptional(),
  perdure: z
    .strictObject({
      bindings: z
        .array(z.string())
        .default([])
        .meta({ description: "Names of the host's bindings that the code asks for." }),
    })
    .optional(),
});

/** The code of a component: a script is one module of it. */
const code: BodyReader<ComponentUpload> = {
  content: {
    "text/javascript": z.string(),
    "application/javascript": z.string(),
    "application/json": upload,
  },
  required: true,
  description: "One ES module, or several in JSON.",
  read: readSource,
};

const revisionsPath = "/v1/components/{component}/revisions";

/** Components and their revisions. */
export const componentRoutes: readonly Route[] = [
  route({
    verb: "GET",
    path: "/v1/components",
    id: "listComponents",
    tag: "Components",
    summary: "The components, by name",
    access: ["read"],
    query: z.object(paging),
    answers: {
      200: { description: "One page.", shape: pageOf("components", componentSummaryShape) },
    },
    refusals: [],
    async handle({ query: { limit, cursor } }, ports) {
      const after = readCursor(cursor, /^[a-z][a-z0-9-]*$/);
      if (!after.ok) return after;
      const found = await persist(() => ports.catalog().list(limit + 1, after.value));
      const page = toPage(found, limit, ({ name }) => name);
      return reply({ components: page.items, cursor: page.cursor });
    },
  }),
  route({
    verb: "GET",
    path: "/v1/components/{component}",
    id: "getComponent",
    tag: "Components",
    summary: "The latest revision of a component",
    access: ["read"],
    answers: { 200: { description: "The revision.", shape: revisionShape } },
    refusals: ["component-not-found"],
    async handle({ path: { component } }, ports) {
      const found = await persist(() => ports.component(component).revision("latest"));
      return found.ok ? reply(showRevision(found.value)) : found;
    },
  }),
  route({
    verb: "GET",
    path: revisionsPath,
    id: "listRevisions",
    tag: "Components",
    summary: "The revisions of a component, newest first",
    access: ["read"],
    query: z.object(paging),
    answers: { 200: { description: "One page.", shape: pageOf("revisions", revisionShape) } },
    refusals: ["component-not-found"],
    async handle({ path: { component }, query: { limit, cursor } }, ports) {
      const before = readCursor(cursor, /^[1-9]\d{0,14}$/);
      if (!before.ok) return before;
      const below = before.value === undefined ? undefined : Number(before.value);
      const found = await persist(() => ports.component(component).revisions(limit + 1, below));
      if (!found.ok) return found;
      const page = toPage(found.value, limit, ({ revision }) => String(revision));
      return reply({ revisions: page.items.map(showRevision), cursor: page.cursor });
    },
  }),
  route({
    verb: "POST",
    path: revisionsPath,
    id: "uploadRevision",
    tag: "Components",
    summary: "Upload code: the next revision of a component",
    description: "The code is loaded once before it is accepted. What is refused is not stored.",
    access: ["deploy"],
    body: code,
    answers: {
      200: { description: "The code is that of the latest revision.", shape: revisionShape },
      201: {
        description: "The new revision.",
        shape: revisionShape,
        headers: { Location: "The path of the revision." },
      },
    },
    refusals: ["invalid-component"],
    async handle({ path: { component }, body }, ports) {
      const published = await persist(() => ports.component(component).publish(component, body));
      if (!published.ok) return published;
      const { revision, created } = published.value;
      const shown = showRevision(revision);
      if (!created) return reply(shown);
      const location = `/v1/components/${component}/revisions/${revision.revision}`;
      return reply(shown, 201, { Location: location });
    },
  }),
  route({
    verb: "GET",
    path: `${revisionsPath}/{revision}`,
    id: "getRevision",
    tag: "Components",
    summary: "A revision of a component",
    access: ["read"],
    answers: { 200: { description: "The revision.", shape: revisionShape } },
    refusals: ["component-not-found", "revision-not-found"],
    async handle({ path: { component, revision } }, ports) {
      const found = await persist(() => ports.component(component).revision(revision));
      return found.ok ? reply(showRevision(found.value)) : found;
    },
  }),
];

async function readSource(request: Request, limits: Limits): Promise<Result<ComponentUpload>> {
  const body = await readBody(request, Object.keys(code.content), limits);
  if (!body.ok) return body;
  const source = toSource(body.value);
  return source.ok ? validateSource(source.value, limits) : source;
}

function toSource({
  mediaType,
  text,
}: {
  mediaType: string;
  text: string;
}): Result<ComponentUpload> {
  if (scripts.has(mediaType)) {
    return accept({ main: "index.js", modules: { "index.js": text } });
  }
  if (text === "") return missing("send the component's code");
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  const checked = checkJson(parsed.value.value, upload);
  return checked.ok ? accept(sourceOf(checked.value)) : checked;
}

/** The names are a set: their order and their number make no other code of it. */
function sourceOf({ perdure, ...source }: z.output<typeof upload>): ComponentUpload {
  const bindings = [...new Set(perdure?.bindings)].sort();
  return bindings.length === 0 ? source : { ...source, bindings };
}
