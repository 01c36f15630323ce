import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideRevert, type RevertTarget } from "../../../src/core/decide/revert.ts";
import type { Result } from "../../../src/core/errors.ts";
import type { Entry, Indexed } from "../../../src/core/oplog/entry.ts";
import type { Region } from "../../../src/core/oplog/regions.ts";
import { fold } from "../../../src/core/status/fold.ts";
import { INITIALIZATION_KEY, type Status } from "../../../src/core/status/status.ts";
import { legalLogs, type LegalLog } from "../../support/legal-logs.ts";
import { announceSeed, check } from "../../support/property.ts";
import { statusesOf } from "../../support/statuses.ts";

announceSeed();

const create: Entry = {
  kind: "Create",
  at: 0,
  component: "shop",
  type: "Cart",
  key: "k",
  revision: 1,
  incarnation: "i",
};

function asked(idempotencyKey: string): Entry {
  const invocation =
    idempotencyKey === INITIALIZATION_KEY
      ? ({ type: "initialization" } as const)
      : ({ type: "method", method: "add", args: "[]" } as const);
  return { kind: "PendingAgentInvocation", at: 0, idempotencyKey, invocation };
}

function started(idempotencyKey: string, pendingIndex: number): Entry {
  const kind = "AgentInvocationStarted";
  return { kind, at: 0, idempotencyKey, pendingIndex, method: "add", seed: "s" };
}

function finished(idempotencyKey: string): Entry {
  const outcome = { ok: true, result: "1" } as const;
  return { kind: "AgentInvocationFinished", at: 0, idempotencyKey, outcome, revision: 1 };
}

const call = { kind: "Start", at: 0, call: "fetch", durability: "write-remote" } as const;
const nested = { ...call, call: "sleep" } as const;

function whole(key: string, at: number): Entry[] {
  return [asked(key), started(key, at), finished(key)];
}

function decide(entries: readonly Entry[], target: RevertTarget): Result<Region> {
  const log = entries.map((entry, at): Indexed => ({ index: at + 1, entry }));
  const read = (from: number, to: number): Indexed[] => log.slice(from - 1, to);
  return decideRevert(read, fold(undefined, log, read) as Status, target);
}

function expectRefusal(decided: Result<Region>, detail: string): void {
  expect(decided).toMatchObject({ ok: false, refusal: { code: "invalid-cut" } });
  expect(decided.ok ? "" : decided.refusal.detail).toBe(detail);
}

const [a, b] = [whole("a", 2), whole("b", 5)];
const initialized = whole(INITIALIZATION_KEY, 2);
const busy = [create, asked("a"), started("a", 2)];

describe("semantics 8: a cut is refused with what stands in its way, and where it could be", () => {
  test.each<[string, readonly Entry[], number, string]>([
    [
      "before the first entry",
      [create, ...a],
      0,
      "Index 0 is out of range: the oplog has the indices 1 to 4. The nearest index that can be cut is 1.",
    ],
    [
      "the last entry",
      [create, ...a],
      4,
      "Index 4 is the last one: nothing stands after it. The nearest index that can be cut is 3.",
    ],
    [
      "after the last entry",
      [create, ...a],
      9,
      "Index 9 is out of range: the oplog has the indices 1 to 4. The nearest index that can be cut is 3.",
    ],
    [
      "in the initialization",
      [create, ...initialized, ...b],
      3,
      "Index 3 lies before the end of the initialization, which stays. The nearest index that can be cut is 4.",
    ],
    [
      "an agent whose initialization has not ended",
      [create, ...initialized.slice(0, 2), asked("b")],
      3,
      "Index 3 lies before the end of the initialization, which stays. There is no index that can be cut.",
    ],
    [
      "in a deleted region",
      [create, ...a, { kind: "Revert", at: 0, region: [2, 4] }, ...b],
      3,
      "Index 3 lies in [2, 4], which a revert has deleted. The nearest indices that can be cut are 1 and 5.",
    ],
    [
      "in a region that was gone back over, the jump included",
      [...busy, asked("c"), { kind: "Jump", at: 0, region: [4, 5] }, finished("a"), asked("b")],
      5,
      "Index 5 lies in [4, 5], which the agent has gone back over. The nearest indices that can be cut are 3 and 6.",
    ],
    [
      "in a call: the outermost is named",
      [
        ...busy,
        call,
        nested,
        { kind: "End", at: 0, start: 5, response: "1" },
        { kind: "End", at: 0, start: 4, response: "1" },
        finished("a"),
      ],
      5,
      "Index 5 lies inside the call fetch that began at 4. The nearest indices that can be cut are 3 and 7.",
    ],
    [
      "in an atomic region",
      [
        ...busy,
        { kind: "BeginAtomicRegion", at: 0 },
        asked("b"),
        { kind: "EndAtomicRegion", at: 0, begin: 4 },
        asked("c"),
      ],
      5,
      "Index 5 lies inside the atomic region that began at 4. The nearest indices that can be cut are 3 and 6.",
    ],
  ])("%s", (_, entries, toIndex, detail) => {
    expectRefusal(decide(entries, { toIndex }), detail);
  });

  test("more invocations than were not reverted", () => {
    const log: Entry[] = [
      create,
      ...a,
      { kind: "Revert", at: 0, region: [3, 4] },
      ...whole("b", 6),
    ];
    expect(decide(log, { invocations: 1 })).toEqual({ ok: true, value: [7, 8] });
    expectRefusal(
      decide(log, { invocations: 2 }),
      "The agent has 1 method invocations that were not reverted, so the last 2 cannot be; ask for that many at most.",
    );
  });
});

