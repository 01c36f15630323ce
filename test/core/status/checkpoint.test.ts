import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeCheckpoint,
  encodeCheckpoint,
  swallows,
} from "../../../src/core/status/checkpoint.ts";
import { fold } from "../../../src/core/status/fold.ts";
import { legalLogs } from "../../support/legal-logs.ts";
import { announceSeed, check } from "../../support/property.ts";
import { aStatus, statusesOf } from "../../support/statuses.ts";

announceSeed();

describe("semantics 2, law 2: checkpoints", () => {
  test("law 2: a persisted checkpoint plus the tail equals the whole fold, wherever it was taken", () => {
    check(
      legalLogs(),
      (log) => {
        const statuses = statusesOf(log);
        const whole = statuses.at(-1);
        for (const status of statuses) {
          const checkpoint = decodeCheckpoint(encodeCheckpoint(status));
          expect(checkpoint).toEqual(status);
          const tail = log.entries.slice(status.lastIndex);
          expect(fold(checkpoint, tail, log.read)).toEqual(whole);
        }
      },
      400,
    );
  });

  test("law 2: a checkpoint is swallowed exactly when a later jump or revert reaches back to it", () => {
    check(
      fc.tuple(legalLogs(), fc.nat(999)),
      ([log, place]) => {
        const statuses = statusesOf(log);
        const checkpoint = statuses[place % statuses.length];
        if (checkpoint === undefined) return;
        for (const indexed of log.entries.slice(checkpoint.lastIndex)) {
          const { entry } = indexed;
          const made = entry.kind === "Jump" || entry.kind === "Revert" ? entry.region : undefined;
          const isInside =
            made !== undefined &&
            made[0] <= checkpoint.lastIndex &&
            checkpoint.lastIndex <= made[1];
          expect(swallows(checkpoint, indexed)).toBe(isInside);
        }
      },
      1000,
    );
  });

  test("law 2: a tail that swallows nothing folds without reading the log again from before the checkpoint", () => {
    check(
      fc.tuple(legalLogs(), fc.nat(999)),
      ([log, place]) => {
        const statuses = statusesOf(log);
        const checkpoint = statuses[place % statuses.length];
        if (checkpoint === undefined) return;
        const tail = log.entries.slice(checkpoint.lastIndex);
        if (tail.some((indexed) => swallows(checkpoint, indexed))) return;
        if (tail.some(({ entry }) => entry.kind === "Jump" || entry.kind === "Revert")) return;
        const unread = (): never => {
          throw new Error("the log was read again");
        };
        expect(fold(checkpoint, tail, unread)).toEqual(statuses.at(-1));
      },
      1000,
    );
  });

  test("a checkpoint of another version is not used", () => {
    const text = encodeCheckpoint(aStatus());
    const [version, status] = JSON.parse(text) as [number, unknown];
    expect(decodeCheckpoint(JSON.stringify([version + 1, status]))).toBeUndefined();
    expect(decodeCheckpoint(JSON.stringify([String(version), status]))).toBeUndefined();
  });

  test.each([
    ["a jump that begins at it", "Jump", [20, 25], true],
    ["a jump that begins right after it", "Jump", [21, 25], false],
    ["a revert to it", "Revert", [21, 24], false],
    ["a revert to before it", "Revert", [20, 24], true],
  ] as const)("law 2: swallowed by %s: %s %j is %s", (_, kind, region, expected) => {
    const checkpoint = aStatus({ lastIndex: 20 });
    expect(swallows(checkpoint, { index: 25, entry: { kind, at: 0, region } })).toBe(expected);
  });

  test("law 2: nothing but a region swallows a checkpoint", () => {
    const entry = { kind: "SuccessfulUpdate", at: 0, updateId: "u", revision: 2 } as const;
    expect(swallows(aStatus({ lastIndex: 20 }), { index: 25, entry })).toBe(false);
  });
});
