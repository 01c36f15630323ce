/** Recurring schedules: one queued run for each, whatever is started, cancelled, reverted and missed. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { firstDue } from "../../../src/core/decide/next.ts";
import {
  checkNewSchedule,
  checkSameSchedule,
  endOfSchedule,
  followingRuns,
  newSchedule,
  type NextTime,
} from "../../../src/core/decide/schedules.ts";
import { defaultLimits as limits } from "../../../src/core/limits.ts";
import type { Entry, Indexed, ScheduleCreated } from "../../../src/core/oplog/entry.ts";
import { fold } from "../../../src/core/status/fold.ts";
import type { ScheduleState, Status } from "../../../src/core/status/status.ts";
import { announceSeed, check } from "../../support/property.ts";
import { aRequest, aStatus } from "../../support/statuses.ts";

announceSeed();

/** The expression is a number of milliseconds: due at each multiple of it. */
const everyMs: NextTime = ({ cron }, after) =>
  (Math.floor(after / Number(cron)) + 1) * Number(cron);

function aSchedule(id: string, cron = "10", at = 0): ScheduleCreated {
  const call = { method: "tick", args: "[1]" };
  return {
    kind: "ScheduleCreated",
    at,
    scheduleId: id,
    cron,
    timezone: "UTC",
    ...call,
    createdBy: id,
  };
}

/** An agent that appends as the ledger does. */
class Books {
  readonly log: Indexed[] = [];
  status: Status;
  now = 1;

  constructor() {
    const create = { component: "shop", type: "Cart", key: "k", revision: 1, incarnation: "i" };
    this.status = this.#fold([{ kind: "Create", at: 0, ...create }]);
  }

  #fold(entries: readonly Entry[]): Status {
    const indexed = entries.map((entry, at) => ({ index: this.log.length + 1 + at, entry }));
    const base = this.log.length === 0 ? undefined : this.status;
    this.log.push(...indexed);
    return fold(base, indexed, (from, to) => this.log.slice(from - 1, to)) as Status;
  }

  append(...entries: readonly Entry[]): void {
    const at = (index: number): Entry | undefined => this.log[index - 1]?.entry;
    const more = followingRuns(this.status, entries, this.now, everyMs, at);
    this.status = this.#fold([...entries, ...more]);
  }

  /** What a batch of due requests writes, at most `most` of them. */
  run(most: number): void {
    let { pending } = this.status;
    const entries: Entry[] = [];
    for (let count = 0; count < most; count++) {
      const due = firstDue({ ...this.status, pending }, this.now);
      if (due === undefined) break;
      const { idempotencyKey, index: pendingIndex } = due;
      pending = pending.filter((waiting) => waiting !== due);
      const at = this.now;
      const outcome = { ok: true, result: "1" } as const;
      entries.push(
        {
          kind: "AgentInvocationStarted",
          at,
          idempotencyKey,
          pendingIndex,
          method: "tick",
          seed: "s",
        },
        { kind: "AgentInvocationFinished", at, idempotencyKey, outcome, revision: 1 },
      );
    }
    if (entries.length > 0) this.append(...entries);
  }

  of(id: string): Extract<Entry, { kind: "PendingAgentInvocation" }>[] {
    return this.log.flatMap(({ entry }) =>
      entry.kind === "PendingAgentInvocation" && entry.schedule === id ? [entry] : [],
    );
  }
}

type Move = (books: Books, a: number) => void;

const moves: Readonly<Record<string, Move>> = {
  create: (books, a) => {
    const schedule = aSchedule(`s${books.log.length}`, `${(a % 20) + 1}`, books.now);
    books.append(...newSchedule(schedule, everyMs));
  },
  delete: (books, a) => {
    const { schedules } = books.status;
    const gone = schedules[a % (schedules.length * 3 + 1)];
    if (gone !== undefined) books.append(...endOfSchedule(books.status, gone, books.now));
  },
  run: (books, a) => books.run((a % 3) + 1),
  cancel: (books, a) => {
    const gone = books.status.pending[a % (books.status.pending.length + 1)];
    if (gone === undefined) return;
    const { idempotencyKey } = gone;
    books.append({ kind: "CancelPendingInvocation", at: books.now, idempotencyKey });
  },
  request: (books, a) => {
    const invocation = { type: "method", method: "add", args: "[]" } as const;
    const idempotencyKey = `call ${books.log.length}`;
    books.append({
      kind: "PendingAgentInvocation",
      at: books.now + (a % 2),
      idempotencyKey,
      invocation,
    });
  },
  goBack: (books, a) => {
    const to = books.log.length;
    const from = Math.max(2, to - (a % 12));
    const at = books.now;
    if (from > to) return;
    if (a % 2 === 0) books.append({ kind: "Revert", at, region: [from, to] });
    else books.append({ kind: "Jump", at, region: [from, to + 1] });
  },
  pass: (books, a) => {
    books.now += a % 4 === 0 ? a : a % 8;
  },
  /** The clock is set back: what has run must not run again. */
  setBack: (books, a) => {
    books.now = Math.max(1, books.now - (a % 15));
  },
};

const script = fc.array(
  fc.record({ move: fc.constantFrom(...Object.keys(moves)), a: fc.nat(999) }),
  { maxLength: 80, size: "max" },
);

