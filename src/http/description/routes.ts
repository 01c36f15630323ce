import * as z from "zod";
import { accept } from "../../core/errors.ts";
import { persist } from "../routing/persist.ts";
import { reply } from "../routing/reply.ts";
import { route, type Route } from "../routing/route.ts";
import { scopes } from "../../core/access/grant.ts";
import { describeRevision } from "./revision-document.ts";
import { describeRoutes, type Document } from "./document.ts";
import { renderPage } from "./page/page.ts";

const documentShape = z
  .looseObject({ openapi: z.string(), info: z.looseObject({}), paths: z.looseObject({}) })
  .meta({ description: "A description in the form of OpenAPI 3.1." });

/** The page runs no script and asks nobody else for anything. */
const pageHeaders = {
  "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
  "X-Content-Type-Options": "nosniff",
};

/** The routes that describe the API: all routes, these among them. */
export function descriptionRoutes(all: () => readonly Route[]): readonly Route[] {
  let made: Document | undefined;
  const document = (version: string) => (made ??= describeRoutes(all(), version));
  return [
    route({
      verb: "GET",
      path: "/v1/openapi.json",
      id: "getDescription",
      tag: "Server",
      summary: "This description",
      access: scopes,
      answers: { 200: { description: "OpenAPI 3.1.", shape: documentShape } },
      refusals: [],
      handle: async (_, ports) => reply(document(ports.version)),
    }),
    route({
      verb: "GET",
      path: "/docs",
      id: "getDocs",
      tag: "Server",
      summary: "This description, as a page to read",
      access: "public",
      answers: { 200: { description: "The page.", content: { "text/html": z.string() } } },
      refusals: [],
      async handle(_, ports) {
        const data = await renderPage(document(ports.version));
        const content = { mediaType: "text/html; charset=utf-8", data };
        return accept({ status: 200, content, headers: pageHeaders });
      },
    }),
    route({
      verb: "GET",
      path: "/v1/components/{component}/revisions/{revision}/openapi.json",
      id: "getRevisionDescription",
      tag: "Components",
      summary:
        "The methods of a revision's agents, as OpenAPI 3.1 with the schemas of their author",
      access: ["read", "invoke"],
      answers: { 200: { description: "OpenAPI 3.1.", shape: documentShape } },
      refusals: ["component-not-found", "revision-not-found"],
      async handle({ path: { component, revision } }, ports) {
        const found = await persist(() => ports.component(component).revision(revision));
        return found.ok ? reply(describeRevision(document(ports.version), found.value)) : found;
      },
    }),
  ];
}
