import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Indexed } from "../../../src/core/oplog/entry.ts";
import { isReplayable } from "../../../src/core/oplog/entry.ts";
import { fold } from "../../../src/core/status/fold.ts";
import type { Status } from "../../../src/core/status/status.ts";
import { legalLogs, type LegalLog } from "../../support/legal-logs.ts";
import { announceSeed, check } from "../../support/property.ts";
import { naiveStatus } from "./naive-status.ts";

announceSeed();

function folded(base: Status | undefined, entries: readonly Indexed[], log: LegalLog): Status {
  const status = fold(base, entries, log.read);
  if (status === undefined) throw new Error("nothing was folded");
  return status;
}

function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) freeze(member);
  return value;
}

/** Hints that say nothing of what the agent does. */
const BESIDE_THE_STATUS = new Set([
  "Log",
  "PendingAgentInvocation",
  "CancelPendingInvocation",
  "PendingUpdate",
  "FailedUpdate",
  "Snapshot",
  "SnapshotRecoveryFailed",
  "PromiseCompleted",
  "ScheduleCreated",
  "ScheduleDeleted",
]);

describe("the status is a fold", () => {
  test("semantics 2, law 1: fold(all) = fold(fold(prefix), rest) for every split, with computed prefixes", () => {
    check(
      legalLogs(),
      (log) => {
        const whole = folded(undefined, log.entries, log);
        for (let split = 1; split < log.entries.length; split++) {
          const prefix = folded(undefined, log.entries.slice(0, split), log);
          expect(folded(prefix, log.entries.slice(split), log)).toEqual(whole);
        }
      },
      500,
    );
  });

  test("semantics 2: on every prefix the fold says what the table of fields and regions says", () => {
    check(
      legalLogs(80),
      (log) => {
        let status: Status | undefined;
        for (const indexed of log.entries) {
          status = folded(status, [indexed], log);
          expect(status).toEqual(naiveStatus(log.entries.slice(0, indexed.index)));
        }
      },
      700,
    );
  });

  test("semantics 2: the fold is pure: it changes neither its base nor the entries", () => {
    check(
      legalLogs(),
      (log) => {
        freeze(log.entries);
        let status: Status | undefined;
        for (const indexed of log.entries) status = freeze(folded(status, [indexed], log));
      },
      500,
    );
  });

  test("semantics 2: a hint that is not about the status never changes the status", () => {
    check(
      legalLogs(),
      (log) => {
        let before: Status | undefined;
        for (const indexed of log.entries) {
          const after = folded(before, [indexed], log);
          if (before !== undefined && BESIDE_THE_STATUS.has(indexed.entry.kind)) {
            expect(isReplayable(indexed.entry.kind)).toBe(false);
            const { name, current, suspendedUntil, failure, revision } = before;
            expect({ suspendedUntil: undefined, ...after }).toMatchObject({ name, revision });
            expect(after.current).toEqual(current);
            expect(after.suspendedUntil).toBe(suspendedUntil);
            expect(after.failure).toEqual(failure);
          }
          before = after;
        }
      },
      700,
    );
  });

  test("a call that is tried again is counted and changes neither name nor failure; its end forgets it", () => {
    check(
      legalLogs(),
      (log) => {
        let before: Status | undefined;
        for (const indexed of log.entries) {
          const after = folded(before, [indexed], log);
          const { entry } = indexed;
          const start = entry.kind === "Error" ? entry.retryFrom : 0;
          if (entry.kind === "Error" && log.entries[start - 1]?.entry.kind === "Start") {
            const { attempt, retryAt } = entry;
            expect(after.name).toBe(before?.name);
            expect(after.failure).toEqual(before?.failure);
            expect(after.current?.tries).toContainEqual({ start, attempt, retryAt });
          }
          if (entry.kind === "End" || entry.kind === "Cancelled") {
            const known = after.current?.tries?.map((tried) => tried.start) ?? [];
            expect(known).not.toContain(entry.start);
          }
          before = after;
        }
      },
      700,
    );
  });

  test("semantics 2: a log line anywhere in a log changes nothing but the last index", () => {
    check(
      fc.tuple(legalLogs(), fc.nat(999)),
      ([log, place]) => {
        const cut = (place % log.entries.length) + 1;
        const before = folded(undefined, log.entries.slice(0, cut), log);
        const line = { kind: "Log", at: log.now, level: "info", message: "hello" } as const;
        const after = folded(before, [{ index: cut + 1, entry: line }], log);
        expect(after).toEqual({ ...before, lastIndex: cut + 1 });
      },
      500,
    );
  });
});
