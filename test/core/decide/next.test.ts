import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SnapshotPolicy } from "../../../src/core/api/views.ts";
import { firstDue, frontUpdate, nextStep, snapshotDueAt } from "../../../src/core/decide/next.ts";
import { defaultLimits as limits } from "../../../src/core/limits.ts";
import type { Status } from "../../../src/core/status/status.ts";
import { announceSeed, check } from "../../support/property.ts";
import {
  anUpdate,
  aQueuedUpdate,
  aRequest,
  aStatus,
  current,
  pendingUpdates,
} from "../../support/statuses.ts";

announceSeed();

const NOW = 1000;
const OFF = "disabled";

function finished(finishedSince: number, lastAt = 0): Pick<Status, "snapshots"> {
  return { snapshots: { lastManualUpdate: null, lastAutomatic: null, finishedSince, lastAt } };
}

function failed(retryAt?: number): Pick<Status, "failure"> {
  const failure = { error: { name: "Error", message: "no" }, retryFrom: 10, attempt: 1 };
  return { failure: retryAt === undefined ? failure : { ...failure, retryAt } };
}

const update = anUpdate(12);
const request = aRequest(11);
const later = aRequest(13, NOW + 500);
const queued = aQueuedUpdate(14);

describe("semantics 3: what the loop does next", () => {
  test.each<[string, Partial<Status>, SnapshotPolicy, object]>([
    ["nothing to do: rest", {}, OFF, { do: "rest" }],
    ["a request: it runs", { pending: [request] }, OFF, { do: "invoke", pending: request }],
    [
      "the initialization runs like a request",
      { pending: [{ ...request, request: { type: "initialization" } }] },
      OFF,
      { do: "invoke" },
    ],
    [
      "a manual update whose turn it is: save",
      { pending: [queued, request] },
      OFF,
      { do: "save-for-update", pending: queued },
    ],
    [
      "a manual update waits its turn behind requests",
      { pending: [request, queued] },
      OFF,
      { do: "invoke", pending: request },
    ],
    [
      "a scheduled request: wait for its time",
      { pending: [later] },
      OFF,
      { do: "wait", until: NOW + 500 },
    ],
    [
      "a request overtakes one that is scheduled for later",
      { pending: [later, aRequest(15)] },
      OFF,
      { do: "invoke", pending: aRequest(15) },
    ],
    [
      "an update overtakes requests",
      { pending: [request], ...pendingUpdates(update) },
      OFF,
      { do: "apply-update", update },
    ],
    [
      "an update overtakes a snapshot that is due",
      { ...finished(5), ...pendingUpdates(update) },
      { everyInvocations: 5 },
      { do: "apply-update", update },
    ],
    [
      "a snapshot that is due overtakes requests",
      { pending: [request], ...finished(5) },
      { everyInvocations: 5 },
      { do: "take-snapshot" },
    ],
    [
      "a snapshot that is due overtakes a manual update in the queue",
      { pending: [queued], ...finished(5) },
      { everyInvocations: 5 },
      { do: "take-snapshot" },
    ],
    [
      "a snapshot that is not due lets requests go first",
      { pending: [request], ...finished(4) },
      { everyInvocations: 5 },
      { do: "invoke", pending: request },
    ],
    [
      "a snapshot by time: wait for it",
      finished(1, NOW - 1000),
      { everySeconds: 60 },
      { do: "wait", until: NOW + 59_000 },
    ],
    [
      "the earlier of a snapshot and a schedule is waited for",
      { pending: [later], ...finished(1, NOW - 1000) },
      { everySeconds: 60 },
      { do: "wait", until: NOW + 500 },
    ],
    ["running: it goes on", { name: "running", current }, OFF, { do: "continue" }],
    [
      "running: requests wait",
      { name: "running", current, pending: [request] },
      OFF,
      { do: "continue" },
    ],
    [
      "no snapshot while an invocation is in progress",
      { name: "running", current, ...finished(9) },
      { everyInvocations: 5 },
      { do: "continue" },
    ],
    [
      "running: an update is applied at once",
      { name: "running", current, ...pendingUpdates(update) },
      OFF,
      { do: "apply-update", update },
    ],
    [
      "suspended: wait until then, whatever is queued",
      { name: "suspended", current, suspendedUntil: NOW + 9, pending: [request] },
      OFF,
      { do: "wait", until: NOW + 9 },
    ],
    [
      "suspended until now: it goes on",
      { name: "suspended", current, suspendedUntil: NOW },
      OFF,
      { do: "continue" },
    ],
    [
      "retrying: wait for the retry, whatever is queued",
      { name: "retrying", current, ...failed(NOW + 7), pending: [request] },
      OFF,
      { do: "wait", until: NOW + 7 },
    ],
    [
      "retrying, and it is time: it goes on",
      { name: "retrying", current, ...failed(NOW), pending: [request] },
      OFF,
      { do: "continue" },
    ],
    [
      "interrupted: rest, whatever is queued",
      { name: "interrupted", current, pending: [request, queued], ...finished(9) },
      { everyInvocations: 5 },
      { do: "rest" },
    ],
    [
      "interrupted, and the update wakes it: apply it",
      { name: "interrupted", current, ...pendingUpdates(update) },
      OFF,
      { do: "apply-update", update },
    ],
    [
      "interrupted, and the update does not wake it: rest",
      { name: "interrupted", current, ...pendingUpdates(anUpdate(12, { wake: false })) },
      OFF,
      { do: "rest" },
    ],
    [
      "failed: rest, what was pending stays pending",
      { name: "failed", current, ...failed(), pending: [request, queued] },
      OFF,
      { do: "rest" },
    ],
    [
      "failed: an update may heal it",
      { name: "failed", current, ...failed(), ...pendingUpdates(update) },
      OFF,
      { do: "apply-update", update },
    ],
  ])("%s", (_, changed, policy, step) => {
    expect(nextStep(aStatus(changed), { policy, limits }, NOW)).toMatchObject(step);
  });

  test("section 3: a retrying agent with no invocation in progress takes up its queue when it is time", () => {
    const retrying = aStatus({ name: "retrying", ...failed(NOW), pending: [request] });
    expect(nextStep(retrying, { policy: OFF, limits }, NOW - 1)).toEqual({
      do: "wait",
      until: NOW,
    });
    expect(nextStep(retrying, { policy: OFF, limits }, NOW)).toEqual({
      do: "invoke",
      pending: request,
    });
    expect(nextStep({ ...retrying, pending: [] }, { policy: OFF, limits }, NOW)).toEqual({
      do: "rest",
    });
  });
});

