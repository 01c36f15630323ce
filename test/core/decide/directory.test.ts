import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { comparePlaces, shardOf } from "../../../src/core/decide/directory.ts";
import { announceSeed, check } from "../../support/property.ts";

announceSeed();

const text = fc.string({ unit: "binary", maxLength: 6 });

describe("the order of a component's agents", () => {
  test("is that of the bytes in UTF-8, as each shard has it, also beyond the basic plane", () => {
    const bytes = new TextEncoder();
    check(
      fc.tuple(text, text),
      ([left, right]) => {
        const [a, b] = [left, right].map((key) => Buffer.from(bytes.encode(key)));
        const order = Math.sign(Buffer.compare(a as Buffer, b as Buffer));
        const compared = comparePlaces({ type: "T", key: left }, { type: "T", key: right });
        expect(Math.sign(compared)).toBe(order);
      },
      2_000,
    );
    const [high, low] = ["\u{1F600}", "\u{FFFD}"].map((key) => ({ type: "T", key }));
    expect(comparePlaces(high as never, low as never)).toBeGreaterThan(0);
  });

  test("types come before keys", () => {
    const places = ["B/a", "A/z", "A/b", "AB/a"].map((name) => {
      const [type = "", key = ""] = name.split("/");
      return { type, key };
    });
    const sorted = places.toSorted(comparePlaces).map(({ type, key }) => `${type}/${key}`);
    expect(sorted).toEqual(["A/b", "A/z", "AB/a", "B/a"]);
  });
});

describe("the shard of an address", () => {
  test("never changes: agents are entered where they were entered before", () => {
    const shards = ["a", "b", "c", "user-17", "\u{1F600}"].map((key) =>
      shardOf({ component: "shop", type: "Cart", key }, 16),
    );
    expect(shards).toMatchInlineSnapshot(`
      [
        7,
        12,
        12,
        0,
        4,
      ]
    `);
  });

  test("spreads numbered keys evenly", () => {
    const counts = Array.from({ length: 16 }, () => 0);
    for (let number = 0; number < 16_000; number++) {
      const shard = shardOf({ component: "shop", type: "Cart", key: `user-${number}` }, 16);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });
});
