import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeBlock,
  encodeRun,
  hashKey,
  openBlock,
  searchBlock,
  type KeyBlock,
  type KeyRecord,
} from "../../../src/core/keys/key-run.ts";
import { announceSeed, check } from "../../support/property.ts";

announceSeed();

const MOST = 2 ** 53 - 1;

/** Few different hashes, so that many records collide. */
const hash = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 12 }), weight: 4 },
  { arbitrary: fc.constantFrom(MOST, MOST - 1, 2 ** 32, 2 ** 32 - 1), weight: 1 },
  { arbitrary: fc.integer({ min: 0, max: MOST }), weight: 1 },
);

const record: fc.Arbitrary<KeyRecord> = fc.record(
  { hash, pending: fc.nat(), started: fc.nat(), ended: fc.nat() },
  { noNullPrototype: true },
);

/** The block that would hold the hash: the last one that does not begin after it. */
function search(blocks: readonly KeyBlock[], wanted: number): KeyRecord[] {
  const block = blocks.findLast(({ low }) => low <= wanted);
  return block === undefined ? [] : searchBlock(openBlock(block.bytes), wanted);
}

function model(records: readonly KeyRecord[]): Map<number, KeyRecord[]> {
  const byHash = new Map<number, KeyRecord[]>();
  for (const one of records) byHash.set(one.hash, [...(byHash.get(one.hash) ?? []), one]);
  return byHash;
}

function agrees(records: readonly KeyRecord[], absent: readonly number[]): void {
  const blocks = encodeRun(records);
  const byHash = model(records);
  for (const wanted of [...byHash.keys(), ...absent]) {
    expect(search(blocks, wanted)).toEqual(byHash.get(wanted) ?? []);
  }
}

function run(length: number, hashOf: (at: number) => number): KeyRecord[] {
  return Array.from({ length }, (_, at) => ({
    hash: hashOf(at),
    pending: at * 3 + 1,
    started: at * 3 + 2,
    ended: at * 3 + 3,
  }));
}

describe("runs of keys", () => {
  test("answer as a map of hashes does, all records of colliding keys in the order they were given", () => {
    check(
      fc.tuple(fc.array(record, { maxLength: 60, size: "max" }), fc.array(hash)),
      ([records, absent]) => agrees(records, absent),
      1000,
    );
  });

  test.each([
    ["one less than a block", 1023],
    ["a full block", 1024],
    ["one more than a block", 1025],
    ["several blocks", 2500],
  ])("%s: every hash is found, and none between them", (_, length) => {
    agrees(
      run(length, (at) => ((at * 7919) % length) * 2),
      [1, 3, length, length * 2 + 1].filter((odd) => odd % 2 === 1),
    );
  });

  test.each([
    ["at the end of a block", 1000, 60],
    ["longer than a block", 10, 1500],
    ["all of them", 0, 1200],
  ])("equal hashes never straddle two blocks: %s", (_, before, equal) => {
    const records = run(before + equal + 500, (at) =>
      at < before ? at : at < before + equal ? before : at,
    );
    const lows = encodeRun(records).map(({ low }) => low);
    expect(new Set(lows).size).toBe(lows.length);
    agrees(
      records,
      [before + 1].filter((hash_) => records.every((one) => one.hash !== hash_)),
    );
  });

  test("blocks keep every record, in the order of hashes, and say the least hash in them", () => {
    check(
      fc.array(record, { maxLength: 60, size: "max" }),
      (records) => {
        const blocks = encodeRun(records);
        const read = blocks.map(({ bytes }) => decodeBlock(openBlock(bytes)));
        expect(blocks.map(({ low }) => low)).toEqual(read.map((block) => block[0]?.hash));
        expect(read.flat()).toEqual(records.toSorted((left, right) => left.hash - right.hash));
      },
      500,
    );
  });

  test("a block that lies at any offset of a larger buffer reads the same", () => {
    const [block] = encodeRun(run(3, (at) => at));
    const buffer = new Uint8Array(200);
    buffer.set(block?.bytes ?? [], 5);
    const shifted = buffer.subarray(5, 5 + (block?.bytes.length ?? 0));
    expect(searchBlock(openBlock(shifted), 1)).toEqual(run(3, (at) => at).slice(1, 2));
  });

  test("no records: no blocks", () => {
    expect(encodeRun([])).toEqual([]);
  });
});

describe("hashes of keys", () => {
  test("never change, for stored runs depend on them", () => {
    const keys = ["", "a", "b", "order-1", "order-2", "ü\u{1f600}", "x".repeat(256)];
    expect(keys.map(hashKey)).toEqual([
      3338908027751811, 7929297801672961, 8684336938537663, 3613026428742626, 8565959381942611,
      5674971863409772, 5721212010263959,
    ]);
  });

  test("are whole numbers of 53 bits", () => {
    check(
      fc.string({ unit: "binary" }),
      (key) => {
        expect(Number.isSafeInteger(hashKey(key)) && hashKey(key) >= 0).toBe(true);
      },
      1000,
    );
  });

  test("spread keys that differ little", () => {
    const hashes = new Set(Array.from({ length: 20_000 }, (_, at) => hashKey(`order-${at}`)));
    expect(hashes.size).toBe(20_000);
  });
});
