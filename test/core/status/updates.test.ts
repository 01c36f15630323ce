import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Entry, Indexed } from "../../../src/core/oplog/entry.ts";
import { inRegions } from "../../../src/core/oplog/regions.ts";
import { fold } from "../../../src/core/status/fold.ts";
import type { Status } from "../../../src/core/status/status.ts";
import { legalLogs } from "../../support/legal-logs.ts";
import { announceSeed, check } from "../../support/property.ts";
import { statusesOf } from "../../support/statuses.ts";

announceSeed();

const created: Entry = {
  kind: "Create",
  at: 0,
  component: "shop",
  type: "Cart",
  key: "k",
  revision: 1,
  incarnation: "i",
};

function statusOf(entries: readonly Entry[]): Status {
  const log: Indexed[] = entries.map((entry, at) => ({ index: at + 1, entry }));
  const status = fold(undefined, log, (from, to) => log.slice(from - 1, to));
  if (status === undefined) throw new Error("nothing was folded");
  return status;
}

function pending(
  updateId: string,
  revision: number,
  mode: "automatic" | "manual" = "automatic",
): Entry {
  return { kind: "PendingUpdate", at: 1, updateId, mode, revision, requestedAt: 1, wake: true };
}

function queued(updateId: string, revision: number): Entry {
  const invocation = { type: "manual-update", updateId, revision } as const;
  return {
    kind: "PendingAgentInvocation",
    at: 3,
    idempotencyKey: `update ${updateId}`,
    invocation,
  };
}

function ids(updates: readonly { readonly id: string }[]): string[] {
  return updates.map(({ id }) => id);
}

const names = ["a", "b", "c", "d", "e"];
const conclusions = fc
  .tuple(
    fc.integer({ min: 1, max: 5 }),
    fc.shuffledSubarray(names),
    fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
  )
  .map(([count, order, succeeds]) => {
    const asked = names.slice(0, count);
    return { asked, order: order.filter((id) => asked.includes(id)), succeeds };
  });

describe("semantics 2, law 3: updates conclude by their id, not by their place in the queue", () => {
  test("law 3: in whatever order, each conclusion takes its own update and leaves the others in theirs", () => {
    check(
      conclusions,
      ({ asked, order, succeeds }) => {
        const isGood = (id: string): boolean => succeeds[names.indexOf(id)] === true;
        const status = statusOf([
          created,
          ...asked.map((id, at) => pending(id, at + 2)),
          ...order.map((updateId): Entry => {
            const kind = isGood(updateId) ? "SuccessfulUpdate" : "FailedUpdate";
            return { kind, at: 2, updateId, revision: names.indexOf(updateId) + 2 };
          }),
        ]);
        expect(ids(status.updates.pending)).toEqual(asked.filter((id) => !order.includes(id)));
        expect(ids(status.updates.successful)).toEqual(order.filter(isGood));
        expect(ids(status.updates.failed)).toEqual(order.filter((id) => !isGood(id)));
        const last = order.findLast(isGood);
        expect(status.revision).toBe(last === undefined ? 1 : names.indexOf(last) + 2);
      },
      2000,
    );
  });

  test("law 3: a failed update never takes another with it, not even one of the same revision", () => {
    const status = statusOf([
      created,
      pending("a", 2),
      queued("m", 2),
      pending("b", 3),
      { kind: "FailedUpdate", at: 4, updateId: "b", revision: 3, detail: "no" },
    ]);
    expect(ids(status.updates.pending)).toEqual(["a"]);
    expect(status.pending).toHaveLength(1);
    expect(status.updates.failed).toEqual([
      { id: "b", mode: "automatic", revision: 3, requestedAt: 1, concludedAt: 4, detail: "no" },
    ]);
  });

  test("law 3: a manual update that failed to save is concluded from the queue, others stay in it", () => {
    const status = statusOf([
      created,
      queued("m", 2),
      queued("n", 3),
      { kind: "FailedUpdate", at: 9, updateId: "n", revision: 3, detail: "no" },
    ]);
    expect(status.pending.map(({ request }) => request)).toEqual([
      { type: "manual-update", updateId: "m", revision: 2 },
    ]);
    expect(status.updates).toEqual({
      pending: [],
      successful: [],
      failed: [
        { id: "n", mode: "manual", revision: 3, requestedAt: 3, concludedAt: 9, detail: "no" },
      ],
    });
  });

  test("law 3: the conclusion of an update that nobody asked for changes no list", () => {
    for (const kind of ["SuccessfulUpdate", "FailedUpdate"] as const) {
      const status = statusOf([
        created,
        pending("a", 2),
        { kind, at: 2, updateId: "x", revision: 9 },
      ]);
      expect(ids(status.updates.pending)).toEqual(["a"]);
      expect([...status.updates.successful, ...status.updates.failed]).toEqual([]);
    }
  });

  test("semantics 5: a failed trial changes no status, no revision and no base", () => {
    const before = statusOf([created, queued("m", 2), pending("m", 2, "manual")]);
    const after = statusOf([
      created,
      queued("m", 2),
      pending("m", 2, "manual"),
      { kind: "FailedUpdate", at: 5, updateId: "m", revision: 2 },
    ]);
    expect(after).toEqual({ ...before, lastIndex: 4, updates: after.updates });
    expect(after.updates.pending).toEqual([]);
    expect(after.skipped).toEqual([]);
    expect(after.snapshots.lastManualUpdate).toBeNull();
  });

  test("semantics 5: an update that is concluded is never pending again, unless a revert undid its conclusion", () => {
    check(
      legalLogs(),
      (log) => {
        for (const { lastIndex, updates, deleted } of statusesOf(log)) {
          const concluded = [...ids(updates.successful), ...ids(updates.failed)];
          expect(new Set(concluded).size).toBe(concluded.length);
          const live = log.entries.filter(
            ({ index }) => index <= lastIndex && !inRegions(deleted, index),
          );
          const ends = live.flatMap(({ entry }) =>
            entry.kind === "SuccessfulUpdate" || entry.kind === "FailedUpdate"
              ? [entry.updateId]
              : [],
          );
          expect(concluded.toSorted()).toEqual(ends.toSorted());
          expect(ids(updates.pending).filter((id) => ends.includes(id))).toEqual([]);
        }
      },
      700,
    );
  });

  test("semantics 2: a revert that takes back an update's request takes it out of every list", () => {
    const status = statusOf([
      created,
      pending("a", 2),
      { kind: "SuccessfulUpdate", at: 2, updateId: "a", revision: 2 },
      { kind: "Revert", at: 3, region: [2, 3] },
    ]);
    expect(status.updates).toEqual({ pending: [], successful: [], failed: [] });
    expect(status.revision).toBe(1);
  });
});

test("semantics 5 and 8: an interruption holds back the updates requested before it, and none after it", () => {
  const { updates } = statusOf([
    created,
    pending("before", 2),
    { kind: "Interrupted", at: 2 },
    pending("after", 3),
  ]);
  expect(updates.pending.map(({ id, wake }) => [id, wake])).toEqual([
    ["before", false],
    ["after", true],
  ]);
});
