/** semantics 1: what is a history that an agent could have written, and what is none. */
import { describe, expect, test } from "vitest";
import { Legality } from "../../../src/core/oplog/legality.ts";
import type { Entry, Indexed } from "../../../src/core/oplog/entry.ts";
import { legalLogs } from "../../support/legal-logs.ts";
import { announceSeed, check } from "../../support/property.ts";

announceSeed();

function faults(entries: readonly Indexed[]): string[] {
  const legality = new Legality((from, to) => entries.slice(from - 1, to));
  for (const indexed of entries) {
    const fault = legality.fault(indexed);
    if (fault !== undefined) return [`${indexed.index} ${fault}`];
  }
  return [];
}

const at = 1;
const beginning: readonly Entry[] = [
  { kind: "Create", at, component: "c", type: "T", key: "k", revision: 1, incarnation: "i" },
  {
    kind: "PendingAgentInvocation",
    at,
    idempotencyKey: "a",
    invocation: { type: "method", method: "m", args: "[]" },
  },
  {
    kind: "AgentInvocationStarted",
    at,
    idempotencyKey: "a",
    pendingIndex: 2,
    method: "m",
    seed: "s",
  },
];

function after(...more: readonly Entry[]): string[] {
  return faults([...beginning, ...more].map((entry, place) => ({ index: place + 1, entry })));
}

const outcome = { ok: true, result: "1" } as const;

describe("the legality of a history", () => {
  test("every legal log is legal", () => {
    check(
      legalLogs(80),
      ({ entries }) => {
        expect(faults(entries)).toEqual([]);
      },
      500,
    );
  });

  test("a log that lacks one entry is not, whichever it is", () => {
    check(
      legalLogs(),
      ({ entries }) => {
        for (let gap = 1; gap < entries.length; gap++) {
          expect(faults(entries.toSpliced(gap - 1, 1))).not.toEqual([]);
        }
      },
      30,
    );
  });

  test.each<[string, readonly Entry[]]>([
    ["a second Create", [beginning[0] as Entry]],
    ["an invocation in another", [{ ...(beginning[2] as Entry) }]],
    ["the end of a call that is not open", [{ kind: "End", at, start: 3 }]],
    ["the cancellation of one", [{ kind: "Cancelled", at, start: 2 }]],
    ["the end of a region that is not open", [{ kind: "EndAtomicRegion", at, begin: 3 }]],
    [
      "another invocation's end",
      [{ kind: "AgentInvocationFinished", at, idempotencyKey: "b", outcome, revision: 1 }],
    ],
    ["a jump beyond its own place", [{ kind: "Jump", at, region: [4, 5] }]],
    ["a jump out of the invocation", [{ kind: "Jump", at, region: [2, 4] }]],
    ["a revert of Create", [{ kind: "Revert", at, region: [1, 3] }]],
    ["a revert that leaves something behind", [{ kind: "Revert", at, region: [3, 2] }]],
    [
      "the end of an update that is not pending",
      [{ kind: "SuccessfulUpdate", at, updateId: "u", revision: 2 }],
    ],
    [
      "the cancellation of what has begun",
      [{ kind: "CancelPendingInvocation", at, idempotencyKey: "a" }],
    ],
    ["the end of a schedule that is not there", [{ kind: "ScheduleDeleted", at, scheduleId: "s" }]],
    ["an entry without a time", [{ kind: "Log", level: "info", message: "x" } as unknown as Entry]],
  ])("%s is refused", (_, more) => {
    expect(after(...more)).toEqual([expect.stringMatching(/^4 /)]);
  });
});
