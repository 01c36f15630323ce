/** Compares what came of an update with what must. */
import { expect } from "vitest";
import type { Indexed } from "../../../src/core/oplog/entry.ts";
import { fold } from "../../../src/core/status/fold.ts";
import type { Status } from "../../../src/core/status/status.ts";
import { entriesOn } from "./disk.ts";
import { isLeftAsleep, type UpdateCase } from "./update-cases.ts";
import { expectationOf, type Expectation, type Told } from "./update-model.ts";
import { UPDATE, type UpdateRun } from "./update-run.ts";

/** What the record says of the update. */
interface Traces {
  readonly pending: readonly Indexed[];
  readonly concluded: readonly Indexed[];
}

function tracesIn(record: readonly Indexed[]): Traces {
  const ofUpdate = record.filter(({ entry }) => "updateId" in entry && entry.updateId === UPDATE);
  return {
    pending: ofUpdate.filter(({ entry }) => entry.kind === "PendingUpdate"),
    concluded: ofUpdate.filter(({ entry }) => entry.kind !== "PendingUpdate"),
  };
}

function statusAfter(record: readonly Indexed[], length: number): Status | undefined {
  return fold(undefined, record.slice(0, length), (from, to) => record.slice(from - 1, to));
}

/** One PendingUpdate and one conclusion; none of the former when there was nothing to save. */
function expectConcludedOnce(one: UpdateCase, { conclusion }: Expectation, traces: Traces): void {
  const isSaved = one.mode === "automatic" || one.target !== "save fails";
  expect(traces.pending).toHaveLength(conclusion !== "none" && isSaved ? 1 : 0);
  const kinds = { successful: ["SuccessfulUpdate"], failed: ["FailedUpdate"], none: [] };
  expect(traces.concluded.map(({ entry }) => entry.kind)).toEqual(kinds[conclusion]);
}

/** What a failed trial must leave as it was. */
function shown(status: Status | undefined): unknown {
  if (status === undefined) throw new Error("the record is empty");
  const { name, current, failure, revision, skipped, snapshots } = status;
  return { name, current, failure, revision, skipped, snapshots };
}

/** A trial that failed has left nothing but its conclusion; only who interrupts and resumes the agent writes meanwhile. */
function expectNoTrace(
  one: UpdateCase,
  record: readonly Indexed[],
  { pending, concluded }: Traces,
): void {
  const [conclusion] = concluded;
  if (conclusion?.entry.kind !== "FailedUpdate") return;
  const first = pending[0]?.index ?? conclusion.index;
  const meanwhile = record.slice(first, conclusion.index - 1).map(({ entry }) => entry.kind);
  const isResumed = one.mode === "automatic" && isLeftAsleep(one.status);
  const others = meanwhile.filter((kind) => !isResumed || !/^(Interrupted|Suspend)$/.test(kind));
  expect(others).toEqual([]);
  const before = isResumed ? conclusion.index - 1 : first - 1;
  const [left, found] = [statusAfter(record, conclusion.index), statusAfter(record, before)];
  expect(shown(left)).toEqual(shown(found));
}

/** What was before the snapshot of a manual update is skipped, and recovery begins with it. */
function expectHandedOver({ ended }: UpdateRun, { pending, concluded }: Traces): void {
  const [request] = pending;
  const isSuccess = concluded[0]?.entry.kind === "SuccessfulUpdate";
  if (request?.entry.kind !== "PendingUpdate" || request.entry.mode !== "manual") return;
  if (!isSuccess) return expect(ended.lastManualUpdateSnapshotIndex).not.toBe(request.index);
  expect(ended.lastManualUpdateSnapshotIndex).toBe(request.index);
  expect(ended.skippedRegions).toContainEqual([2, request.index]);
}

/** A recovery after an automatic update may begin with an automatic snapshot that the old code made. */
function comparable({ mode, takesSnapshots }: UpdateCase, told: readonly Told[]): unknown {
  return mode === "automatic" && takesSnapshots ? told.map(([what]) => what) : told;
}

function expectRequested(run: UpdateRun, { refusal, waits }: Expectation): void {
  const [answer] = run.answers;
  expect(answer?.ok === false ? answer.refusal.code : undefined).toBe(refusal);
  for (const again of run.answers) {
    expect(again.ok).toBe(answer?.ok);
    if (again.ok) expect(again.value.id).toBe(UPDATE);
  }
  expect(run.rested.updates.pending.map(({ id }) => id)).toEqual(waits ? [UPDATE] : []);
}

/** Throws unless the run came to what the model says, and kept the laws of updates. */
export function expectAsModelled(one: UpdateCase, run: UpdateRun): void {
  const expected = expectationOf(one);
  const record = entriesOn(run.residence.disk);
  const traces = tracesIn(record);
  expectRequested(run, expected);
  expect(run.rested.status).toBe(expected.rest);
  expectConcludedOnce(one, expected, traces);
  expectNoTrace(one, record, traces);
  expectHandedOver(run, traces);
  const { status, revision, updates } = run.ended;
  expect({ status, revision }).toEqual({ status: "idle", revision: expected.revision });
  const { pending, successful, failed } = updates;
  expect(pending).toEqual([]);
  const lists = { successful, failed, none: [] };
  const listed = [...successful, ...failed].filter(({ id }) => id === UPDATE);
  expect(listed).toEqual(lists[expected.conclusion].filter(({ id }) => id === UPDATE));
  expect(listed).toHaveLength(expected.conclusion === "none" ? 0 : 1);
  for (const state of run.states) {
    expect(comparable(one, state)).toEqual(comparable(one, expected.told));
  }
  const [, finishedBy] = expected.told.find(([what]) => what === "ended") ?? [];
  expect(run.results["unfinished"]).toBe(finishedBy ?? "invocation-not-found");
}
