/** The tokens that this isolate has met lately. */
import type { StoredToken } from "../../core/api/tokens.ts";

/**
 * For so long another isolate may go on taking a token that was revoked. Without it every request
 * would be one more call to the one object that keeps all tokens.
 */
const KEPT_MS = 10_000;
/** A few hundred bytes each. */
const KEPT_TOKENS = 1_000;

interface Known {
  readonly token: StoredToken;
  readonly until: number;
}

export class KnownTokens {
  readonly #known = new Map<string, Known>();
  /** Tells a read that a revocation has overtaken it. */
  #revocations = 0;

  /** The token of that id; `read` is asked when it is not known, or not any more. */
  async find(
    id: string,
    read: () => Promise<StoredToken | undefined>,
  ): Promise<StoredToken | undefined> {
    const known = this.#known.get(id);
    if (known !== undefined && Date.now() < known.until) return known.token;
    this.#known.delete(id);
    const revocations = this.#revocations;
    const token = await read();
    if (token !== undefined && revocations === this.#revocations) this.#keep(id, token);
    return token;
  }

  /** From now on the token is read anew. */
  forget(id: string): void {
    this.#revocations += 1;
    this.#known.delete(id);
  }

  #keep(id: string, token: StoredToken): void {
    this.#known.set(id, { token, until: Date.now() + KEPT_MS });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= KEPT_TOKENS) return;
      this.#known.delete(oldest);
    }
  }
}