describe("semantics 8: what is deleted", () => {
  test.each<[string, readonly Entry[], RevertTarget, Region]>([
    ["all after the index", [create, ...a, ...b], { toIndex: 4 }, [5, 7]],
    ["all but Create, without onCreate", [create, ...a], { toIndex: 1 }, [2, 4]],
    ["all but the initialization", [create, ...initialized, ...b], { toIndex: 4 }, [5, 7]],
    ["between two calls of an invocation", [...busy, call], { toIndex: 3 }, [4, 4]],
    ["the last invocation, whose request stays", [create, ...a, ...b], { invocations: 1 }, [6, 7]],
    ["the one in progress counts", [create, ...a, ...b.slice(0, 2)], { invocations: 1 }, [6, 6]],
    ["one that waits does not", [create, ...a, asked("b")], { invocations: 1 }, [3, 5]],
    [
      "a call that is open now, from before it",
      [...busy, call, asked("b")],
      { toIndex: 2 },
      [3, 5],
    ],
    [
      "a call that its invocation left open has ended with it",
      [...busy, call, finished("a"), asked("b")],
      { toIndex: 5 },
      [6, 6],
    ],
  ])("%s", (_, entries, target, region) => {
    expect(decide(entries, target)).toEqual({ ok: true, value: region });
  });

  test("never the initialization, however many are counted", () => {
    const log = [create, ...initialized, ...b];
    expect(decide(log, { invocations: 1 })).toEqual({ ok: true, value: [6, 7] });
    expect(decide(log, { invocations: 2 })).toMatchObject({ ok: false });
  });
});

function lastStatus(log: LegalLog): Status {
  const status = statusesOf(log).at(-1);
  if (status === undefined) throw new Error("a log begins with Create");
  return status;
}

function isRevertible({ entry }: Indexed): boolean {
  return entry.kind === "AgentInvocationStarted" && entry.idempotencyKey !== INITIALIZATION_KEY;
}

describe("semantics 8: over legal logs", () => {
  test("every cut that the model lets through is accepted, and no other", () => {
    check(
      legalLogs(80),
      (log) => {
        const status = lastStatus(log);
        const accepted: number[] = [];
        for (let toIndex = -1; toIndex <= status.lastIndex + 1; toIndex++) {
          if (decideRevert(log.read, status, { toIndex }).ok) accepted.push(toIndex);
        }
        expect(accepted).toEqual(log.cuts);
      },
      300,
    );
  });

  test("a refusal names the nearest cuts on both sides", () => {
    check(
      fc.tuple(legalLogs(60), fc.nat(80)),
      ([log, toIndex]) => {
        const decided = decideRevert(log.read, lastStatus(log), { toIndex });
        if (decided.ok) return;
        const below = log.cuts.findLast((cut) => cut < toIndex);
        const above = log.cuts.find((cut) => cut > toIndex);
        const nearest = [below, above].filter((cut) => cut !== undefined);
        const told = /can be cut(?: is | are )?(.*)\.$/.exec(decided.refusal.detail)?.[1];
        expect(told).toBe(nearest.join(" and "));
      },
      500,
    );
  });

  test("the last n: right before the n-th live start from the end, which is always a place to cut", () => {
    check(
      fc.tuple(legalLogs(80), fc.integer({ min: 1, max: 6 })),
      ([log, invocations]) => {
        const gone = log.entries.flatMap(({ entry }) =>
          entry.kind === "Revert" ? [entry.region] : [],
        );
        const live = log.entries.filter(
          (one) =>
            isRevertible(one) && !gone.some(([from, to]) => from <= one.index && one.index <= to),
        );
        const decided = decideRevert(log.read, lastStatus(log), { invocations });
        expect(decided.ok).toBe(live.length >= invocations);
        if (!decided.ok) return;
        const cut = (live[live.length - invocations]?.index ?? 0) - 1;
        expect(decided.value).toEqual([cut + 1, log.entries.length]);
        expect(log.cuts).toContain(cut);
      },
      500,
    );
  });

  test("after it the agent is what it was at the cut, but for its queue, its schedules and what it has deleted", () => {
    check(
      fc.tuple(legalLogs(80), fc.nat(1000)),
      ([log, choice]) => {
        const cut = log.cuts[choice % Math.max(1, log.cuts.length)];
        if (cut === undefined) return;
        const all = statusesOf(log);
        const decided = decideRevert(log.read, lastStatus(log), { toIndex: cut });
        if (!decided.ok) throw new Error(decided.refusal.detail);
        const entry: Entry = { kind: "Revert", at: log.now, region: decided.value };
        const entries = [...log.entries, { index: log.entries.length + 1, entry }];
        const read = (from: number, to: number): Indexed[] => entries.slice(from - 1, to);
        const after = fold(all.at(-1), entries.slice(-1), read);
        const { deleted, skipped, lastIndex, ...state } = after as Status;
        const then = all[cut - 1] as Status;
        expect(state).toEqual({
          ...then,
          pending: state.pending,
          schedules: state.schedules,
          deleted: undefined,
          skipped: undefined,
          lastIndex: undefined,
        });
        expect(deleted.at(-1)).toEqual([expect.any(Number), lastIndex - 1]);
        expect(skipped.at(-1)).toEqual(deleted.at(-1));
      },
      400,
    );
  });
});
