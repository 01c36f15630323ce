/**
 * What web pages may do with what a browser has by itself: its way to a developer's own server, or
 * its session with Cloudflare Access. Neither proves that somebody wants what a page asks for.
 */
import { accept, refuse, type Result } from "../../core/errors.ts";
import type { AuthPorts } from "../ports.ts";

/** Addresses, single words and `*.localhost`. */
const localName = /^(?:[\d.]+|[^.]+|.+\.localhost)$/;

export function checkPage({ door, corsOrigins }: AuthPorts, request: Request): Result<null> {
  const origin = request.headers.get("origin");
  const own = URL.parse(request.url);
  if (door === "open" && !isKnownName(own, corsOrigins)) return unknownName(own);
  if (origin === null || (own !== null && URL.parse(origin)?.host === own.host)) {
    return accept(null);
  }
  // As everywhere in CORS, `*` is for pages that send nothing of a user's.
  const isNamed = corsOrigins.includes(origin) || (door === "open" && corsOrigins.includes("*"));
  return isNamed ? accept(null) : otherOrigin(origin);
}

/**
 * Anybody can have a name in the DNS lead to this machine, and a page under it is then of the same
 * origin as this server. So a name of that kind counts only when it is configured.
 */
function isKnownName(own: URL | null, corsOrigins: readonly string[]): boolean {
  if (own === null) return false;
  if (localName.test(own.hostname) || corsOrigins.includes("*")) return true;
  return corsOrigins.some((origin) => URL.parse(origin)?.host === own.host);
}

function unknownName(own: URL | null): Result<never> {
  return refuse(
    "forbidden",
    `A server without a token answers under a name of this machine, and this request is for ${own?.host ?? "a name that is none"}: use localhost, send a token (npm start -- --token TOKEN sets it), or put the origin with that name in PERDURE_CORS_ORIGINS.`,
  );
}

function otherOrigin(origin: string): Result<never> {
  return refuse(
    "forbidden",
    `A page of ${origin} may not call this server without a token: send one (npm start -- --token TOKEN sets it), or name the origin in PERDURE_CORS_ORIGINS.`,
  );
}
