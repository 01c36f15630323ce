import { expect, test } from "vitest";
import { WriteKeys } from "../../src/guest/run/write-keys.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function keysOf(writes: readonly string[], root = "an invocation"): string[] {
  const keys = new WriteKeys(() => root);
  return writes.map((what) => keys.next(what)());
}

test("sdk: keys are UUIDs that derive from the invocation and the call", () => {
  const [one, two, again] = keysOf(["POST /a", "POST /b", "POST /a"]);
  for (const key of [one, two, again]) expect(key).toMatch(UUID);
  expect(new Set([one, two, again]).size).toBe(3);
  expect(keysOf(["POST /a", "POST /b", "POST /a"])).toEqual([one, two, again]);
  expect(keysOf(["POST /a"], "another invocation")).not.toEqual([one]);
});

test("semantics 7: code that begins anew repeats its keys, in whatever order its writes come this time", () => {
  const [a, b, c, b2] = keysOf(["POST /a", "POST /b", "POST /c", "POST /b"]);
  expect(keysOf(["POST /b", "POST /c", "POST /b", "POST /a"])).toEqual([b, c, b2, a]);
});

test("a key is asked for late, and belongs to the time when the write was made", () => {
  const keys = new WriteKeys(() => "root");
  const first = keys.next("POST /a");
  const second = keys.next("POST /a");
  const late = second();
  expect([first(), late]).toEqual(keysOf(["POST /a", "POST /a"], "root"));
});
