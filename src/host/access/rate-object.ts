import { DurableObject } from "cloudflare:workers";
import type { RateOperations } from "../../core/api/tokens.ts";
import { take, untilFull, type Bucket, type RateLimit } from "../../core/access/rate.ts";
import type { Env } from "../env.ts";

/**
 * Counts the requests of one token, in memory only: each of them would cost a row. The timer keeps
 * the object from being hibernated before its bucket is full again, when there is nothing to forget.
 */
export class RateObject extends DurableObject<Env> implements RateOperations {
  #bucket: Bucket | undefined;
  #timer: ReturnType<typeof setTimeout> | null = null;

  async take(limit: RateLimit): Promise<number> {
    const taking = take(limit, this.#bucket, Date.now());
    if ("waitMs" in taking) return taking.waitMs;
    this.#bucket = taking.bucket;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#bucket = undefined;
      },
      untilFull(limit, taking.bucket),
    );
    return 0;
  }
}
