/** Who sends a request. What it may do is asked of `core/access/grant.ts`, once its route is known. */
import { everything } from "../../core/access/grant.ts";
import type { Caller } from "../../core/access/token.ts";
import { accept, refuse, type Result } from "../../core/errors.ts";
import type { AuthPorts } from "../ports.ts";
import { checkPage } from "./pages.ts";

const bearer = /^bearer +([^\s]+) *$/i;

/** The caller, when it is known and has not called too often. */
export async function identify(auth: AuthPorts, request: Request): Promise<Result<Caller>> {
  if (auth.door === "closed") return notConfigured();
  if (auth.door === "open") {
    const page = checkPage(auth, request);
    return page.ok ? accept({ grant: everything }) : page;
  }
  const caller = await callerOf(auth, request);
  if (!caller.ok || caller.value.limited === undefined) return caller;
  const waitMs = await auth.take(caller.value.limited);
  return waitMs === 0 ? caller : tooMany(waitMs);
}

/** A token that is sent decides alone: Cloudflare Access may add its assertion to any request. */
async function callerOf(auth: AuthPorts, request: Request): Promise<Result<Caller>> {
  const authorization = request.headers.get("authorization");
  const assertion = request.headers.get("cf-access-jwt-assertion");
  if (authorization === null && assertion !== null && auth.checkAssertion !== undefined) {
    const page = checkPage(auth, request);
    return page.ok ? auth.checkAssertion(assertion) : page;
  }
  const token = bearer.exec(authorization ?? "")?.[1];
  if (token === undefined) {
    return refuse("unauthorized", "Send the header `Authorization: Bearer TOKEN`.");
  }
  const caller = await auth.callerOf(token);
  return caller === undefined ? unknownToken() : accept(caller);
}

function notConfigured(): Result<never> {
  return refuse(
    "auth-not-configured",
    "This server has no token and is not in local development mode: set the secret PERDURE_TOKEN, or start it with `npm start`.",
  );
}

/** The same for all that do not let in, so it tells nothing about tokens. */
function unknownToken(): Result<never> {
  return refuse(
    "unauthorized",
    "The token is not one of this server's, or not any more: ask an administrator for another.",
  );
}

function tooMany(waitMs: number): Result<never> {
  const retryAfterSeconds = Math.ceil(waitMs / 1000);
  return refuse(
    "rate-limited",
    `This token has used up its requests: send the next one in ${retryAfterSeconds} s.`,
    { retryAfterSeconds },
  );
}
