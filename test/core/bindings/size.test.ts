import { describe, expect, test } from "vitest";
import { isLargerThan } from "../../../src/core/bindings/size.ts";

const cyclic: unknown[] = ["x".repeat(90)];
cyclic.push(cyclic, cyclic);

describe("the size of a value counts texts and bytes, wherever they are", () => {
  test.each([
    ["a text", "x".repeat(101), true],
    ["a text of the limit", "x".repeat(100), false],
    ["bytes", new Uint8Array(101), true],
    ["a buffer", new ArrayBuffer(101), true],
    ["a part of a buffer", new Uint8Array(new ArrayBuffer(1000), 0, 100), false],
    ["texts in a list", ["x".repeat(60), "x".repeat(60)], true],
    ["texts in a map", new Map([["x".repeat(60), "x".repeat(60)]]), true],
    ["texts in a set", new Set(["x".repeat(60), "y".repeat(60)]), true],
    ["names of members", { ["x".repeat(101)]: 1 }, true],
    ["deep inside", { a: [{ b: new Map([[1, { c: "x".repeat(101) }]]) }] }, true],
    ["many numbers", Array.from({ length: 13 }, (_, nth) => nth), true],
    ["a cycle is counted once", cyclic, false],
    ["nothing", undefined, false],
    ["small things", [null, true, 1n, new Date(0)], false],
  ])("%s", (_, value, expected) => {
    expect(isLargerThan(value, 100)).toBe(expected);
  });
});
