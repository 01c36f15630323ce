/** semantics 8: what a copy has of its source, and what ends in it. */
import { describe, expect, test } from "vitest";
import { awakening } from "../../../src/core/decide/promises.ts";
import { decideFork, severance } from "../../../src/core/decide/fork.ts";
import type { Create, Entry, Indexed } from "../../../src/core/oplog/entry.ts";
import { Legality } from "../../../src/core/oplog/legality.ts";
import { forkedCreate, movedCreate } from "../../../src/core/copies/create.ts";
import { branchAt, keyAt } from "../../../src/core/oplog/origin.ts";
import { fold } from "../../../src/core/status/fold.ts";
import type { Status } from "../../../src/core/status/status.ts";
import { legalLogs, type LegalLog } from "../../support/legal-logs.ts";
import { announceSeed, check } from "../../support/property.ts";
import { aStatus } from "../../support/statuses.ts";

announceSeed();

const at = Date.UTC(2040, 0, 1);

function reader(entries: readonly Indexed[]) {
  return (from: number, to: number) => entries.slice(from - 1, to);
}

function folded(entries: readonly Indexed[]): Status {
  const status = fold(undefined, entries, reader(entries));
  if (status === undefined) throw new Error("the log is empty");
  return status;
}

/** Where a log is copied: where it can be cut, and as it is, whatever is open there. */
function placesOf({ entries, cuts }: LegalLog): readonly number[] {
  return [...cuts, entries.length];
}

/** The history of a copy that is cut at `to`. */
function copied(source: readonly Indexed[], to: number): readonly Indexed[] {
  const copy = { key: "copy", incarnation: "new", parent: "shop/Cart/k" };
  const kept = source.slice(0, to).map(({ index, entry }) => ({
    index,
    entry: entry.kind === "Create" ? forkedCreate(entry, copy, { to, at }) : entry,
  }));
  const more = severance(folded(kept), at);
  return [...kept, ...more.map((entry, place) => ({ index: to + 1 + place, entry }))];
}

/** Looks at the copies of generated histories: the status of the source at the cut, and the copy. */
function everywhere(runs: number, look: (before: Status, copy: readonly Indexed[]) => void): void {
  check(
    legalLogs(),
    (log) => {
      for (const cut of placesOf(log)) {
        look(folded(log.entries.slice(0, cut)), copied(log.entries, cut));
      }
    },
    runs,
  );
}

describe("a fork of any legal history, at every index at which it can be cut, and of all of it", () => {
  test("leaves nothing pending but an initialization: no request, no update, no schedule", () => {
    everywhere(200, (_, copy) => {
      const { pending, updates, schedules } = folded(copy);
      const requests = pending.filter(({ request }) => request.type !== "initialization");
      expect([requests, updates.pending, schedules]).toEqual([[], [], []]);
    });
  });

  test("goes on with what was unfinished, whatever the source's status was", () => {
    everywhere(200, (before, copy) => {
      const { name, current, failure, revision } = folded(copy);
      expect(["interrupted", "failed"]).not.toContain(name);
      const unfinished = before.current?.idempotencyKey;
      expect([current?.idempotencyKey, revision]).toEqual([unfinished, before.revision]);
      if (before.name === "failed") expect(failure).toBeUndefined();
    });
  });

  test("ends updates as forked, and has all others as they were", () => {
    everywhere(200, (before, copy) => {
      const { updates, snapshots, deleted, skipped, promises } = folded(copy);
      expect(updates.successful).toEqual(before.updates.successful);
      const ended = updates.failed.slice(before.updates.failed.length);
      for (const { detail } of ended) expect(detail).toBe("forked");
      const kept = [before.snapshots, before.deleted, before.skipped, before.promises];
      expect([snapshots, deleted, skipped, promises]).toEqual(kept);
    });
  });

  test("is a legal history itself", () => {
    everywhere(100, (_, copy) => {
      const legality = new Legality(reader(copy));
      expect(copy.map((indexed) => legality.fault(indexed))).toEqual(copy.map(() => undefined));
    });
  });

  test("is decided at the very indices at which a revert may cut; without an index, all is copied", () => {
    check(
      legalLogs(),
      ({ entries, cuts }) => {
        const status = folded(entries);
        const decide = (cut?: number) => decideFork(reader(entries), status, cut);
        const may = entries.slice(0, -1).filter(({ index }) => decide(index).ok);
        expect(may.map(({ index }) => index)).toEqual(cuts);
        expect(decide()).toEqual({ ok: true, value: status.lastIndex });
      },
      200,
    );
  });
});

