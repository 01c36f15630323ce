/** How many requests a token may make: a bucket that fills evenly. Time is a parameter. */

/** At most `requests` at once, and as many in any `perSeconds` after that. */
export interface RateLimit {
  readonly requests: number;
  readonly perSeconds: number;
}

/**
 * What has been taken and has not come back by `at`. A request takes the window's milliseconds, and
 * as many as `requests` come back in each millisecond: so all of it is in whole numbers, and exact.
 */
export interface Bucket {
  readonly taken: number;
  readonly at: number;
}

export type Taking =
  | { readonly bucket: Bucket }
  /** Nothing was taken; the next request may come after that time. */
  | { readonly waitMs: number };

/** Takes one request out of a bucket; no bucket is a full one. */
export function take(limit: RateLimit, bucket: Bucket | undefined, now: number): Taking {
  const cost = limit.perSeconds * 1000;
  const taken = takenBy(limit, bucket, now);
  const over = taken + cost - cost * limit.requests;
  if (over > 0) return { waitMs: Math.ceil(over / limit.requests) };
  return { bucket: { taken: taken + cost, at: now } };
}

/** How long it takes until nothing of a bucket needs to be remembered. */
export function untilFull(limit: RateLimit, { taken }: Bucket): number {
  return Math.ceil(taken / limit.requests);
}

/** A clock that was set back gives nothing back. */
function takenBy(limit: RateLimit, bucket: Bucket | undefined, now: number): number {
  if (bucket === undefined) return 0;
  return Math.max(0, bucket.taken - Math.max(0, now - bucket.at) * limit.requests);
}
