/** Mints, finds and revokes tokens. The token itself is in memory only, while it is made or checked. */
import {
  callerOf,
  hasExpired,
  idOfToken,
  tokenBytes,
  tokenOf,
  type Caller,
  type MintedToken,
  type TokenRequest,
  type TokenView,
} from "../../core/access/token.ts";
import type { TokenOperations, TokenStoreOperations } from "../../core/api/tokens.ts";
import { digestOf, isSameDigest } from "./digest.ts";
import { KnownTokens } from "./known-tokens.ts";
import { persist } from "../persist.ts";

export class Tokens implements TokenOperations {
  readonly #store: () => TokenStoreOperations;
  readonly #known = new KnownTokens();

  /** `store` gives a fresh stub each time. */
  constructor(store: () => TokenStoreOperations) {
    this.#store = store;
  }

  /** The caller with that token; nobody when it is unknown, wrong, revoked or expired. */
  async callerOf(token: string): Promise<Caller | undefined> {
    const id = idOfToken(token);
    if (id === undefined) return undefined;
    const stored = await this.#known.find(id, () => persist(() => this.#store().find(id)));
    if (stored === undefined || !isSameDigest(await digestOf(token), stored.hash)) return undefined;
    return hasExpired(stored.view, Date.now()) ? undefined : callerOf(stored.view);
  }

  async mint(request: TokenRequest): Promise<MintedToken> {
    const id = crypto.getRandomValues(new Uint8Array(tokenBytes.id)).toHex();
    const secret = crypto
      .getRandomValues(new Uint8Array(tokenBytes.secret))
      .toBase64({ alphabet: "base64url", omitPadding: true });
    const token = tokenOf(id, secret);
    const view = { id, ...request, createdAt: new Date().toISOString() };
    // Never repeated: the second try would find the id taken.
    await this.#store().add({ view, hash: await digestOf(token) });
    return { ...view, token };
  }

  list(limit: number, before?: number) {
    return persist(() => this.#store().list(limit, before));
  }

  async show(id: string): Promise<TokenView | undefined> {
    return (await persist(() => this.#store().find(id)))?.view;
  }

  /** This isolate refuses the token from now on. */
  async revoke(id: string): Promise<boolean> {
    const wasThere = await persist(() => this.#store().remove(id));
    this.#known.forget(id);
    return wasThere;
  }
}
