/** How often a token may be used, in virtual time. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { take, untilFull, type Bucket, type RateLimit } from "../../../src/core/access/rate.ts";
import { announceSeed, check } from "../../support/property.ts";

announceSeed();

/** A token in use: `ask` answers 0, or how long to wait. */
function inUse(limit: RateLimit) {
  let bucket: Bucket | undefined;
  return {
    ask: (now: number): number => {
      const taking = take(limit, bucket, now);
      if ("waitMs" in taking) return taking.waitMs;
      bucket = taking.bucket;
      return 0;
    },
    get untilFull() {
      return bucket === undefined ? 0 : untilFull(limit, bucket);
    },
  };
}

describe("a token with a rate limit", () => {
  test("may send all of its requests at once, and then one each time that one comes back", () => {
    const { ask } = inUse({ requests: 3, perSeconds: 1 });
    expect([ask(0), ask(0), ask(0)]).toEqual([0, 0, 0]);
    expect(ask(0)).toBe(334);
    expect(ask(333)).toBe(1);
    expect(ask(334)).toBe(0);
    expect(ask(334)).toBe(333);
    expect([ask(667), ask(1000), ask(1000)]).toEqual([0, 0, 334]);
  });

  test("has all of them again after the window, and no more than those after a long time", () => {
    const { ask } = inUse({ requests: 2, perSeconds: 60 });
    expect([ask(0), ask(0), ask(60_000), ask(60_000), ask(60_000)]).toEqual([0, 0, 0, 0, 30_000]);
    const year = 365 * 86_400_000;
    expect([ask(year), ask(year), ask(year)]).toEqual([0, 0, 30_000]);
  });

  test("is not punished for asking too early: what is refused takes nothing", () => {
    const { ask } = inUse({ requests: 1, perSeconds: 10 });
    expect(ask(0)).toBe(0);
    for (let now = 0; now < 10_000; now += 100) expect(ask(now)).toBe(10_000 - now);
    expect(ask(10_000)).toBe(0);
  });

  test("gains nothing when the clock is set back", () => {
    const { ask } = inUse({ requests: 1, perSeconds: 10 });
    expect([ask(50_000), ask(40_000), ask(49_999)]).toEqual([0, 10_000, 10_000]);
  });

  test("needs no memory once its bucket is full again", () => {
    const used = inUse({ requests: 4, perSeconds: 2 });
    used.ask(0);
    used.ask(0);
    expect(used.untilFull).toBe(1_000);
  });
});

test("however it is used, no window lets more through than the limit twice, and waiting is enough", () => {
  const limits = fc.record({
    requests: fc.integer({ min: 1, max: 50 }),
    perSeconds: fc.integer({ min: 1, max: 60 }),
  });
  const pauses = fc.array(fc.nat({ max: 5_000 }), { maxLength: 200 });
  check(
    fc.tuple(limits, pauses),
    ([limit, gaps]) => {
      const { ask } = inUse(limit);
      const windowMs = limit.perSeconds * 1000;
      const passed: number[] = [];
      let now = 1_700_000_000_000;
      for (const gap of gaps) {
        now += gap;
        const waitMs = ask(now);
        if (waitMs > 0) {
          expect(waitMs).toBeLessThanOrEqual(Math.ceil(windowMs / limit.requests));
          now += waitMs;
          expect(ask(now)).toBe(0);
        }
        passed.push(now);
        // A full bucket, and what comes back while it is used: the bound of every token bucket.
        const since = passed.filter((at) => at > now - windowMs).length;
        expect(since).toBeLessThanOrEqual(2 * limit.requests);
        const elapsed = now - (passed[0] ?? now);
        expect(passed.length).toBeLessThanOrEqual(
          limit.requests + Math.floor((elapsed * limit.requests) / windowMs),
        );
      }
    },
    300,
  );
});
