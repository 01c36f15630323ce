import { Hono, type Context } from "hono";
import type { Grant } from "../../core/access/grant.ts";
import { refuse } from "../../core/errors.ts";
import { checkConfiguration } from "../access/configuration.ts";
import { identify } from "../access/authenticate.ts";
import { crossOrigin } from "../access/cross-origin.ts";
import type { Ports } from "../ports.ts";
import { inputReader } from "./input.ts";
import { invalidRequest } from "./invalid-request.ts";
import { rawPath } from "./path.ts";
import { identified, toResponse, type Answer } from "./reply.ts";
import { requestIdOf } from "./request-id.ts";
import type { Route } from "./route.ts";

type AppEnv = { Variables: { requestId: string; caller: Grant } };

/** The Hono app that serves the routes. */
export type App = Hono<AppEnv>;

/** Who calls a public route need not be known. */
const anybody: Grant = { scopes: [] };

/** An app that serves these routes, and refuses every other request. */
export function createRouter(routes: readonly Route[], ports: Ports): App {
  const app: App = new Hono<AppEnv>({ getPath: rawPath });
  app.use(async (context, next) => {
    context.set("requestId", requestIdOf(context.req.raw));
    context.set("caller", anybody);
    await next();
  });
  const { corsOrigins } = ports.auth;
  if (corsOrigins.length > 0) app.use(crossOrigin(corsOrigins));
  app.notFound((context) => toResponse(unknownRoute(context.req.path), context.get("requestId")));
  mount(
    app,
    routes.filter(({ access }) => access === "public"),
    ports,
  );
  // Mounted here, it stands before all that is mounted after, and unknown routes.
  app.use("/v1/*", async (context, next) => {
    const caller = await callerOf(context.req.raw, context.get("requestId"), ports);
    if (caller instanceof Response) return caller;
    context.set("caller", caller);
    return next();
  });
  mount(
    app,
    routes.filter(({ access }) => access !== "public"),
    ports,
  );
  return app;
}

/** Adds routes; a verb that a path does not know is refused with `Allow`. */
function mount(app: App, routes: readonly Route[], ports: Ports): void {
  for (const route of routes) {
    app.on(route.verb, toPattern(route.path), server(route, ports));
  }
  for (const [path, verbs] of Map.groupBy(routes, ({ path: one }) => one)) {
    const allow = verbs
      .flatMap(({ verb }) => (verb === "GET" ? ["GET", "HEAD"] : [verb]))
      .join(", ");
    app.all(toPattern(path), (context) =>
      toResponse(
        refuse("method-not-allowed", `This path answers ${allow}, not ${context.req.method}.`),
        context.get("requestId"),
        { Allow: allow },
      ),
    );
  }
}

/** The path as Hono writes it. */
function toPattern(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}

/** What the caller may do, or the answer to one who is not known. */
async function callerOf(
  request: Request,
  requestId: string,
  ports: Ports,
): Promise<Grant | Response> {
  try {
    const configured = checkConfiguration(ports.misconfigured);
    const caller = configured.ok ? await identify(ports.auth, request) : configured;
    return caller.ok ? caller.value.grant : toResponse(caller, requestId);
  } catch (error) {
    return failure(error, requestId);
  }
}

/** Reads the requests to a route, and answers them. */
function server(route: Route, ports: Ports): (context: Context<AppEnv>) => Promise<Response> {
  const read = inputReader(route, ports);
  return async (context) => {
    const requestId = context.get("requestId");
    const { raw, path } = context.req;
    try {
      const input = await read({ raw, path, caller: context.get("caller") });
      const answer = input.ok ? await route.handle(input.value, ports) : input;
      return answer instanceof Response
        ? identified(answer, requestId)
        : toResponse(answer, requestId);
    } catch (error) {
      return failure(error, requestId);
    }
  };
}

function failure(error: unknown, requestId: string): Response {
  console.error(`request ${requestId} failed`, error);
  const refusal = refuse(
    "internal-error",
    `The server could not answer. Try again; if it stays so, look for request ${requestId} in its log.`,
  );
  return toResponse(refusal, requestId);
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
