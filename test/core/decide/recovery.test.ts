import { describe, expect, test } from "vitest";
import { isSkipped, planRecovery, planTrial } from "../../../src/core/decide/recovery.ts";
import type { Regions } from "../../../src/core/oplog/regions.ts";
import type { Snapshots } from "../../../src/core/status/status.ts";
import { anUpdate, aStatus } from "../../support/statuses.ts";

const NONE: ReadonlySet<number> = new Set();

function withBases(changed: Partial<Snapshots>, skipped: Regions = []) {
  const snapshots = { lastManualUpdate: null, lastAutomatic: null, finishedSince: 0, lastAt: 0 };
  return aStatus({ revision: 3, snapshots: { ...snapshots, ...changed }, skipped });
}

describe("semantics 4: recovery", () => {
  test.each<[string, Partial<Snapshots>, number[], object]>([
    ["without a base from the start", {}, [], { base: { kind: "none" }, from: 2 }],
    [
      "from the automatic snapshot",
      { lastAutomatic: 9 },
      [],
      { base: { kind: "automatic", index: 9 }, from: 10 },
    ],
    [
      "from the manual snapshot",
      { lastManualUpdate: 7 },
      [],
      { base: { kind: "manual", index: 7 }, from: 8 },
    ],
    [
      "from the automatic one rather than the manual one before it",
      { lastManualUpdate: 7, lastAutomatic: 9 },
      [],
      { base: { kind: "automatic", index: 9 }, from: 10 },
    ],
    [
      "from the manual one when the automatic one is distrusted",
      { lastManualUpdate: 7, lastAutomatic: 9 },
      [9],
      { base: { kind: "manual", index: 7 }, from: 8 },
    ],
    [
      "by full replay when the automatic one is distrusted and there is no other",
      { lastAutomatic: 9 },
      [9],
      { base: { kind: "none" }, from: 2 },
    ],
    [
      "from the automatic one when it was another that failed",
      { lastAutomatic: 9 },
      [5],
      { base: { kind: "automatic", index: 9 }, from: 10 },
    ],
    [
      "from the manual one whatever is distrusted: history from before it is never replayed",
      { lastManualUpdate: 7 },
      [7],
      { base: { kind: "manual", index: 7 }, from: 8 },
    ],
  ])("%s", (_, bases, distrusted, plan) => {
    const planned = planRecovery(withBases(bases), new Set(distrusted));
    expect(planned).toEqual({ revision: 3, to: 20, skipped: [], ...plan });
  });

  test("a pending update does not change on which code the agent is recovered", () => {
    const updates = { pending: [anUpdate(12, { revision: 8 })], successful: [], failed: [] };
    expect(planRecovery({ ...withBases({}), updates }, NONE).revision).toBe(3);
  });

  test("replay passes over the skipped regions", () => {
    const plan = planRecovery(
      withBases({ lastManualUpdate: 7 }, [
        [2, 7],
        [12, 14],
      ]),
      NONE,
    );
    const passed = Array.from({ length: 20 }, (_, at) => at + 1).filter((index) =>
      isSkipped(plan, index),
    );
    expect(passed).toEqual([2, 3, 4, 5, 6, 7, 12, 13, 14]);
  });
});

describe("semantics 5: the trial of an update", () => {
  const manual = anUpdate(15, { mode: "manual", revision: 4 });
  const automatic = anUpdate(15, { revision: 5 });

  test.each<[string, Partial<Snapshots>, typeof manual, object]>([
    [
      "a manual one loads its own snapshot",
      { lastManualUpdate: 7, lastAutomatic: 9 },
      manual,
      { revision: 4, base: { kind: "manual", index: 15 }, from: 16 },
    ],
    [
      "an automatic one replays the whole history",
      {},
      automatic,
      { revision: 5, base: { kind: "none" }, from: 2 },
    ],
    [
      "an automatic one never starts from an automatic snapshot",
      { lastAutomatic: 9 },
      automatic,
      { revision: 5, base: { kind: "none" }, from: 2 },
    ],
    [
      "an automatic one starts from the manual snapshot, where there is one",
      { lastManualUpdate: 7, lastAutomatic: 9 },
      automatic,
      { revision: 5, base: { kind: "manual", index: 7 }, from: 8 },
    ],
  ])("%s", (_, bases, update, plan) => {
    const planned = planTrial(withBases(bases, [[11, 12]]), update);
    expect(planned).toEqual({ to: 20, skipped: [[11, 12]], ...plan });
  });
});
