import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Entry, Indexed } from "../../src/core/oplog/entry.ts";
import { legalLogs } from "../support/legal-logs.ts";
import { announceSeed, check } from "../support/property.ts";

announceSeed();

const KINDS: readonly Entry["kind"][] = [
  "Create",
  "PendingAgentInvocation",
  "CancelPendingInvocation",
  "AgentInvocationStarted",
  "AgentInvocationFinished",
  "Start",
  "End",
  "Cancelled",
  "BeginAtomicRegion",
  "EndAtomicRegion",
  "Jump",
  "Revert",
  "Suspend",
  "Interrupted",
  "Error",
  "PendingUpdate",
  "SuccessfulUpdate",
  "FailedUpdate",
  "Snapshot",
  "SnapshotRecoveryFailed",
  "PromiseCompleted",
  "Log",
  "ScheduleCreated",
  "ScheduleDeleted",
];

/** Where the saved snapshot of a manual update lies and where its success, one pair for each. */
function handOvers(log: readonly Indexed[]): [saved: number, succeeded: number][] {
  return log.flatMap(({ index, entry }): [number, number][] => {
    if (entry.kind !== "SuccessfulUpdate") return [];
    const saved = log.find(
      (other) =>
        other.entry.kind === "PendingUpdate" &&
        other.entry.mode === "manual" &&
        other.entry.updateId === entry.updateId,
    );
    return saved === undefined ? [] : [[saved.index, index]];
  });
}

function cuts(log: readonly Indexed[]): [cut: number, revert: number][] {
  return log.flatMap(({ index, entry }): [number, number][] =>
    entry.kind === "Revert" ? [[entry.region[0] - 1, index]] : [],
  );
}

const SITUATIONS: Readonly<Record<string, (log: readonly Indexed[]) => boolean>> = {
  "a revert back over a manual update": (log) =>
    cuts(log).some(([cut, at]) => handOvers(log).some(([saved, end]) => cut < saved && end < at)),
  "a revert between a manual update's snapshot and its success": (log) =>
    cuts(log).some(([cut, at]) =>
      handOvers(log).some(([saved, end]) => saved <= cut && cut < end && end < at),
    ),
  "an automatic snapshot after a manual update": (log) =>
    log.some(
      ({ index, entry }) =>
        entry.kind === "Snapshot" && handOvers(log).some(([, end]) => end < index),
    ),
  "two manual updates": (log) => handOvers(log).length > 1,
  "a jump in an atomic region": (log) =>
    log.some(
      ({ entry }) =>
        entry.kind === "Jump" && log[entry.region[0] - 2]?.entry.kind === "BeginAtomicRegion",
    ),
  "a key that is used again after a revert": (log) => {
    const keys = log.flatMap(({ entry }) =>
      entry.kind === "PendingAgentInvocation" ? [entry.idempotencyKey] : [],
    );
    return new Set(keys).size < keys.length;
  },
  "an invocation whose code has heard that it is cancelled": (log) =>
    log.some(
      ({ entry }) =>
        entry.kind === "Cancelled" && log[entry.start - 1]?.entry.kind === "AgentInvocationStarted",
    ),
  "an invocation that was stopped in an atomic region": (log) =>
    log.some(
      ({ index, entry }) =>
        entry.kind === "AgentInvocationFinished" &&
        entry.cancelled === true &&
        log[index - 2]?.entry.kind === "BeginAtomicRegion",
    ),
  "a revert over the start of a schedule's run": (log) =>
    cuts(log).some(([cut, at]) =>
      log
        .slice(cut, at)
        .some(
          ({ entry }) =>
            entry.kind === "AgentInvocationStarted" && entry.idempotencyKey.includes("@"),
        ),
    ),
  "a failed save": (log) =>
    log.some(({ entry }) => entry.kind === "FailedUpdate" && entry.detail === "it does not save"),
  "a call that is tried again": (log) =>
    log.some(
      ({ entry }) => entry.kind === "Error" && log[entry.retryFrom - 1]?.entry.kind === "Start",
    ),
  "an update in the middle of an invocation": (log) =>
    log.some(
      ({ index, entry }) => entry.kind === "SuccessfulUpdate" && log[index]?.entry.kind === "End",
    ),
};

describe("the generator of legal logs", () => {
  test("reaches every kind of entry and every situation that the laws are about", () => {
    const logs = fc.sample(legalLogs(80), { numRuns: 1500, seed: 7 }).map(({ entries }) => entries);
    const seen = new Set(logs.flatMap((log) => log.map(({ entry }) => entry.kind)));
    expect(KINDS.filter((kind) => !seen.has(kind))).toEqual([]);
    for (const [situation, isIn] of Object.entries(SITUATIONS)) {
      expect(logs.filter(isIn).length, situation).toBeGreaterThan(5);
    }
  });

  test("semantics 1: Create is the first entry, indices have no gaps, and time never goes back", () => {
    check(
      legalLogs(),
      ({ entries }) => {
        entries.forEach(({ index, entry }, at) => {
          expect(index).toBe(at + 1);
          expect(entry.kind === "Create").toBe(at === 0);
          expect(entry.at).toBeGreaterThanOrEqual(entries[at - 1]?.entry.at ?? 0);
        });
      },
      300,
    );
  });
});
