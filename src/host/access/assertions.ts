/** Assertions that Cloudflare Access sends with requests: JWTs, checked against its public keys. */
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import type { CloudflareAccess } from "../../core/access/settings.ts";
import type { Caller } from "../../core/access/token.ts";
import { accept, refuse, type Result } from "../../core/errors.ts";

const algorithms = ["RS256", "ES256"];
/** Access changes its keys every six weeks, and the old one stays valid for a week. */
const keysKeptMs = 10 * 60_000;
/** An unknown key makes the keys be read again, at most so often. */
const keysAgainMs = 30_000;
const keysWithinMs = 5_000;
/** By how much clocks may differ. */
const toleranceSeconds = 5;

const invalid = refuse(
  "unauthorized",
  "The assertion of Cloudflare Access is not valid for this host: sign in again, and let the issuer and the audience in PERDURE_ACCESS be those of the Access application.",
);

const unavailable = refuse(
  "access-keys-unavailable",
  "The keys of Cloudflare Access cannot be read, so its assertions cannot be checked: try again later, or send a token.",
);

export type CheckAssertion = (assertion: string) => Promise<Result<Caller>>;

/** Checks assertions by a setting; the keys stay in memory between the checks. */
export function assertionCheck({ issuer, audience, grant }: CloudflareAccess): CheckAssertion {
  const keys = createRemoteJWKSet(new URL(`${issuer}/cdn-cgi/access/certs`), {
    cacheMaxAge: keysKeptMs,
    cooldownDuration: keysAgainMs,
    timeoutDuration: keysWithinMs,
  });
  const options = {
    algorithms,
    issuer,
    audience,
    requiredClaims: ["exp"],
    clockTolerance: toleranceSeconds,
  };
  return async (assertion) => {
    try {
      await jwtVerify(assertion, keys, options);
      return accept({ grant });
    } catch (error) {
      if (isAboutAssertion(error)) return invalid;
      console.error("the keys of Cloudflare Access could not be read", error);
      return unavailable;
    }
  };
}

/** All else is a failure to get keys: then nothing is known of the assertion, and nobody let in. */
function isAboutAssertion(error: unknown): boolean {
  return [
    errors.JWTClaimValidationFailed,
    errors.JWTExpired,
    errors.JWTInvalid,
    errors.JWSInvalid,
    errors.JWSSignatureVerificationFailed,
    errors.JOSEAlgNotAllowed,
    errors.JOSENotSupported,
    errors.JWKSNoMatchingKey,
    errors.JWKSMultipleMatchingKeys,
  ].some((kind) => error instanceof kind);
}