function startedKeys(books: Books): readonly string[] {
  return books.log.flatMap(({ entry }) =>
    entry.kind === "AgentInvocationStarted" ? [entry.idempotencyKey] : [],
  );
}

describe("recurring schedules", () => {
  test("each has exactly one queued run at any time, also after reverts, and a deleted one has none", () => {
    check(
      script,
      (steps) => {
        const books = new Books();
        for (const { move, a } of steps) {
          moves[move]?.(books, a);
          const { schedules, pending } = books.status;
          const queued = pending.flatMap(({ schedule }) => schedule ?? []);
          expect(queued.toSorted()).toEqual(schedules.map(({ id }) => id).toSorted());
        }
      },
      1500,
    );
  });

  test("no run is attempted twice, and none is queued for a time that has passed: missed ones are one", () => {
    let runs = 0;
    check(
      script,
      (steps) => {
        const books = new Books();
        for (const { move, a } of steps) moves[move]?.(books, a);
        const keys = startedKeys(books);
        expect(new Set(keys).size).toBe(keys.length);
        const ids = books.log.flatMap(({ entry }) =>
          entry.kind === "ScheduleCreated" ? [entry.scheduleId] : [],
        );
        for (const id of ids) {
          const queued = books.of(id);
          runs += queued.length - 1;
          queued.forEach(({ at, scheduledFor = 0 }, position) => {
            expect(scheduledFor).toBeGreaterThan(at);
            const before = queued[position - 1]?.scheduledFor ?? 0;
            expect(scheduledFor).toBeGreaterThan(before);
          });
        }
      },
      1500,
    );
    expect(runs).toBeGreaterThan(100);
  });

  test("a run is an ordinary request; its key is visible ASCII and names schedule and time", () => {
    const schedule = aSchedule("s", "1000", 1);
    expect(newSchedule(schedule, everyMs)).toEqual([
      schedule,
      {
        kind: "PendingAgentInvocation",
        at: 1,
        idempotencyKey: "s@1970-01-01T00:00:01.000Z",
        invocation: { type: "method", method: "tick", args: "[1]" },
        scheduledFor: 1000,
        schedule: "s",
      },
    ]);
  });

  test("one that has no time ahead is there and queues nothing; one whose last run begins has none after", () => {
    const books = new Books();
    expect(newSchedule(aSchedule("never"), () => undefined)).toEqual([aSchedule("never")]);
    books.append(...newSchedule(aSchedule("s"), everyMs));
    books.now = 10;
    const [run] = books.status.pending;
    const { idempotencyKey = "", index: pendingIndex = 0 } = run ?? {};
    const kind = "AgentInvocationStarted";
    const started = {
      kind,
      at: 10,
      idempotencyKey,
      pendingIndex,
      method: "tick",
      seed: "s",
    } as const;
    const created = books.log[1]?.entry;
    expect(created?.kind).toBe("ScheduleCreated");
    expect(
      followingRuns(
        books.status,
        [started],
        10,
        () => undefined,
        () => created,
      ),
    ).toEqual([]);
    expect(followingRuns(books.status, [started], 10, everyMs, () => created)).toHaveLength(1);
  });

  test("the last run is when its last start was; a revert does not take that back", () => {
    const books = new Books();
    books.append(...newSchedule(aSchedule("s"), everyMs));
    books.now = 10;
    books.run(1);
    expect(books.status.schedules).toMatchObject([{ id: "s", lastRunAt: 10 }]);
    books.now = 12;
    books.append({ kind: "Revert", at: 12, region: [2, books.log.length] });
    expect(books.status.schedules).toMatchObject([{ id: "s", lastRunAt: 10 }]);
    expect(books.status.pending).toMatchObject([{ schedule: "s", scheduledFor: 20 }]);
  });

  test("a failed agent takes none, nor one that has as many as the limit", () => {
    const schedules = Array.from({ length: limits.schedules }, (): ScheduleState => {
      const { at, cron, timezone, method, createdBy } = aSchedule("s");
      return { index: 2, id: "s", at, cron, timezone, method, createdBy };
    });
    expect(checkNewSchedule(aStatus(), limits)).toBeUndefined();
    expect(checkNewSchedule(aStatus({ schedules: schedules.slice(1) }), limits)).toBeUndefined();
    expect(checkNewSchedule(aStatus({ schedules }), limits)?.code).toBe("too-many-schedules");
    expect(checkNewSchedule(aStatus({ name: "failed" }), limits)?.code).toBe("agent-failed");
    const pending = Array.from({ length: limits.pendingInvocations }, () => aRequest(5));
    expect(checkNewSchedule(aStatus({ pending }), limits)?.code).toBe("queue-full");
  });

  test.each<[string, Partial<ScheduleCreated>]>([
    ["time", { cron: "11" }],
    ["zone", { timezone: "Europe/Berlin" }],
    ["method", { method: "tock" }],
    ["arguments", { args: "[2]" }],
  ])("the same key with another %s is refused", (_, changed) => {
    const known = aSchedule("s");
    expect(checkSameSchedule(known, { ...known, args: "[ 1 ]" })).toBeUndefined();
    expect(checkSameSchedule(known, { ...known, ...changed })?.code).toBe("idempotency-key-reused");
  });
});
