import { describe, expect, test } from "vitest";
import { beginRegion, endRegion } from "../../../src/core/status/atomic.ts";
import { current } from "../../support/statuses.ts";

/** Begins at these indices (positive) and ends of them (negative), in order. */
function after(...borders: readonly number[]) {
  let status = current;
  for (const border of borders) {
    status = border > 0 ? beginRegion(status, border) : endRegion(status, -border);
  }
  return status.regions?.map(({ begin, from }) => [begin, from]);
}

describe("semantics 7: open atomic regions", () => {
  test.each<[string, readonly number[], readonly (readonly number[])[] | undefined]>([
    ["one that began is open", [11], [[11, 11]]],
    ["one that ended is not", [11, -11], undefined],
    ["an inner one that ended leaves the outer one", [11, 13, -13], [[11, 11]]],
    ["one that ended before another began is left alone", [11, -11, 13], [[13, 13]]],
    ["one that ended in a later one is taken along by it", [11, 13, -11], [[13, 11]]],
    ["and with it what that one had taken along", [11, 13, -11, 15, -13], [[15, 11]]],
    ["an end of what is not open changes nothing", [11, -12], [[11, 11]]],
  ])("%s", (_, borders, regions) => {
    expect(after(...borders)).toEqual(regions);
  });
});
