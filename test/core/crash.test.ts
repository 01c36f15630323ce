/** Crash grade one: the process may die after any entry; what then follows is decided from the log alone. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SnapshotPolicy } from "../../src/core/api/views.ts";
import { nextStep, type Step } from "../../src/core/decide/next.ts";
import { planRecovery, planTrial, type RecoveryPlan } from "../../src/core/decide/recovery.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import type { Entry, Indexed } from "../../src/core/oplog/entry.ts";
import { isReplayable } from "../../src/core/oplog/entry.ts";
import { inRegions } from "../../src/core/oplog/regions.ts";
import { fold } from "../../src/core/status/fold.ts";
import type { Status } from "../../src/core/status/status.ts";
import { legalLogs, type LegalLog } from "../support/legal-logs.ts";
import { announceSeed, check } from "../support/property.ts";
import { statusesOf } from "../support/statuses.ts";

announceSeed();

/** The base holds a snapshot, was not reverted, and does not come from before a manual update. */
function expectSoundBase(log: LegalLog, status: Status, { base, from }: RecoveryPlan): void {
  expect(from).toBeGreaterThan(status.snapshots.lastManualUpdate ?? 0);
  if (base.kind === "none") {
    expect(from).toBe(2);
    return;
  }
  expect(from).toBe(base.index + 1);
  expect(inRegions(status.deleted, base.index)).toBe(false);
  const entry = log.read(base.index, base.index)[0]?.entry;
  if (base.kind === "automatic") expect(entry?.kind).toBe("Snapshot");
  else expect(entry).toMatchObject({ kind: "PendingUpdate", mode: "manual", snapshot: {} });
}

/** What is replayed is whole invocations, of which the last may be unfinished: the one in progress. */
function expectWholeInvocations(log: LegalLog, status: Status, plan: RecoveryPlan): void {
  let open: number | undefined;
  const starts = new Set<number>();
  const isHeard = (entry: Entry): boolean => entry.kind === "Cancelled" && entry.start === open;
  for (const { index, entry } of log.read(plan.from, plan.to)) {
    if (!isReplayable(entry.kind) || inRegions(plan.skipped, index)) continue;
    if (entry.kind === "AgentInvocationStarted") {
      expect(open).toBeUndefined();
      open = index;
      continue;
    }
    expect(open).toBeDefined();
    if (entry.kind === "AgentInvocationFinished") open = undefined;
    if (entry.kind === "Start") starts.add(index);
    if (entry.kind === "End" || (entry.kind === "Cancelled" && !isHeard(entry))) {
      expect(starts.delete(entry.start)).toBe(true);
    }
  }
  expect(open).toBe(status.current?.startedIndex);
}

function bases(status: Status): RecoveryPlan["base"]["kind"][] {
  const distrusted = new Set<number>();
  const kinds: RecoveryPlan["base"]["kind"][] = [];
  for (;;) {
    const { base } = planRecovery(status, distrusted);
    kinds.push(base.kind);
    if (base.kind !== "automatic") return kinds;
    expect(distrusted.has(base.index)).toBe(false);
    distrusted.add(base.index);
  }
}

describe("after a crash at any entry", () => {
  test("semantics 4: recovery runs the revision in force, from a sound base, over whole invocations", () => {
    check(
      legalLogs(80),
      (log) => {
        for (const status of statusesOf(log)) {
          const plan = planRecovery(status, new Set());
          expect(plan).toMatchObject({ revision: status.revision, to: status.lastIndex });
          expectSoundBase(log, status, plan);
          expectWholeInvocations(log, status, plan);
        }
      },
      400,
    );
  });

  test("semantics 4: bases that fail are given up in turn, automatic then manual then none, and never past a manual one", () => {
    check(
      legalLogs(80),
      (log) => {
        for (const status of statusesOf(log)) {
          const { lastAutomatic, lastManualUpdate } = status.snapshots;
          expect(bases(status)).toEqual([
            ...(lastAutomatic === null ? [] : ["automatic"]),
            lastManualUpdate === null ? "none" : "manual",
          ]);
          const plan = planRecovery(status, new Set([lastAutomatic ?? 0]));
          expectSoundBase(log, status, plan);
          expectWholeInvocations(log, status, plan);
        }
      },
      300,
    );
  });

  test("semantics 5: a trial replays all that is whole on the code of its update, from a manual snapshot or the start", () => {
    check(
      legalLogs(80),
      (log) => {
        for (const status of statusesOf(log)) {
          for (const update of status.updates.pending) {
            const plan = planTrial(status, update);
            expect(plan).toMatchObject({ revision: update.revision, to: status.lastIndex });
            expect(plan.base.kind).not.toBe("automatic");
            if (update.mode === "manual") expect(plan.base).toMatchObject({ index: update.index });
            expectSoundBase(log, status, plan);
            expectWholeInvocations(log, status, plan);
          }
        }
      },
      400,
    );
  });

  test("semantics 5: after a successful manual update no recovery replays what stands before its snapshot, until a revert undoes it", () => {
    check(
      legalLogs(80),
      (log) => {
        let handedOver = 0;
        statusesOf(log).forEach((status, at, all) => {
          const entry = log.entries[at]?.entry;
          if (entry?.kind === "Revert") handedOver = status.snapshots.lastManualUpdate ?? 0;
          if (entry?.kind === "SuccessfulUpdate") {
            const update = all[at - 1]?.updates.pending.find(({ id }) => id === entry.updateId);
            if (update?.mode === "manual") handedOver = update.index;
          }
          expect(planRecovery(status, new Set()).from).toBeGreaterThan(handedOver);
          for (let index = 2; index <= handedOver; index++) {
            expect(inRegions(status.skipped, index)).toBe(true);
          }
        });
      },
      400,
    );
  });
});