describe("the cut of a fork", () => {
  const create = {
    kind: "Create",
    at: 1,
    component: "c",
    type: "T",
    key: "k",
    revision: 1,
    incarnation: "i",
  } as const satisfies Create;
  const request = {
    kind: "PendingAgentInvocation",
    at: 1,
    idempotencyKey: "a",
    invocation: { type: "method", method: "m", args: "[]" },
  } as const;

  test("does not part the completion of a promise from the wake-up that it was written with", () => {
    const start = { idempotencyKey: "a", pendingIndex: 2, method: "m", seed: "s" } as const;
    const log: readonly Entry[] = [
      create,
      request,
      { kind: "AgentInvocationStarted", at: 1, ...start },
      { kind: "Suspend", at: 1, reason: "wait" },
      { kind: "PromiseCompleted", at: 1, promiseId: "p", outcome: { ok: true, result: "1" } },
    ];
    const promise = { start: 3, id: "p", isAwaited: true } as const;
    const wakeUp = awakening(aStatus({ name: "suspended" }), promise, 1);
    const entries = [...log, ...wakeUp].map((entry, place) => ({ index: place + 1, entry }));
    const decided = decideFork(reader(entries), folded(entries), 5);
    expect(decided).toMatchObject({ ok: false, refusal: { code: "invalid-cut" } });
    expect(JSON.stringify(decided)).toContain("nearest indices that can be cut are 4 and 6");
  });

  test("does not part completions that are written again after a jump which hides them", () => {
    const started = { idempotencyKey: "a", pendingIndex: 2, method: "m", seed: "s" } as const;
    const creating = { call: "promise.create", durability: "write-local" } as const;
    const complete = (promiseId: string): Entry => {
      return { kind: "PromiseCompleted", at: 1, promiseId, outcome: { ok: true, result: "1" } };
    };
    const log: readonly Entry[] = [
      create,
      request,
      { kind: "AgentInvocationStarted", at: 1, ...started },
      { kind: "Start", at: 1, ...creating },
      { kind: "End", at: 1, start: 4, response: '"p"' },
      { kind: "Start", at: 1, ...creating },
      { kind: "End", at: 1, start: 6, response: '"q"' },
      { kind: "Log", at: 1, level: "log", message: "m" },
      complete("p"),
      complete("q"),
      { kind: "Jump", at: 1, region: [9, 11] },
      complete("p"),
      complete("q"),
      complete("r"),
    ];
    const entries = log.map((entry, place) => ({ index: place + 1, entry }));
    const decide = (cut: number) => decideFork(reader(entries), folded(entries), cut);
    expect(decide(12)).toMatchObject({ refusal: { code: "invalid-cut" } });
    expect(JSON.stringify(decide(12))).toContain(
      "the jump at 11. The nearest indices that can be cut are 8 and 13",
    );
    expect([8, 13, 14].map((cut) => decide(cut).ok)).toEqual([true, true, true]);
  });

  test("is nowhere in an initialization that has not ended, which all of the history may have in it", () => {
    const initialization = { ...request, invocation: { type: "initialization" } } as const;
    const entries = [create, initialization].map((entry, place) => ({ index: place + 1, entry }));
    const decide = (cut?: number) => decideFork(reader(entries), folded(entries), cut);
    expect([1, 2].map((cut) => decide(cut).ok)).toEqual([false, false]);
    expect(decide()).toEqual({ ok: true, value: 2 });
    expect(folded(copied(entries, 2)).pending).toHaveLength(1);
  });

  test("tells keys and branches apart, over copies of copies and over moves", () => {
    const first = forkedCreate(
      create,
      { key: "b", incarnation: "j", parent: "c/T/k" },
      { to: 5, at },
    );
    const second = forkedCreate(
      first,
      { key: "d", incarnation: "l", parent: "c/T/b" },
      { to: 9, at },
    );
    const moved = movedCreate(second, "m");
    expect(moved.origin?.incarnation).toBe("i");
    expect([0, 5, 6, 9, 10].map((index) => keyAt(moved, index))).toEqual(["k", "k", "b", "b", "d"]);
    expect([5, 6, 9, 10].map((index) => branchAt(moved, index))).toEqual(["", "/j", "/j", "/l"]);
    const unforked = movedCreate(create, "n");
    expect([keyAt(unforked, 3), branchAt(unforked, 3)]).toEqual(["k", ""]);
  });

  test("of a copy, cut before that one was, has been neither it nor what it was made of after the cut", () => {
    const first = forkedCreate(
      create,
      { key: "b", incarnation: "j", parent: "c/T/k" },
      { to: 9, at },
    );
    for (const to of [5, 9]) {
      const copy = { key: "d", incarnation: "l", parent: "c/T/b" };
      const second = forkedCreate(first, copy, { to, at });
      expect([to, to + 1, 10].map((index) => keyAt(second, index))).toEqual(["k", "d", "d"]);
      expect([to, to + 1].map((index) => branchAt(second, index))).toEqual(["", "/l"]);
    }
  });
});
