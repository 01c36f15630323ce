import { Hono, type Context } from "hono";
import { refuse, type Result } from "../core/errors.ts";
import { invalidRequest } from "./invalid-request.ts";
import { rawPath } from "./path.ts";
import { toResponse, type Answer } from "./reply.ts";
import { requestIdOf } from "./request-id.ts";

/** A request on its way to a handler; `segments` are those of the path, still percent-encoded. */
export interface ApiRequest {
  readonly raw: Request;
  readonly segments: readonly string[];
}

/** Parses, calls, replies; what is no document answers a response of its own. */
export type Handler = (request: ApiRequest) => Promise<Answer | Response>;

/** What each path answers, by verb. */
export type Routes = Readonly<Record<string, Readonly<Record<string, Handler>>>>;

type AppEnv = { Variables: { requestId: string } };

/** The Hono app in which all routes are mounted. */
export type App = Hono<AppEnv>;

/** An app that so far refuses every route as `not-found`. */
export function createRouter(): App {
  const app: App = new Hono<AppEnv>({ getPath: rawPath });
  app.use(async (context, next) => {
    context.set("requestId", requestIdOf(context.req.raw));
    await next();
  });
  app.notFound((context) => toResponse(unknownRoute(context.req.path), context.get("requestId")));
  return app;
}

/** Lets nothing under a path through to what is mounted later unless `check` accepts it. */
export function guard(app: App, path: string, check: (request: Request) => Result<null>): void {
  app.use(path, async (context, next) => {
    const checked = check(context.req.raw);
    if (!checked.ok) return toResponse(checked, context.get("requestId"));
    return next();
  });
}

/** Adds routes; a verb that a path does not know is refused with `Allow`. */
export function mount(app: App, routes: Routes): void {
  for (const [path, handlers] of Object.entries(routes)) {
    const verbs = Object.keys(handlers);
    for (const [verb, handler] of Object.entries(handlers)) {
      app.on(verb, path, (context) => run(handler, context));
    }
    const allow = verbs.flatMap((verb) => (verb === "GET" ? ["GET", "HEAD"] : [verb])).join(", ");
    app.all(path, (context) =>
      toResponse(
        refuse("method-not-allowed", `This path answers ${allow}, not ${context.req.method}.`),
        context.get("requestId"),
        { Allow: allow },
      ),
    );
  }
}

async function run(handler: Handler, context: Context<AppEnv>): Promise<Response> {
  const requestId = context.get("requestId");
  try {
    const segments = context.req.path.split("/").slice(1);
    const answer = await handler({ raw: context.req.raw, segments });
    return answer instanceof Response ? answer : toResponse(answer, requestId);
  } catch (error) {
    console.error(`request ${requestId} failed`, error);
    return toResponse(internalError(requestId), requestId);
  }
}

function internalError(requestId: string): Answer {
  return refuse(
    "internal-error",
    `The server could not answer. Try again; if it stays so, look for request ${requestId} in its log.`,
  );
}

function unknownRoute(path: string): Answer {
  if (/^\/v1\/agents\/.*(?:\/\/|\/$)/.test(path)) {
    return invalidRequest({
      path: ["path"],
      message:
        "an agent's address is component/type/key and no part of it is empty; the keys `.` and `..` are not possible, for URL parsers swallow them",
    });
  }
  return refuse("not-found", "There is no such route; those of this API begin with /v1.");
}
