import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeRow, encodeRows } from "../../../src/core/oplog/codec.ts";
import type { Entry } from "../../../src/core/oplog/entry.ts";
import { announceSeed, check } from "../../support/property.ts";
import { anyEntry, entriesByKind } from "./any-entry.ts";

announceSeed();

function readBack(first: number, entries: readonly Entry[]) {
  return encodeRows(first, entries).flatMap(([at, text]) => decodeRow(at, text));
}

function line(characters: number): Entry {
  return { kind: "Log", at: 1, level: "info", message: "x".repeat(characters) };
}

describe("semantics 1: entries as they are stored", () => {
  test.each(Object.entries(entriesByKind))("decode(encode(e)) = e for %s", (_, entries) => {
    check(
      fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), entries),
      ([first, entry]) => {
        expect(readBack(first, [entry])).toStrictEqual([{ index: first, entry }]);
      },
      200,
    );
  });

  test("what is committed together reads back in its order, each entry at its index", () => {
    check(
      fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.array(anyEntry, { minLength: 1 })),
      ([first, entries]) => {
        const expected = entries.map((entry, at) => ({ index: first + at, entry }));
        expect(readBack(first, entries)).toStrictEqual(expected);
      },
      500,
    );
  });

  test("what is committed together is one row, for rows are what is billed", () => {
    expect(
      encodeRows(
        5,
        Array.from({ length: 100 }, () => line(100)),
      ),
    ).toHaveLength(1);
  });
});

describe("semantics 10: rows stay small", () => {
  const LIMIT = 256 * 1024;

  test("a long commit is split between entries and still reads back", () => {
    const sizes = fc.array(fc.constantFrom(10, 60_000, 200_000, 300_000), {
      minLength: 1,
      maxLength: 12,
    });
    check(
      sizes,
      (lengths) => {
        const entries = lengths.map(line);
        const rows = encodeRows(7, entries);
        const read = rows.map(([first, text]) => decodeRow(first, text));
        expect(read.flat()).toEqual(entries.map((entry, at) => ({ index: 7 + at, entry })));
        rows.forEach(([first, text], at) => {
          expect(read[at]?.[0]?.index).toBe(first);
          expect(text.length <= LIMIT || read[at]?.length === 1).toBe(true);
        });
      },
      30,
    );
  });
});

