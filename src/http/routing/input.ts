import * as z from "zod";
import { mayCall, type Grant } from "../../core/access/grant.ts";
import { accept, type Result } from "../../core/errors.ts";
import { targetOf } from "../access/target.ts";
import type { Ports } from "../ports.ts";
import { invalidRequest, issuesOf } from "./invalid-request.ts";
import { pathReader } from "./parameters.ts";
import { readQuery } from "./query.ts";
import type { Route } from "./route.ts";

const nothing = z.object({});

type AnyInput = Parameters<Route["handle"]>[0];

/** A request to a route, and who sends it. */
export interface Arrived {
  readonly raw: Request;
  /** As it was sent. */
  readonly path: string;
  readonly caller: Grant;
}

/** Reads all parts of a request, in the order in which they are checked; the body of a forbidden one is not read. */
export function inputReader(route: Route, ports: Ports) {
  const readPath = pathReader(route.path);
  return async ({ raw, path: sent, caller }: Arrived): Promise<Result<AnyInput>> => {
    const path = readPath(sent);
    if (!path.ok) return path;
    const query = readQuery(raw, route.query ?? nothing);
    if (!query.ok) return query;
    if (route.access !== "public") {
      const covered = mayCall(caller, route.access, targetOf(route, path.value, query.value));
      if (!covered.ok) return covered;
    }
    const headers = readHeaders(raw, route.headers ?? nothing);
    if (!headers.ok) return headers;
    const body = (await route.body?.read(raw, ports.limits)) ?? accept(undefined);
    if (!body.ok) return body;
    return accept({
      path: path.value,
      query: query.value,
      headers: headers.value,
      body: body.value,
      raw,
      caller,
    });
  };
}

/** The headers that a schema names; others are ignored. */
function readHeaders<Schema extends z.ZodObject>(
  request: Request,
  schema: Schema,
): Result<z.output<Schema>> {
  const given = Object.keys(schema.shape).flatMap((name) => {
    const value = request.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  const checked = schema.safeParse(Object.fromEntries(given));
  return checked.success
    ? accept(checked.data)
    : invalidRequest(...issuesOf("header", checked.error));
}
