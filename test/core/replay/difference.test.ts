import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../../src/core/api/views.ts";
import { equalJson } from "../../../src/core/json.ts";
import { firstDifference } from "../../../src/core/replay/difference.ts";
import { announceSeed, check } from "../../support/property.ts";

announceSeed();

const long = "x".repeat(1000);

describe("the first difference of two values", () => {
  test.each<[string, JsonValue, JsonValue, object | undefined]>([
    ["none of equal texts", "a", "a", undefined],
    ["none when only the order of members differs", { a: 1, b: 2 }, { b: 2, a: 1 }, undefined],
    ["none of equal lists", [1, [2]], [1, [2]], undefined],
    ["of two numbers", 1, 2, { path: "$", recorded: 1, replayed: 2 }],
    ["of null and false", null, false, { path: "$", recorded: null, replayed: false }],
    ["of a list and an object", [], {}, { path: "$", recorded: [], replayed: {} }],
    ["of a member", { a: { b: 1 } }, { a: { b: 2 } }, { path: "$.a.b", recorded: 1, replayed: 2 }],
    ["of an item", [1, [2, 3]], [1, [2, 4]], { path: "$[1][1]", recorded: 3, replayed: 4 }],
    [
      "the first of several",
      { a: 1, b: 1 },
      { b: 2, a: 2 },
      { path: "$.a", recorded: 1, replayed: 2 },
    ],
    ["a member that is gone", { a: 1, b: 2 }, { a: 1 }, { path: "$.b", recorded: 2 }],
    ["a member that is new", { a: 1 }, { a: 1, b: null }, { path: "$.b", replayed: null }],
    ["an item that is gone", [1, 2], [1], { path: "$[1]", recorded: 2 }],
    ["an item that is new", [1], [1, 2], { path: "$[1]", replayed: 2 }],
    [
      "a member with an odd name",
      { "a b": 1 },
      { "a b": 2 },
      { path: '$["a b"]', recorded: 1, replayed: 2 },
    ],
    ["a member that objects inherit", {}, { toString: 1 }, { path: "$.toString", replayed: 1 }],
    [
      "long texts from shortly before where they part",
      `${long}one`,
      `${long}two`,
      { path: "$", recorded: `…${"x".repeat(40)}one`, replayed: `…${"x".repeat(40)}two` },
    ],
    [
      "long values by the text of their JSON, cut",
      { a: [long] },
      { a: 1 },
      { path: "$.a", recorded: `${JSON.stringify([long]).slice(0, 200)}…`, replayed: 1 },
    ],
  ])("%s", (_, recorded, replayed, difference) => {
    expect(firstDifference(recorded, replayed)).toEqual(difference);
  });

  test("there is one exactly when the values are not equal, and it is short", () => {
    const value = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;
    check(
      fc.tuple(value, value, fc.boolean()),
      ([left, other, isSame]) => {
        const right = isSame ? (JSON.parse(JSON.stringify(left)) as JsonValue) : other;
        const [a, b] = [JSON.parse(JSON.stringify(left)) as JsonValue, right];
        const found = firstDifference(a, b);
        expect(found === undefined).toBe(equalJson(a, b));
        expect(JSON.stringify(found ?? {}).length).toBeLessThan(10_000);
      },
      500,
    );
  });
});
