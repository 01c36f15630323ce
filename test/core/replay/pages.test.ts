import { describe, expect, test } from "vitest";
import { planRecovery, planTrial } from "../../../src/core/decide/recovery.ts";
import type { Entry, Indexed } from "../../../src/core/oplog/entry.ts";
import { isReplayable } from "../../../src/core/oplog/entry.ts";
import { inRegions, type Regions } from "../../../src/core/oplog/regions.ts";
import { legalLogs, type LegalLog } from "../../support/legal-logs.ts";
import { announceSeed, check } from "../../support/property.ts";
import { statusesOf } from "../../support/statuses.ts";
import { walk } from "./walk.ts";

announceSeed();

/** What replay reads by a plan: the pages, cut after each index of `cuts`. */
function pages(entries: readonly Indexed[], cuts: ReadonlySet<number>): Indexed[][] {
  const cut: Indexed[][] = [[]];
  for (const indexed of entries) {
    cut.at(-1)?.push(indexed);
    if (cuts.has(indexed.index)) cut.push([]);
  }
  return cut;
}

interface Record {
  readonly entries: readonly Indexed[];
  readonly skipped: Regions;
}

/** All records that a recovery or a trial at the end of the log would replay. */
function recordsOf(log: LegalLog): Record[] {
  const status = statusesOf(log).at(-1);
  if (status === undefined) return [];
  const distrusted = new Set([status.snapshots.lastAutomatic ?? 0]);
  const plans = [
    planRecovery(status, new Set()),
    planRecovery(status, distrusted),
    ...status.updates.pending.map((update) => planTrial(status, update)),
  ];
  return plans.map(({ from, to, skipped }) => ({ entries: log.read(from, to), skipped }));
}

describe("semantics 10: recovery reads in pages", () => {
  test("one cut anywhere gives the same answers as no cut", () => {
    check(
      legalLogs(40),
      (log) => {
        for (const { entries, skipped } of recordsOf(log)) {
          const whole = walk([entries], skipped);
          for (const { index } of entries) {
            expect(walk(pages(entries, new Set([index])), skipped)).toEqual(whole);
          }
        }
      },
      200,
    );
  });

  test("a page per entry gives the same answers as one page", () => {
    check(
      legalLogs(80),
      (log) => {
        for (const { entries, skipped } of recordsOf(log)) {
          const whole = walk([entries], skipped);
          const single = new Set(entries.map(({ index }) => index));
          expect(walk(pages(entries, single), skipped)).toEqual(whole);
        }
      },
      400,
    );
  });

  test("the walk meets every replayable entry that is not skipped, once and in order", () => {
    check(
      legalLogs(80),
      (log) => {
        for (const { entries, skipped } of recordsOf(log)) {
          const read = entries.filter(({ index }) => !inRegions(skipped, index));
          const walked = walk([entries], skipped);
          const of = (isIt: (entry: Entry) => boolean): number[] =>
            read.filter(({ entry }) => isIt(entry)).map(({ index }) => index);
          const steps = walked.invocations.flatMap((invocation) => invocation.steps);
          const claims = steps.flatMap((step) => ("index" in step ? [step] : []));
          const barriers = steps.flatMap((step) => ("barrier" in step ? [step.barrier] : []));
          const inlineEnds = claims.flatMap((claim) => claim.end?.index ?? []);

          expect(walked.invocations.map(({ started }) => started)).toEqual(
            of(({ kind }) => kind === "AgentInvocationStarted"),
          );
          expect(claims.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual(
            of(({ kind }) => kind === "Start"),
          );
          const starts = new Set(of(({ kind }) => kind === "AgentInvocationStarted"));
          expect(barriers).toEqual(
            of(
              (entry) =>
                entry.kind === "AgentInvocationFinished" ||
                (entry.kind === "Cancelled" && starts.has(entry.start)) ||
                (entry.kind === "End" && entry.inline !== true),
            ),
          );
          expect(inlineEnds).toEqual(of((entry) => entry.kind === "End" && entry.inline === true));
          expect(walked.entriesReplayed).toBe(of(({ kind }) => isReplayable(kind)).length);
        }
      },
      400,
    );
  });
});
