import type * as z from "zod";
import type { Grant, Scope } from "../../core/access/grant.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { Ports } from "../ports.ts";
import type { BodyReader } from "./body.ts";
import type { PathValues } from "./parameters.ts";
import type { Answer } from "./reply.ts";

export type Verb = "GET" | "PUT" | "POST" | "DELETE";

/** The headings under which routes are described. */
export type Tag =
  | "Agents"
  | "Components"
  | "Invocations"
  | "Oplog"
  | "Operating"
  | "Rollouts"
  | "Schedules"
  | "Server"
  | "Tokens"
  | "Updates";

/** What a handler gets: all parts of the request, parsed and checked. */
export interface Input<Path extends string, Query, Headers, Body> {
  readonly path: PathValues<Path>;
  readonly query: Query;
  readonly headers: Headers;
  readonly body: Body;
  /** The request itself; its body has been read if the route declares one. */
  readonly raw: Request;
  /** What the caller may do. That this route and its path are covered has been checked. */
  readonly caller: Grant;
}

/** One way in which a request goes well. */
export interface Success {
  readonly description: string;
  /** The shape of a JSON body. */
  readonly shape?: z.ZodType;
  /** What is sent when that is no JSON, by media type. */
  readonly content?: Readonly<Record<string, z.ZodType>>;
  /** Headers that it has, with what they say. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A route, as data: the router serves it, the description describes it, and tests go through all of
 * them. Nothing else knows what the API looks like.
 */
export interface Declaration<
  Path extends string,
  Query extends z.ZodObject,
  Headers extends z.ZodObject,
  Body,
> {
  readonly verb: Verb;
  /** In the form of OpenAPI: `/v1/agents/{component}`; the names are those in `parameters.ts`. */
  readonly path: Path;
  readonly id: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** Who may call: anybody, or who has one of these scopes. `admin` contains all others. */
  readonly access: "public" | readonly Scope[];
  readonly query?: Query;
  readonly headers?: Headers;
  readonly body?: BodyReader<Body>;
  readonly answers: Readonly<Record<number, Success>>;
  /** Codes of its own; `refusalsOf` adds those that follow from what it takes. */
  readonly refusals: readonly ErrorCode[];
  /** Calls and replies. A ready response (a stream, a WebSocket) goes out as it is. */
  handle(
    input: Input<Path, z.output<Query>, z.output<Headers>, Body>,
    ports: Ports,
  ): Promise<Answer | Response>;
}

/** A route of which it is not known what exactly it takes. */
export type Route = Declaration<string, z.ZodObject, z.ZodObject, unknown>;

/** Declares a route; what its handler gets follows from the path and the schemas. */
export function route<
  const Path extends string,
  Query extends z.ZodObject = z.ZodObject,
  Headers extends z.ZodObject = z.ZodObject,
  Body = undefined,
>(declared: Declaration<Path, Query, Headers, Body>): Route {
  return declared;
}
