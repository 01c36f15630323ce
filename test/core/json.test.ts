import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../src/core/api/views.ts";
import { equalJson, equalJsonTexts } from "../../src/core/json.ts";
import { announceSeed, check } from "../support/property.ts";

announceSeed();

const json = fc.jsonValue().map((value) => value as JsonValue);

/** The same value with the members of its objects the other way round. */
function turned(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((item) => turned(item as JsonValue));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value as { readonly [name: string]: JsonValue });
  return Object.fromEntries(members.toReversed().map(([name, member]) => [name, turned(member)]));
}

/** One text for each value: members in the order of their names. */
function canonical(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item as JsonValue)).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value as { readonly [name: string]: JsonValue });
  return `{${members
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`)
    .toSorted()
    .join()}}`;
}

describe("equality of JSON", () => {
  test("a value equals itself with its members in any order, as values and as texts", () => {
    check(
      json,
      (value) => {
        expect(equalJson(value, turned(value))).toBe(true);
        expect(equalJsonTexts(JSON.stringify(value), JSON.stringify(turned(value), null, 1))).toBe(
          true,
        );
      },
      1000,
    );
  });

  test("two values are equal when they have the same canonical text, and only then", () => {
    const close = fc
      .jsonValue({ maxDepth: 2, noUnicodeString: true })
      .map((value) => value as JsonValue);
    check(
      fc.tuple(close, close),
      ([left, right]) => {
        const isSame = canonical(left) === canonical(right);
        expect(equalJson(left, right)).toBe(isSame);
        expect(equalJson(right, left)).toBe(isSame);
      },
      2000,
    );
  });

  test("any change at any place is seen", () => {
    check(
      fc.tuple(json, json),
      ([left, right]) => {
        const isSame = canonical(left) === canonical(right);
        expect(equalJson({ a: [1, left] }, { a: [1, right] })).toBe(isSame);
        expect(equalJson([left], [left, right])).toBe(false);
        expect(equalJson({ a: left }, { b: left })).toBe(false);
        expect(equalJson({ a: left }, { a: left, b: right })).toBe(false);
      },
      1000,
    );
  });

  test.each<[JsonValue, JsonValue]>([
    [[], {}],
    [null, {}],
    [null, []],
    [0, false],
    ["", null],
    [1, "1"],
    [{ toString: 1 }, { x: 1 }],
    [{}, { constructor: null }],
    [
      [1, 2],
      [2, 1],
    ],
    [["a"], { 0: "a" }],
  ])("%j is not %j", (left, right) => {
    expect(equalJson(left, right)).toBe(false);
    expect(equalJson(right, left)).toBe(false);
  });

  test("a member called __proto__ is a member like others", () => {
    expect(equalJsonTexts('{"__proto__":1}', '{"__proto__": 1}')).toBe(true);
    expect(equalJsonTexts('{"__proto__":1}', '{"__proto__":2}')).toBe(false);
    expect(equalJsonTexts('{"__proto__":{}}', "{}")).toBe(false);
  });
});
