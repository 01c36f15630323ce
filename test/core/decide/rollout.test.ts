import { describe, expect, test } from "vitest";
import type { RolloutCommand, RolloutStatusName } from "../../../src/core/api/rollouts.ts";
import {
  beginning,
  conclude,
  obey,
  phaseOf,
  settle,
  toBegin,
  type RolloutProgress,
  type RolloutRules,
} from "../../../src/core/decide/rollout.ts";

const plain: RolloutRules = { concurrency: 4, dryRun: false };
const canary: RolloutRules = { ...plain, canary: { agents: 3 } };

function at(changed: Partial<RolloutProgress>): RolloutProgress {
  return { ...beginning, isCollected: true, total: 10, ...changed };
}

describe("how many agents are begun", () => {
  test.each<[string, RolloutRules, Partial<RolloutProgress>, number]>([
    ["as many as may be updated at once", plain, {}, 4],
    ["no more than are free", plain, { begun: 5, concluded: 3 }, 2],
    ["none while all are in progress", plain, { begun: 4 }, 0],
    ["no more than there are", plain, { begun: 9, concluded: 9 }, 1],
    ["none before all agents are known", plain, { isCollected: false }, 0],
    ["none when it is paused", plain, { status: "paused" }, 0],
    ["none when it has stopped", plain, { status: "stopped" }, 0],
    ["none when it is cancelled", plain, { status: "cancelled" }, 0],
    ["the canary first", canary, {}, 3],
    ["none else while one of the canary is in progress", canary, { begun: 3, concluded: 2 }, 0],
    ["all others once the canary has concluded", canary, { begun: 3, concluded: 3 }, 4],
    ["a canary larger than the fleet", { ...plain, canary: { agents: 99 } }, { begun: 8 }, 0],
    ["a percentage, rounded up", { ...plain, canary: { percent: 11 } }, {}, 2],
    ["a tiny percentage", { ...plain, canary: { percent: 0.01 } }, {}, 1],
    ["a dry run has no canary", { ...canary, dryRun: true }, {}, 4],
  ])("%s", (_, rules, changed, count) => {
    expect(toBegin(rules, at(changed))).toBe(count);
  });
});

describe("when a rollout stops by itself", () => {
  const three: RolloutRules = { ...plain, stopOnFailures: 3 };
  test.each<[string, RolloutRules, Partial<RolloutProgress>, RolloutStatusName]>([
    ["failures without a rule", plain, { begun: 9, concluded: 9, failures: 9 }, "running"],
    ["fewer failures than the rule", three, { begun: 9, concluded: 9, failures: 2 }, "running"],
    ["as many as the rule", three, { begun: 9, concluded: 9, failures: 3 }, "stopped"],
    [
      "those before a resumption",
      three,
      { begun: 9, concluded: 9, failures: 5, forgiven: 3 },
      "running",
    ],
    [
      "as many again after one",
      three,
      { begun: 9, concluded: 9, failures: 6, forgiven: 3 },
      "stopped",
    ],
    ["the first of a canary", canary, { begun: 3, concluded: 1, failures: 1 }, "stopped"],
    ["the last of a canary", canary, { begun: 3, concluded: 3, failures: 1 }, "stopped"],
    ["one after the canary", canary, { begun: 4, concluded: 4, failures: 1 }, "running"],
    [
      "fewer in the canary than the rule",
      { ...canary, stopOnFailures: 3 },
      { begun: 3, concluded: 3, failures: 2 },
      "running",
    ],
    [
      "any in a dry run",
      { ...three, dryRun: true },
      { begun: 9, concluded: 9, failures: 9 },
      "running",
    ],
    ["the last agent", three, { begun: 10, concluded: 10, failures: 3 }, "completed"],
    ["the last agent, well", plain, { begun: 10, concluded: 10 }, "completed"],
    ["an agent that is in progress still", plain, { begun: 10, concluded: 9 }, "running"],
    ["no agents at all", plain, { total: 0 }, "completed"],
    ["no agents that are known yet", plain, { total: 0, isCollected: false }, "running"],
    [
      "the last agent of a paused one",
      plain,
      { status: "paused", begun: 10, concluded: 10 },
      "paused",
    ],
  ])("%s", (_, rules, changed, status) => {
    expect(settle(rules, at(changed)).status).toBe(status);
  });

  test.each([
    ["updated", 0],
    ["not-needed", 0],
    ["gone", 0],
    ["compatible", 0],
    ["busy", 0],
    ["failed", 1],
    ["diverges", 1],
  ] as const)("%s counts as %d failures", (outcome, failures) => {
    const before = at({ begun: 3, concluded: 1 });
    expect(conclude(plain, before, outcome)).toEqual({ ...before, concluded: 2, failures });
  });
});

describe("commands", () => {
  const refused = "rollout-not-active";
  test.each<[RolloutStatusName, RolloutCommand, RolloutStatusName | typeof refused]>([
    ["running", "pause", "paused"],
    ["running", "resume", "running"],
    ["running", "cancel", "cancelled"],
    ["paused", "pause", "paused"],
    ["paused", "resume", "running"],
    ["paused", "cancel", "cancelled"],
    ["stopped", "pause", refused],
    ["stopped", "resume", "running"],
    ["stopped", "cancel", "cancelled"],
    ["cancelled", "pause", refused],
    ["cancelled", "resume", refused],
    ["cancelled", "cancel", "cancelled"],
    ["completed", "pause", refused],
    ["completed", "resume", refused],
    ["completed", "cancel", refused],
  ])("%s: %s leads to %s", (status, command, expected) => {
    const answer = obey(plain, at({ status, begun: 3, concluded: 3 }), command);
    expect(answer.ok ? answer.value.status : answer.refusal.code).toBe(expected);
  });

  test("resuming after a stop forgives the failures until then, and only then", () => {
    const stopped = at({ status: "stopped", begun: 5, concluded: 5, failures: 2 });
    const resumed = obey({ ...plain, stopOnFailures: 2 }, stopped, "resume");
    expect(resumed).toMatchObject({ ok: true, value: { status: "running", forgiven: 2 } });
    const paused = at({ status: "paused", begun: 5, concluded: 5, failures: 1 });
    const gone = obey({ ...plain, stopOnFailures: 2 }, paused, "resume");
    expect(gone).toMatchObject({ ok: true, value: { status: "running", forgiven: 0 } });
  });

  test("a paused rollout whose agents have all concluded is completed when it is resumed", () => {
    const paused = at({ status: "paused", begun: 10, concluded: 10 });
    expect(obey(plain, paused, "resume")).toMatchObject({ value: { status: "completed" } });
  });
});

test.each<[Partial<RolloutProgress>, string]>([
  [{ isCollected: false, total: 4 }, "collecting"],
  [{}, "canary"],
  [{ begun: 3, concluded: 3 }, "canary"],
  [{ begun: 4, concluded: 3 }, "rest"],
])("the phase at %j is %s", (changed, phase) => {
  expect(phaseOf(canary, at(changed))).toBe(phase);
});