describe("semantics 1: stored entries carry a format version", () => {
  test.each(["[2,[21,0]]", "[0,[21,0]]", '["1",[21,0]]', "[null]", "[]"])(
    "a row of an unknown version is an error, never a guess: %s",
    (text) => {
      expect(() => decodeRow(1, text)).toThrow(/unknown oplog format version/);
    },
  );

  test.each(["[1,[99,0]]", "[1,[-1,0]]", '[1,["21",0]]', "[1,[]]"])(
    "an entry of an unknown code is an error, never a guess: %s",
    (text) => {
      expect(() => decodeRow(1, text)).toThrow(/unknown oplog entry code/);
    },
  );

  test("rows of version 1 are read for ever: a stored log of every kind", () => {
    const rows: [text: string, entries: object[]][] = [
      [
        '[1,[0,5,"shop","Cart","k",3,"inc","{}",{"A":"b"},"p"],[1,6,"x",{"type":"method","method":"add","args":"[1]"},9,"c"]]',
        [
          {
            kind: "Create",
            at: 5,
            component: "shop",
            type: "Cart",
            key: "k",
            revision: 3,
            incarnation: "inc",
            params: "{}",
            env: { A: "b" },
            parent: "p",
          },
          {
            kind: "PendingAgentInvocation",
            at: 6,
            idempotencyKey: "x",
            invocation: { type: "method", method: "add", args: "[1]" },
            scheduledFor: 9,
            caller: "c",
          },
        ],
      ],
      [
        '[1,[2,1,"x"],[3,1,"x",2,"add","s"],[4,1,"x",{"ok":true,"result":"1"},3]]',
        [
          { kind: "CancelPendingInvocation", at: 1, idempotencyKey: "x" },
          {
            kind: "AgentInvocationStarted",
            at: 1,
            idempotencyKey: "x",
            pendingIndex: 2,
            method: "add",
            seed: "s",
          },
          {
            kind: "AgentInvocationFinished",
            at: 1,
            idempotencyKey: "x",
            outcome: { ok: true, result: "1" },
            revision: 3,
          },
        ],
      ],
      [
        '[1,[5,1,"fetch","write-remote","r",4],[6,1,5,"r",null,true],[6,1,5,null,{"name":"E","message":"m"}],[7,1,5],[8,1],[9,1,8]]',
        [
          {
            kind: "Start",
            at: 1,
            call: "fetch",
            durability: "write-remote",
            request: "r",
            parent: 4,
          },
          { kind: "End", at: 1, start: 5, response: "r", inline: true },
          { kind: "End", at: 1, start: 5, error: { name: "E", message: "m" } },
          { kind: "Cancelled", at: 1, start: 5 },
          { kind: "BeginAtomicRegion", at: 1 },
          { kind: "EndAtomicRegion", at: 1, begin: 8 },
        ],
      ],
      [
        '[1,[10,1,[3,4]],[11,1,[3,4]],[12,1,null,9],[13,1,"why"],[14,1,{"name":"E","message":"m"},3,1,9]]',
        [
          { kind: "Jump", at: 1, region: [3, 4] },
          { kind: "Revert", at: 1, region: [3, 4] },
          { kind: "Suspend", at: 1, until: 9 },
          { kind: "Interrupted", at: 1, reason: "why" },
          {
            kind: "Error",
            at: 1,
            error: { name: "E", message: "m" },
            retryFrom: 3,
            attempt: 1,
            retryAt: 9,
          },
        ],
      ],
      [
        '[1,[15,1,"u","manual",2,0,false,{"mime":"application/json","bytes":2},1],[16,1,"u",2],[17,1,"u",2,"d"]]',
        [
          {
            kind: "PendingUpdate",
            at: 1,
            updateId: "u",
            mode: "manual",
            revision: 2,
            requestedAt: 0,
            wake: false,
            snapshot: { mime: "application/json", bytes: 2 },
            savedBy: 1,
          },
          { kind: "SuccessfulUpdate", at: 1, updateId: "u", revision: 2 },
          { kind: "FailedUpdate", at: 1, updateId: "u", revision: 2, detail: "d" },
        ],
      ],
      [
        '[1,[15,1,"u","manual",2,0,true,{"mime":"application/json","bytes":2},1,3],[18,1,"application/json",2,3,4]]',
        [
          {
            kind: "PendingUpdate",
            at: 1,
            updateId: "u",
            mode: "manual",
            revision: 2,
            requestedAt: 0,
            wake: true,
            snapshot: { mime: "application/json", bytes: 2 },
            savedBy: 1,
            version: 3,
          },
          { kind: "Snapshot", at: 1, mime: "application/json", revision: 2, bytes: 3, version: 4 },
        ],
      ],
      [
        '[1,[18,1,"application/json",2,3],[19,1,4,"d"],[20,1,"p",{"ok":true,"result":"1"}],[21,1,"warn","m"]]',
        [
          { kind: "Snapshot", at: 1, mime: "application/json", revision: 2, bytes: 3 },
          { kind: "SnapshotRecoveryFailed", at: 1, snapshotIndex: 4, detail: "d" },
          { kind: "PromiseCompleted", at: 1, promiseId: "p", outcome: { ok: true, result: "1" } },
          { kind: "Log", at: 1, level: "warn", message: "m" },
        ],
      ],
      [
        '[1,[22,1,"s","@daily","UTC","add","[1]","k"],[1,1,"s@t",{"type":"method","method":"add","args":"[1]"},9,null,null,"s"],[23,1,"s"]]',
        [
          {
            kind: "ScheduleCreated",
            at: 1,
            scheduleId: "s",
            cron: "@daily",
            timezone: "UTC",
            method: "add",
            args: "[1]",
            createdBy: "k",
          },
          {
            kind: "PendingAgentInvocation",
            at: 1,
            idempotencyKey: "s@t",
            invocation: { type: "method", method: "add", args: "[1]" },
            scheduledFor: 9,
            schedule: "s",
          },
          { kind: "ScheduleDeleted", at: 1, scheduleId: "s" },
        ],
      ],
    ];
    for (const [text, entries] of rows) {
      const read = decodeRow(10, text);
      expect(read.map(({ entry }) => entry)).toEqual(entries);
      expect(read.map(({ index }) => index)).toEqual(entries.map((_, at) => 10 + at));
    }
  });
});
