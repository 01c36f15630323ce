import { serialize } from "node:v8";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isHeavierThan } from "../../src/core/weight.ts";
import { announceSeed, check } from "../support/property.ts";

announceSeed();

const values = fc.jsonValue({ maxDepth: 5, stringUnit: "grapheme" });

test("nothing takes more room on its way than it is said to weigh", () => {
  check(
    values,
    (value) => {
      const room = serialize(value).length;
      // The envelope of a message is no part of the value.
      expect(isHeavierThan(value, room - 16)).toBe(true);
    },
    2000,
  );
});

test.each([
  ["a wide text", "\u{1f600}".repeat(500)],
  ["numbers that are no integers", Array.from({ length: 200 }, () => 0.5)],
  ["names of members", { ["n".repeat(900)]: 1 }],
  ["many small objects", Array.from({ length: 100 }, () => ({ a: 1 }))],
  ["deep nesting", Array.from({ length: 100_000 }).reduce((inner) => [inner], 1)],
])("%s: heavier than a kilobyte", (_, value) => {
  expect(isHeavierThan(value, 1024)).toBe(true);
});

test("what is light is light", () => {
  expect(isHeavierThan({ kind: "Log", at: 1, level: "info", message: "hello" }, 1024)).toBe(false);
  expect(isHeavierThan(undefined, 1024)).toBe(false);
});
