/** How callers of this host are known: by its secret, by tokens that were minted, by Cloudflare Access. */
import type { Config } from "../../config.ts";
import { everything } from "../../core/access/grant.ts";
import { doorOf, type Door } from "../../core/access/settings.ts";
import type { Caller } from "../../core/access/token.ts";
import type { RateOperations } from "../../core/api/tokens.ts";
import { persist } from "../persist.ts";
import { assertionCheck, type CheckAssertion } from "./assertions.ts";
import { digestOf, isSameDigest } from "./digest.ts";
import type { ObjectNamespace } from "../env.ts";
import type { Tokens } from "./tokens.ts";

export type AccessConfig = Pick<Config, "local" | "token" | "access" | "corsOrigins">;

export class Auth {
  readonly door: Door;
  readonly checkAssertion?: CheckAssertion;
  readonly corsOrigins: readonly string[];
  readonly #secret: string | undefined;
  /** That of the secret; no promise, for one that a request has made must not be awaited by another. */
  #digest: ArrayBuffer | undefined;
  readonly #tokens: Tokens;
  readonly #rates: ObjectNamespace<RateOperations>;

  constructor(config: AccessConfig, tokens: Tokens, rates: ObjectNamespace<RateOperations>) {
    this.door = doorOf(config);
    if (config.access !== undefined) this.checkAssertion = assertionCheck(config.access);
    this.corsOrigins = config.corsOrigins ?? [];
    this.#secret = config.token;
    this.#tokens = tokens;
    this.#rates = rates;
  }

  async callerOf(token: string): Promise<Caller | undefined> {
    return (await this.#isSecret(token)) ? { grant: everything } : this.#tokens.callerOf(token);
  }

  take({ tokenId, rateLimit }: NonNullable<Caller["limited"]>): Promise<number> {
    return persist(() => this.#rates.getByName(tokenId).take(rateLimit));
  }

  async #isSecret(token: string): Promise<boolean> {
    if (this.#secret === undefined) return false;
    this.#digest ??= await digestOf(this.#secret);
    return isSameDigest(await digestOf(token), this.#digest);
  }
}
