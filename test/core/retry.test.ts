import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultRetryPolicy, readRetryPolicy, retryDelay } from "../../src/core/retry.ts";
import { announceSeed, check } from "../support/property.ts";

announceSeed();

const patient = { ...defaultRetryPolicy, attempts: 20 };

describe("sdk: the default policy of retries", () => {
  test("is three tries, 200 ms to 10 s, doubling, with 15 % of jitter", () => {
    expect(defaultRetryPolicy).toEqual({
      attempts: 3,
      initialMs: 200,
      maxMs: 10_000,
      factor: 2,
      jitter: 0.15,
    });
  });

  test.each([
    [1, 0.5, 200],
    [2, 0.5, 400],
    [1, 0, 170],
    [2, 0, 340],
    [3, 0.5, undefined],
    [4, 0.5, undefined],
  ])("after try %d, with chance %d: %s ms", (attempt, random, delay) => {
    expect(retryDelay(defaultRetryPolicy, attempt, random)).toBe(delay);
  });

  test("a single try is never repeated", () => {
    expect(retryDelay({ ...defaultRetryPolicy, attempts: 1 }, 1, 0.5)).toBeUndefined();
  });

  test("every delay is whole, within the jitter of its plain length, and never above the longest and its jitter", () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    check(
      fc.tuple(fc.integer({ min: 1, max: 19 }), chance),
      ([attempt, random]) => {
        const delay = retryDelay(patient, attempt, random) ?? Number.NaN;
        const plain = Math.min(10_000, 200 * 2 ** (attempt - 1));
        expect(Number.isInteger(delay)).toBe(true);
        expect(Math.abs(delay - plain)).toBeLessThanOrEqual(plain * 0.15 + 0.5);
      },
      1000,
    );
  });
});

describe("sdk: policies as authors write them", () => {
  test.each<[string, unknown, object]>([
    ["nothing is the default", {}, {}],
    ["what is left out is the default", { attempts: 5 }, { attempts: 5 }],
    ["tries without end", { attempts: Infinity }, { attempts: Number.MAX_SAFE_INTEGER }],
    ["statuses", { on: [503, 429] }, { on: [503, 429] }],
  ])("%s", (_, given, changed) => {
    expect(readRetryPolicy(given, defaultRetryPolicy)).toEqual({
      ...defaultRetryPolicy,
      ...changed,
    });
  });

  test.each<[string, unknown]>([
    ["no object", 3],
    ["null", null],
    ["no try at all", { attempts: 0 }],
    ["half a try", { attempts: 1.5 }],
    ["a negative delay", { initialMs: -1 }],
    ["a longest delay without end", { maxMs: Infinity }],
    ["a factor that is text", { factor: "2" }],
    ["more jitter than all", { jitter: 1.1 }],
    ["statuses that are none", { on: ["503"] }],
    ["one status", { on: 503 }],
  ])("%s is none", (_, given) => {
    expect(readRetryPolicy(given, defaultRetryPolicy)).toBeUndefined();
  });
});
