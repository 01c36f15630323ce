import { describe, expect, test } from "vitest";
import {
  isSkipped,
  planDryRun,
  planRecovery,
  planTrial,
  regionToRepeat,
} from "../../../src/core/decide/recovery.ts";
import type { Regions } from "../../../src/core/oplog/regions.ts";
import type { Failure, Snapshots, Status } from "../../../src/core/status/status.ts";
import { anUpdate, aStatus, current } from "../../support/statuses.ts";

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
    expect(planned).toEqual({
      revision: 3,
      to: 20,
      skipped: [],
      lenientTo: 0,
      isTrial: false,
      ...plan,
    });
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
    const shared = { to: 20, skipped: [[11, 12]], lenientTo: 0, isTrial: true };
    expect(planned).toEqual({ ...shared, ...plan });
  });

  test.each<[string, Partial<Status>, "calls" | undefined, number]>([
    ["compares all results", {}, undefined, 0],
    ["compares none when it is checked by calls", {}, "calls", 20],
    [
      "compares none from before an update that was checked by calls",
      { lenientTo: 9 },
      undefined,
      9,
    ],
    ["compares none when it is checked by calls, again", { lenientTo: 9 }, "calls", 20],
  ])("an automatic one %s", (_, changed, check, lenientTo) => {
    const update = anUpdate(15, check === undefined ? {} : { check });
    expect(planTrial(aStatus(changed), update).lenientTo).toBe(lenientTo);
    expect(planDryRun(aStatus(changed), update, true).lenientTo).toBe(lenientTo);
    expect(planRecovery(aStatus(changed), NONE).lenientTo).toBe(changed.lenientTo ?? 0);
  });
});

describe("a dry run of an automatic update", () => {
  const target = { revision: 5 };
  const open = { current: { ...current, regions: [{ begin: 15, from: 15 }] } };

  test("replays what the trial would, up to where the oplog ends now", () => {
    const status = withBases({ lastManualUpdate: 7, lastAutomatic: 9 }, [[11, 12]]);
    expect(planDryRun(status, target, true)).toEqual(planTrial(status, anUpdate(15, target)));
  });

  test.each<[string, Partial<Status>, boolean, readonly (readonly [number, number])[]]>([
    ["goes on in an open region beside a living session", { name: "running", ...open }, true, []],
    [
      "goes back over an open region that the agent died in",
      { name: "running", ...open },
      false,
      [[16, 21]],
    ],
    ["goes back over nothing of an agent that sleeps", { name: "suspended", ...open }, false, []],
  ])("%s", (_, changed, hasSession, skipped) => {
    expect(planDryRun(aStatus(changed), target, hasSession).skipped).toEqual(skipped);
  });
});

describe("semantics 3.6 and 7: what a recovery goes back over, its jump at 21 included", () => {
  const error = { name: "Error", message: "no" };
  const fault: Failure = { error, retryFrom: 10, attempt: 1, retryAt: 50 };
  const afresh: Failure = { ...fault, afresh: true };
  const regions = [
    { begin: 12, from: 12 },
    { begin: 15, from: 15 },
  ];

  test.each<[string, Partial<Status>, readonly [number, number] | undefined]>([
    ["nothing in an idle agent", {}, undefined],
    ["nothing in an invocation without open regions", { current }, undefined],
    ["nothing after a fault of the host", { current, failure: fault }, undefined],
    ["the whole try of an invocation that begins anew", { current, failure: afresh }, [11, 21]],
    [
      "the whole try, also when it was in a region",
      { current: { ...current, regions }, failure: afresh },
      [11, 21],
    ],
    ["all since the outermost open region", { current: { ...current, regions } }, [13, 21]],
    [
      "what overlaps an open region as well",
      { current: { ...current, regions: [{ begin: 15, from: 11 }] } },
      [12, 21],
    ],
    [
      "nothing where the agent was put to sleep",
      { current: { ...current, regions, parked: true } },
      undefined,
    ],
    [
      "nothing when nothing came after the begin",
      { current: { ...current, regions: [{ begin: 20, from: 20 }] } },
      undefined,
    ],
    [
      "nothing that was gone back over before",
      { current: { ...current, regions: [{ begin: 12, from: 12 }] }, skipped: [[13, 20]] },
      undefined,
    ],
    [
      "all of it again when something came since",
      { current: { ...current, regions: [{ begin: 12, from: 12 }] }, skipped: [[13, 18]] },
      [13, 21],
    ],
  ])("%s", (_, changed, region) => {
    expect(regionToRepeat(aStatus(changed))).toEqual(region);
  });
});
