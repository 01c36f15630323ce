/** Lets pages of other origins call, those that an operator names. */
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { identified } from "../routing/reply.ts";

type Identified = { Variables: { requestId: string } };

/** What a page may read of an answer beside its body. */
const exposed = ["Allow", "Location", "Retry-After", "WWW-Authenticate", "X-Request-Id"];
const preflightSeconds = 600;

/** Answers preflights, before anybody has to be known, and adds to each answer who may read it. */
export function crossOrigin(origins: readonly string[]): MiddlewareHandler<Identified> {
  const answer = cors({
    origin: origins.includes("*") ? "*" : [...origins],
    allowMethods: ["GET", "HEAD", "PUT", "POST", "DELETE"],
    exposeHeaders: exposed,
    maxAge: preflightSeconds,
  });
  // Browsers ask nothing of the kind for WebSockets, and the answer to an upgrade stays as it is.
  return async (context, next) => {
    if (context.req.header("Upgrade") !== undefined) return next();
    const preflight = await answer(context, next);
    return preflight && identified(preflight, context.get("requestId"));
  };
}
