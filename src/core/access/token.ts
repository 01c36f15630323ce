/** Tokens that an administrator mints: `pdr_`, an id that anybody may see, `_`, and a secret. */
import type { RateLimit } from "./rate.ts";
import type { Grant } from "./grant.ts";

const pattern = /^pdr_([0-9a-f]{24})_[\w-]{43}$/;

/** How many random bytes a token's id and its secret are made of. */
export const tokenBytes = { id: 12, secret: 32 } as const;

export function tokenOf(id: string, secret: string): string {
  return `pdr_${id}_${secret}`;
}

/** The id in a text that looks like a token. */
export function idOfToken(text: string): string | undefined {
  return pattern.exec(text)?.[1];
}

/** What is known of a token without the token itself. */
export interface TokenView extends Grant {
  readonly id: string;
  readonly name: string;
  readonly rateLimit?: RateLimit;
  readonly createdAt: string;
  readonly expiresAt?: string;
}

/** A new token, as whoever asked for it is told this once. */
export interface MintedToken extends TokenView {
  readonly token: string;
}

/** What an administrator asks for. */
export type TokenRequest = Omit<TokenView, "id" | "createdAt">;

export function hasExpired({ expiresAt }: TokenView, now: number): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) <= now;
}

/** Somebody whom the host knows. */
export interface Caller {
  readonly grant: Grant;
  /** The token by which it is known, when that may only be used so often. */
  readonly limited?: { readonly tokenId: string; readonly rateLimit: RateLimit };
}

/** The caller that a token stands for. */
export function callerOf({ id, scopes, component, keyPrefix, rateLimit }: TokenView): Caller {
  return {
    grant: {
      scopes,
      ...(component === undefined ? {} : { component }),
      ...(keyPrefix === undefined ? {} : { keyPrefix }),
    },
    ...(rateLimit === undefined ? {} : { limited: { tokenId: id, rateLimit } }),
  };
}