describe("semantics 5: the update at the front", () => {
  const quiet = anUpdate(12, { wake: false });
  test.each<[string, Partial<Status>, unknown]>([
    ["none", {}, undefined],
    ["the first one", pendingUpdates(update, anUpdate(13)), update],
    ["wake false makes no difference when idle", pendingUpdates(quiet), quiet],
    [
      "wake false makes no difference when retrying",
      { name: "retrying", ...pendingUpdates(quiet) },
      quiet,
    ],
    [
      "wake false makes no difference when suspended",
      { name: "suspended", ...pendingUpdates(quiet) },
      quiet,
    ],
    [
      "wake false makes no difference when failed",
      { name: "failed", ...pendingUpdates(quiet) },
      quiet,
    ],
    ["wake true wakes", { name: "interrupted", ...pendingUpdates(update) }, update],
    ["wake false does not", { name: "interrupted", ...pendingUpdates(quiet) }, undefined],
    [
      "a later one with wake true wakes for the first as well",
      { name: "interrupted", ...pendingUpdates(quiet, anUpdate(13, { wake: true })) },
      quiet,
    ],
  ])("%s", (_, changed, front) => {
    expect(frontUpdate(aStatus(changed))).toEqual(front);
  });
});

describe("semantics 6: when a snapshot is due", () => {
  test.each<[string, SnapshotPolicy, number, number | undefined]>([
    ["never when disabled", OFF, 500, undefined],
    ["not before N invocations", { everyInvocations: 100 }, 99, undefined],
    ["at N invocations", { everyInvocations: 100 }, 100, NOW],
    ["still when there were more", { everyInvocations: 100 }, 250, NOW],
    ["by time only when something is new", { everySeconds: 1 }, 0, undefined],
    ["by time after the last one", { everySeconds: 2 }, 1, 2300],
  ])("%s", (_, policy, count, at) => {
    expect(snapshotDueAt(aStatus(finished(count, 300)), policy, NOW)).toBe(at);
  });
});

describe("semantics 3: first in, first out", () => {
  test.each([
    ["none", [], undefined],
    ["the oldest", [aRequest(3), aRequest(4)], 3],
    ["not one that is scheduled for later", [aRequest(3, NOW + 1)], undefined],
    ["a scheduled one counts from its time", [aRequest(3, 500), aRequest(400)], 400],
    ["a scheduled one goes before what came after its time", [aRequest(3, 500), aRequest(600)], 3],
    ["the one whose time came first", [aRequest(3, 700), aRequest(4, 600)], 4],
    ["the older one when their times are the same", [aRequest(3, 600), aRequest(4, 600)], 3],
    ["right at its time", [aRequest(3, NOW)], 3],
  ])("%s", (_, pending, index) => {
    expect(firstDue(aStatus({ pending }), NOW)?.index).toBe(index);
  });

  test("of requests without a schedule it is always the first in the queue", () => {
    check(
      fc.array(fc.nat(50), { maxLength: 20 }),
      (gaps) => {
        let index = 0;
        const pending = gaps.map((gap) => aRequest((index += gap + 1)));
        expect(firstDue(aStatus({ pending }), index)).toBe(pending[0]);
      },
      500,
    );
  });
});
