import { createDocument, type ZodOpenApiOperationObject } from "zod-openapi";
import * as z from "zod";
import { parameterNames, parameters } from "../routing/parameters.ts";
import type { Route, Success } from "../routing/route.ts";
import { about } from "./about.ts";
import { problemResponses } from "./problems.ts";
import { requestIdComponent, requestIdHeader } from "./request-id.ts";

/** A description of an API in the form of OpenAPI 3.1. */
export type Document = ReturnType<typeof createDocument>;

type Responses = ZodOpenApiOperationObject["responses"];

/** The description of these routes. */
export function describeRoutes(routes: readonly Route[], version: string): Document {
  const paths = Map.groupBy(routes, ({ path }) => path);
  return createDocument({
    openapi: "3.1.0",
    info: {
      title: "Perdure",
      version,
      description: about,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths: Object.fromEntries([...paths].map(([path, verbs]) => [path, describePath(verbs)])),
    components: {
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description:
            "A token with one of the scopes that an operation names. Nothing is needed in local development, as long as no token is configured.",
        },
      },
      headers: requestIdComponent,
    },
  });
}

function describePath(routes: readonly Route[]): Record<string, ZodOpenApiOperationObject> {
  return Object.fromEntries(
    routes.map((route) => [route.verb.toLowerCase(), describeOperation(route)]),
  );
}

function describeOperation(route: Route): ZodOpenApiOperationObject {
  const { id, tag, summary, description, access, body } = route;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    // Any of these will do.
    security: access === "public" ? [] : access.map((scope) => ({ bearer: [scope] })),
    requestParams: describeParameters(route),
    ...(body === undefined ? {} : { requestBody: describeBody(body) }),
    responses: { ...describeAnswers(route), ...problemResponses(route) },
  };
}

function describeParameters({ path, query, headers }: Route) {
  const names = parameterNames(path);
  const inPath = z.object(Object.fromEntries(names.map((name) => [name, parameters[name]])));
  return {
    ...(names.length === 0 ? {} : { path: inPath }),
    ...(query === undefined ? {} : { query }),
    ...(headers === undefined ? {} : { header: headers }),
  };
}

function describeBody({ content, required, description }: NonNullable<Route["body"]>) {
  return {
    required,
    ...(description === undefined ? {} : { description }),
    content: withSchemas(content),
  };
}

function describeAnswers({ answers }: Route): Responses {
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => [status, describeAnswer(answer)]),
  ) as Responses;
}

function describeAnswer({ description, shape, content, headers = {} }: Success) {
  const own = Object.entries(headers).map(
    ([name, meaning]) =>
      [name, { description: meaning, schema: { type: "string" as const } }] as const,
  );
  const sent = content ?? (shape === undefined ? undefined : { "application/json": shape });
  return {
    description,
    headers: { ...requestIdHeader, ...Object.fromEntries(own) },
    ...(sent === undefined ? {} : { content: withSchemas(sent) }),
  };
}

function withSchemas(content: Readonly<Record<string, z.ZodType>>) {
  return Object.fromEntries(
    Object.entries(content).map(([mediaType, schema]) => [mediaType, { schema }]),
  );
}
