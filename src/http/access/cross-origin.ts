/** Lets pages of other origins call, those that an operator names. */
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";

/** What a page may read of an answer beside its body. */
const exposed = ["Allow", "Location", "Retry-After", "WWW-Authenticate", "X-Request-Id"];
const preflightSeconds = 600;

/** Answers preflights, before anybody has to be known, and adds to each answer who may read it. */
export function crossOrigin(origins: readonly string[]): MiddlewareHandler {
  const answer = cors({
    origin: origins.includes("*") ? "*" : [...origins],
    allowMethods: ["GET", "HEAD", "PUT", "POST", "DELETE"],
    exposeHeaders: exposed,
    maxAge: preflightSeconds,
  });
  // Browsers ask nothing of the kind for WebSockets, and the answer to an upgrade stays as it is.
  return (context, next) =>
    context.req.header("Upgrade") === undefined ? answer(context, next) : next();
}
