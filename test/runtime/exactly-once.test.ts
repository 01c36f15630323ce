/**
 * Semantics 3 and 7: whatever process dies, and wherever, each effect is done once and the end is the
 * same. `journey` throws when an effect came twice without need, when a record is not legal, or when
 * there was work and no alarm.
 */
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { announceSeed, sample } from "../support/property.ts";
import { isolateDies, processDies, type Crash } from "./support/crashing.ts";
import { journey, JOURNEYS, type JourneyOptions, type Outcome } from "./support/journey.ts";

announceSeed();

/** Two points, the second up to `later` after the first. */
function pairs(points: number, later: number): fc.Arbitrary<readonly Crash[]> {
  return fc
    .tuple(fc.integer({ min: 1, max: points }), fc.integer({ min: 1, max: later }))
    .map(([first, after]) => [processDies(first), processDies(first + after)]);
}

/** Runs with these crashes that do not end as the one without did. */
async function failuresOf(
  [name, golden]: readonly [(typeof JOURNEYS)[number], Outcome],
  crashes: readonly (readonly Crash[])[],
  options: JourneyOptions = {},
): Promise<string[]> {
  const failures: string[] = [];
  for (const deadly of crashes) {
    try {
      const { outcome } = await journey([name], { ...options, crashes: deadly });
      expect(outcome).toEqual(golden);
    } catch (error) {
      failures.push(`${JSON.stringify(deadly)}: ${(error as Error).message}`);
    }
  }
  return failures;
}

describe.each(JOURNEYS)("a process dies in the journey %s", (name) => {
  let golden: Outcome;
  let points: readonly string[];

  beforeAll(async () => {
    const { world, outcome } = await journey([name]);
    points = world.points.passed;
    golden = outcome;
  });

  test("at any moment at which something crosses its border", async () => {
    const crashes = points.map((_, at) => [processDies(at + 1)]);
    expect(await failuresOf([name, golden], crashes)).toEqual([]);
  });

  test("and at any of them the isolate alone: what the host has begun is not begun again", async () => {
    const crashes = points.map((_, at) => [isolateDies(at + 1)]);
    expect(await failuresOf([name, golden], crashes)).toEqual([]);
  });

  test("twice: while it recovers, or anywhere later", async () => {
    const near = sample(pairs(points.length, 12), 30);
    const far = sample(pairs(points.length, points.length), 30);
    expect(await failuresOf([name, golden], [...near, ...far])).toEqual([]);
  });

  test("with writes that were not durable yet: what depends on them has not left", async () => {
    const once = sample(fc.integer({ min: 1, max: points.length }), 60).map((at) => [
      processDies(at),
    ]);
    const crashes = [...once, ...sample(pairs(points.length, 30), 20)];
    expect(await failuresOf([name, golden], crashes, { writeMs: 4 })).toEqual([]);
  });
});
