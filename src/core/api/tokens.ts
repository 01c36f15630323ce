/** What can be asked about tokens, and of the objects behind them: one keeps them all, others count. */
import type { RateLimit } from "../access/rate.ts";
import type { MintedToken, TokenRequest, TokenView } from "../access/token.ts";

/** A token as it is kept: in its place, its SHA-256. */
export interface StoredToken {
  readonly view: TokenView;
  readonly hash: ArrayBuffer;
}

export interface TokensPage {
  readonly tokens: readonly TokenView[];
  /** Where the next page begins, when there is one. */
  readonly before?: number;
}

/** What HTTP asks about tokens. */
export interface TokenOperations {
  /** The token itself is told this once. */
  mint(request: TokenRequest): Promise<MintedToken>;
  list(limit: number, before?: number): Promise<TokensPage>;
  show(id: string): Promise<TokenView | undefined>;
  /** Whether it was there. */
  revoke(id: string): Promise<boolean>;
}

/** The operations of the object that keeps the tokens. */
export interface TokenStoreOperations {
  add(token: StoredToken): Promise<void>;
  find(id: string): Promise<StoredToken | undefined>;
  /** Newest first, those with a number below `before` when it is given. */
  list(limit: number, before?: number): Promise<TokensPage>;
  /** Whether it was there. */
  remove(id: string): Promise<boolean>;
}

/** The operations of the object that counts the requests of one token. */
export interface RateOperations {
  /** Takes one, or says how many milliseconds later there will be one to take. */
  take(limit: RateLimit): Promise<number>;
}