/** A loop that does what `nextStep` says, with chance for whatever may go well or not. */
class Survivor {
  readonly #log: Indexed[];
  readonly #chances: readonly boolean[];
  #at = 0;
  #now: number;
  status: Status;
  readonly steps: Step["do"][] = [];

  constructor(log: LegalLog, status: Status, chances: readonly boolean[]) {
    this.#log = [...log.entries];
    this.#now = log.now;
    this.#chances = chances;
    this.status = status;
  }

  get #chance(): boolean {
    return this.#chances[this.#at++ % this.#chances.length] ?? true;
  }

  #append(entry: Entry): void {
    const indexed = { index: this.#log.length + 1, entry };
    this.#log.push(indexed);
    const read = (from: number, to: number): Indexed[] => this.#log.slice(from - 1, to);
    this.status = fold(this.status, [indexed], read) ?? this.status;
  }

  /** False when there is nothing left to do. */
  step(policy: SnapshotPolicy): boolean {
    const step = nextStep(this.status, { policy, limits: defaultLimits }, this.#now);
    this.steps.push(step.do);
    const { status } = this;
    const at = this.#now;
    switch (step.do) {
      case "rest":
        return false;
      case "wait":
        this.#now = step.until;
        return true;
      case "continue":
      case "end-cancelled":
        return this.#finish();
      case "take-snapshot":
        this.#append({ kind: "Snapshot", at, mime: "application/json", revision: 1, bytes: 2 });
        return true;
      case "apply-update": {
        const { id: updateId, revision } = step.update;
        const kind = this.#chance ? "SuccessfulUpdate" : "FailedUpdate";
        this.#append({ kind, at, updateId, revision });
        return true;
      }
      case "save-for-update":
        this.#save(step);
        return true;
      case "invoke": {
        const { idempotencyKey, index: pendingIndex } = step.pending;
        expect(status.current).toBeUndefined();
        const kind = "AgentInvocationStarted";
        this.#append({ kind, at, idempotencyKey, pendingIndex, method: "add", seed: "s" });
        return true;
      }
    }
  }

  /** Nothing was in progress after a host's fault: the test of `nextStep` says what is right there. */
  #finish(): boolean {
    const { current, revision } = this.status;
    if (current === undefined) return false;
    const { idempotencyKey } = current;
    const outcome = { ok: true, result: "1" } as const;
    const kind = "AgentInvocationFinished";
    this.#append({ kind, at: this.#now, idempotencyKey, outcome, revision });
    return true;
  }

  #save({ pending }: Extract<Step, { do: "save-for-update" }>): void {
    if (pending.request.type !== "manual-update") throw new Error("nothing to save for");
    const { updateId, revision } = pending.request;
    const [at, requestedAt] = [this.#now, pending.at];
    if (this.#chance) {
      const snapshot = { mime: "application/json", bytes: 2 } as const;
      const shared = { kind: "PendingUpdate", mode: "manual", wake: true, snapshot } as const;
      this.#append({ ...shared, at, updateId, revision, requestedAt });
    } else this.#append({ kind: "FailedUpdate", at, updateId, revision, detail: "no" });
  }

  /** How often an update was saved for or declared pending since a length of the log. */
  count(kinds: readonly Entry["kind"][], updateId: string, since: number): number {
    return this.#log
      .slice(since)
      .filter(
        ({ entry }) =>
          kinds.includes(entry.kind) && "updateId" in entry && entry.updateId === updateId,
      ).length;
  }
}

function openIds({ pending, updates }: Status): string[] {
  const queued = pending.flatMap(({ request }) =>
    request.type === "manual-update" ? [request.updateId] : [],
  );
  return [...queued, ...updates.pending.map(({ id }) => id)];
}

const policy = fc.constantFrom<SnapshotPolicy>(
  "disabled",
  { everyInvocations: 1 },
  { everyInvocations: 2 },
  { everySeconds: 1 },
);

describe("from any entry on, the loop", () => {
  test("semantics 5: concludes every open update exactly once, declares each pending at most once, and comes to rest", () => {
    const chances = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });
    check(
      fc.tuple(legalLogs(60), chances, policy),
      ([log, chance, snapshots]) => {
        const status = statusesOf(log).at(-1);
        if (status === undefined) return;
        const open = openIds(status);
        const survivor = new Survivor(log, status, chance);
        const most = 20 + 6 * (status.pending.length + status.updates.pending.length);
        for (let steps = 0; survivor.step(snapshots); steps++) expect(steps).toBeLessThan(most);

        const left = openIds(survivor.status);
        for (const id of open) {
          const concluded = ["SuccessfulUpdate", "FailedUpdate"] as const;
          const isLeft = left.includes(id);
          expect(survivor.count(concluded, id, status.lastIndex)).toBe(isLeft ? 0 : 1);
          const saved = status.updates.pending.some((pending) => pending.id === id);
          const again = survivor.count(["PendingUpdate"], id, status.lastIndex);
          expect(again).toBeLessThanOrEqual(saved ? 0 : 1);
        }
        if (survivor.status.name === "idle") {
          expect(left).toEqual([]);
          expect(survivor.status.pending).toEqual([]);
        }
      },
      1000,
    );
  });
});
