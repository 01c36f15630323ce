import { describe, expect, test } from "vitest";
import {
  cancelBy,
  decideCancel,
  endOfCancelled,
  hearsCancellation,
} from "../../../src/core/decide/lifecycle.ts";
import { nextStep } from "../../../src/core/decide/next.ts";
import { planReading } from "../../../src/core/decide/recovery.ts";
import { defaultLimits as limits } from "../../../src/core/limits.ts";
import { aStatus, current } from "../../support/statuses.ts";

const NAMES = ["idle", "running", "suspended", "interrupted", "retrying", "failed"] as const;
const heard = { ...current, cancelledAt: 1000 };
const by = 1000 + limits.cancelGraceMs;

describe("semantics 8: cancelling", () => {
  test.each([
    ["pending", false, "withdraw"],
    ["pending", true, "withdraw"],
    ["running", true, "stop"],
    ["ended", false, "nothing"],
    ["ended", true, "nothing"],
  ] as const)("one that is %s, force %s: %s", (state, force, decided) => {
    expect(decideCancel(state, force)).toEqual({ ok: true, value: decided });
  });

  test("one that runs is refused without force", () => {
    expect(decideCancel("running", false)).toMatchObject({
      refusal: { code: "invocation-running" },
    });
  });

  test("only code that runs or sleeps can hear of it", () => {
    expect(NAMES.filter((name) => hearsCancellation(aStatus({ name })))).toEqual([
      "running",
      "suspended",
    ]);
  });

  test.each(NAMES)(
    "the grace counts from when the code heard of it, unless it stands still: %s",
    (name) => {
      const standsStill = name === "interrupted" || name === "failed";
      expect(cancelBy(aStatus({ name, current: heard }), limits.cancelGraceMs)).toBe(
        standsStill ? undefined : by,
      );
      expect(cancelBy(aStatus({ name, current }), limits.cancelGraceMs)).toBeUndefined();
    },
  );

  test.each([
    ["running", {}, by - 1, { do: "continue" }],
    ["running", {}, by, { do: "end-cancelled" }],
    ["suspended", { suspendedUntil: by + 9 }, by - 1, { do: "wait", until: by }],
    ["suspended", { suspendedUntil: by - 3 }, by - 5, { do: "wait", until: by - 3 }],
    ["suspended", {}, by - 1, { do: "wait", until: by }],
    ["suspended", {}, by, { do: "end-cancelled" }],
    ["interrupted", {}, by, { do: "rest" }],
    ["failed", {}, by, { do: "rest" }],
  ] as const)("%s %j at %i: %j", (name, more, now, step) => {
    expect(
      nextStep(aStatus({ name, current: heard, ...more }), { policy: "disabled", limits }, now),
    ).toEqual(step);
  });

  test("an interrupted agent stays interrupted, any other is idle then", () => {
    const kinds = (name: (typeof NAMES)[number]) =>
      endOfCancelled(aStatus({ name, current: heard }), 5).map(({ kind }) => kind);
    expect(kinds("interrupted")).toEqual(["AgentInvocationFinished", "Interrupted"]);
    expect(kinds("running")).toEqual(["AgentInvocationFinished"]);
    expect(endOfCancelled(aStatus(), 5)).toEqual([]);
  });
});

test("sdk: a read of an agent that has to go back first sees the state before", () => {
  const failure = { error: { name: "E", message: "no" }, retryFrom: 10, attempt: 1, afresh: true };
  const status = aStatus({
    name: "retrying",
    current,
    failure: failure as { afresh: true } & typeof failure,
  });
  expect(planReading(status, new Set())).toMatchObject({ to: 20, skipped: [[11, 21]] });
  expect(planReading(aStatus({ name: "suspended", current }), new Set())).toMatchObject({
    skipped: [],
  });
});
