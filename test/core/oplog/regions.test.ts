import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addRegion,
  inRegions,
  type Region,
  type Regions,
} from "../../../src/core/oplog/regions.ts";
import { announceSeed, check } from "../../support/property.ts";

announceSeed();

const LAST = 60;
const index = fc.integer({ min: 1, max: LAST });
const region = fc.tuple(index, index);
const regions = fc.array(region, { maxLength: 12 });

function union(added: readonly Region[]): Regions {
  let all: Regions = [];
  for (const one of added) all = addRegion(all, one);
  return all;
}

describe("regions", () => {
  test("are the set of the indices in them", () => {
    check(
      regions,
      (added) => {
        const model = new Set<number>();
        for (const [from, to] of added) for (let at = from; at <= to; at++) model.add(at);
        const all = union(added);
        for (let at = 0; at <= LAST + 1; at++) expect(inRegions(all, at)).toBe(model.has(at));
      },
      2000,
    );
  });

  test("stay sorted, disjoint and not adjacent, so that each set has one form", () => {
    check(
      regions,
      (added) => {
        const all = union(added);
        all.forEach(([from, to], at) => {
          expect(from).toBeLessThanOrEqual(to);
          const before = all[at - 1];
          if (before !== undefined) expect(from).toBeGreaterThan(before[1] + 1);
        });
        expect(union(added.toReversed())).toEqual(all);
      },
      1000,
    );
  });

  test("adding does not change what it was added to", () => {
    const before: Regions = Object.freeze([Object.freeze([2, 4] as const)]);
    expect(addRegion(before, [5, 9])).toEqual([[2, 9]]);
    expect(before).toEqual([[2, 4]]);
  });

  test.each<[string, Regions, Region, Regions]>([
    ["an empty one adds nothing", [[2, 4]], [9, 8], [[2, 4]]],
    [
      "one before all",
      [[8, 9]],
      [2, 3],
      [
        [2, 3],
        [8, 9],
      ],
    ],
    [
      "one that touches on both sides",
      [
        [2, 3],
        [7, 9],
      ],
      [4, 6],
      [[2, 9]],
    ],
    [
      "one around several",
      [
        [2, 3],
        [5, 6],
        [9, 9],
      ],
      [1, 7],
      [
        [1, 7],
        [9, 9],
      ],
    ],
    ["one inside another", [[2, 9]], [4, 5], [[2, 9]]],
    ["a single index", [], [5, 5], [[5, 5]]],
  ])("%s", (_, before, added, after) => {
    expect(addRegion(before, added)).toEqual(after);
  });
});
