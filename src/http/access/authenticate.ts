import { everything, type Grant } from "../../core/access/grant.ts";
import { accept, refuse, type Result } from "../../core/errors.ts";
import type { AuthSettings } from "../ports.ts";

const bearer = /^bearer +([^\s]+) *$/i;

/** Who sends a request, as what it may do. */
export function identify(settings: AuthSettings, request: Request): Result<Grant> {
  if (settings.token === undefined || settings.token === "") {
    return settings.local ? fromHere(request) : notConfigured();
  }
  const given = bearer.exec(request.headers.get("authorization") ?? "")?.[1];
  if (given === undefined) {
    return refuse("unauthorized", "Send the header `Authorization: Bearer TOKEN`.");
  }
  return equalInConstantTime(given, settings.token)
    ? accept(everything)
    : refuse("unauthorized", "The token is not the one that this server was given.");
}

/** Without a token, no web page of another site may make a browser call a developer's own server. */
function fromHere(request: Request): Result<Grant> {
  const origin = request.headers.get("origin");
  if (origin === null || URL.parse(origin)?.host === new URL(request.url).host) {
    return accept(everything);
  }
  return refuse(
    "forbidden",
    `A page of ${origin} may not call a server without a token: start it with --token TOKEN and send that.`,
  );
}

function notConfigured(): Result<never> {
  return refuse(
    "auth-not-configured",
    "This server has no token and is not in local development mode: set the secret PERDURE_TOKEN, or start it with `npm start`.",
  );
}

/** The time depends on the length of the given text only. */
function equalInConstantTime(given: string, secret: string): boolean {
  let difference = given.length ^ secret.length;
  for (let at = 0; at < given.length; at += 1) {
    difference |= given.charCodeAt(at) ^ secret.charCodeAt(at % secret.length);
  }
  return difference === 0;
}
