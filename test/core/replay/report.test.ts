import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../../src/core/api/views.ts";
import type { Entry, Outcome, Start } from "../../../src/core/oplog/entry.ts";
import type { Deed, Divergence } from "../../../src/core/protocol.ts";
import { reportDivergence, type ReplayPurpose } from "../../../src/core/replay/report.ts";
import { INITIALIZATION_KEY } from "../../../src/core/status/status.ts";

const update: ReplayPurpose = { presentRevision: 1, replayedRevision: 2, isTrial: true };
const recovery: ReplayPurpose = { presentRevision: 1, replayedRevision: 1, isTrial: false };

const openRich = (text: string): JsonValue => ({ rich: text });

function starts(request: string | undefined, more: Partial<Start> = {}): Start {
  const shared = { kind: "Start", at: 1, call: "fetch", durability: "write-remote" } as const;
  return { ...shared, ...(request === undefined ? {} : { request }), ...more };
}

function calls(request: string | undefined, more: Partial<Start> = {}): Deed {
  const { kind: _, at: __, ...identity } = starts(request, more);
  return { kind: "call", identity };
}

const returns = (result: string): Outcome => ({ ok: true, result });
const throws = (message: string, code?: string): Outcome => ({
  ok: false,
  error: { name: "RangeError", message, ...(code === undefined ? {} : { code }) },
});
const finished = (outcome: Outcome): Entry => {
  const kind = "AgentInvocationFinished";
  return { kind, at: 1, idempotencyKey: "k", revision: 1, outcome };
};
const ended = (outcome: Outcome): Deed => ({ kind: "outcome", outcome });
const end: Entry = { kind: "End", at: 1, start: 5 };
const waiting: Deed = { kind: "waiting" };

function report(recorded: Entry, done: Deed, purpose = update, more: Partial<Divergence> = {}) {
  const place = { index: 7, startedIndex: 4, method: "add", idempotencyKey: "k" };
  return reportDivergence({ ...place, recorded, done, ...more }, purpose, openRich);
}

describe("a divergence report says what was recorded and what the code came to instead", () => {
  test.each<[string, Entry, Deed, string, string]>([
    [
      "a call of something else",
      starts('"a"'),
      calls('"b"', { call: "step" }),
      'a call of fetch with "a"',
      'a call of step with "b"',
    ],
    [
      "a call without a request",
      starts(undefined),
      waiting,
      "a call of fetch",
      "no further step: it waits for something that the record does not have",
    ],
    [
      "values that are no JSON",
      starts("~[1]"),
      waiting,
      'a call of fetch with {"rich":"[1]"}',
      "no further step: it waits for something that the record does not have",
    ],
    [
      "the same call in another place",
      starts('"a"', { parent: 3 }),
      calls('"a"'),
      'a call of fetch with "a" inside the call at 3',
      'a call of fetch with "a" outside of any step',
    ],
    [
      "the same call of another kind",
      starts('"a"'),
      calls('"a"', { durability: "read-remote" }),
      'a call of fetch with "a" as write-remote',
      'a call of fetch with "a" as read-remote',
    ],
    [
      "a result instead of a call",
      starts('"a"'),
      ended(returns("1")),
      'a call of fetch with "a"',
      "the result 1",
    ],
    [
      "a call too many",
      finished(returns("1")),
      calls('"a"'),
      "the result 1",
      'a call of fetch with "a"',
    ],
    [
      "an error instead of a result",
      finished(returns("1")),
      ended(throws("no")),
      "the result 1",
      "the error RangeError: no",
    ],
    [
      "a call before an answer",
      end,
      calls('"a"'),
      "the end of the call at 5",
      'a call of fetch with "a"',
    ],
    [
      "no region",
      { kind: "BeginAtomicRegion", at: 1 },
      ended(returns("1")),
      "the begin of an atomic region",
      "the result 1",
    ],
    [
      "a region too many",
      { kind: "EndAtomicRegion", at: 1, begin: 6 },
      { kind: "border", border: "begin" },
      "the end of the atomic region at 6",
      "the begin of an atomic region",
    ],
    [
      "no cancellation",
      { kind: "Cancelled", at: 1, start: 4 },
      waiting,
      "the cancellation of the invocation",
      "no further step: it waits for something that the record does not have",
    ],
  ])("%s", (_, recorded, done, expected, actual) => {
    const shown = report(recorded, done);
    expect(shown).toMatchObject({ index: 7, kind: recorded.kind, expected, actual });
    expect(shown).toMatchObject({ method: "add", idempotencyKey: "k" });
    expect(shown).toMatchObject({ presentRevision: 1, replayedRevision: 2 });
    expect(shown.message).toBe(
      `At oplog index 7 of add the record has ${expected}, but the code came to ${actual}. The agent is on revision 1; this was a replay on revision 2.`,
    );
  });

  test("in short texts, however long the values are", () => {
    const long = "x".repeat(1_000_000);
    const instead = report(finished(returns(JSON.stringify(long))), ended(throws(long)));
    expect(JSON.stringify(instead).length).toBeLessThan(4_000);
    const late = report(starts(JSON.stringify(`${long}a`)), calls(JSON.stringify(`${long}b`)));
    expect(JSON.stringify(late).length).toBeLessThan(4_000);
    expect(late.expected).toMatch(/^a call of fetch with "x+…x+a"$/);
    expect(late.actual).toMatch(/^a call of fetch with "x+…x+b"$/);
  });
});

describe("it has the first difference where two things can be compared", () => {
  test.each<[string, Entry, Deed, object | undefined]>([
    [
      "arguments",
      starts('{"url":"a","body":"1"}'),
      calls('{"url":"a","body":"2"}'),
      { path: "$.body", recorded: "1", replayed: "2" },
    ],
    [
      "arguments that are not there",
      starts(undefined),
      calls('"a"'),
      { path: "$", recorded: null, replayed: "a" },
    ],
    [
      "results",
      finished(returns("[1,2]")),
      ended(returns("[1,3]")),
      { path: "$[1]", recorded: 2, replayed: 3 },
    ],
    [
      "results that are no JSON",
      finished(returns("~1")),
      ended(returns("~2")),
      { path: "$.rich", recorded: "1", replayed: "2" },
    ],
    ["errors", finished(throws("a")), ended(throws("a", "c")), { path: "$.code", replayed: "c" }],
    ["not of other calls", starts('"a"'), calls('"b"', { call: "step" }), undefined],
    [
      "not of the same arguments in another place",
      starts('"a"'),
      calls('"a"', { parent: 3 }),
      undefined,
    ],
    ["not of a result and an error", finished(returns("1")), ended(throws("a")), undefined],
    ["not of a call and a result", starts('"a"'), ended(returns("1")), undefined],
  ])("%s", (_, recorded, done, difference) => {
    expect(report(recorded, done).difference).toEqual(difference);
  });
});

describe("it says what to do next", () => {
  const gone = ended(throws("Box has no method add.", "method-not-found"));

  test.each<[string, Entry, Deed, ReplayPurpose, Partial<Divergence>, RegExp[], RegExp[]]>([
    [
      "another call: mend the code, hand over, or revert",
      starts('"a"'),
      calls('"b"'),
      update,
      {},
      [/Mend add of revision 2/, /"mode": "manual"/, /\{"toIndex": 3\}/],
      [/"check"/],
    ],
    [
      "another result alone: it need not be compared",
      finished(returns("1")),
      ended(returns("2")),
      update,
      {},
      [/"check": "calls"/, /[Mm]end add/, /"mode": "manual"/],
      [],
    ],
    [
      "another error alone: the same",
      finished(throws("a")),
      ended(throws("b")),
      update,
      {},
      [/"check": "calls"/],
      [],
    ],
    [
      "an error instead of a result: comparing less does not help",
      finished(returns("1")),
      ended(throws("a")),
      update,
      {},
      [/Mend add/],
      [/"check"/],
    ],
    [
      "a method that is gone: keep it",
      finished(returns("1")),
      gone,
      update,
      {},
      [/Keep add in the new code/, /"mode": "manual"/],
      [/"check"/],
    ],
    [
      "a method that is gone whose error was another: keep it",
      finished(throws("a")),
      gone,
      update,
      {},
      [/Keep add in the new code/],
      [/"check"/],
    ],
    [
      "the initialization: it cannot be reverted",
      starts('"a"'),
      calls('"b"'),
      update,
      { idempotencyKey: INITIALIZATION_KEY },
      [/Mend/, /"mode": "manual"/],
      [/toIndex/],
    ],
    [
      "a failed agent: heal it by an automatic update, or revert",
      finished(returns("1")),
      ended(returns("2")),
      recovery,
      {},
      [/"mode": "automatic"/, /\{"toIndex": 3\}/],
      [/"manual"/],
    ],
    [
      "a failed initialization: heal it",
      starts('"a"'),
      waiting,
      recovery,
      { idempotencyKey: INITIALIZATION_KEY },
      [/"mode": "automatic"/],
      [/toIndex/, /"check"/],
    ],
  ])("%s", (_, recorded, done, purpose, more, says, saysNot) => {
    const { advice } = report(recorded, done, purpose, more);
    for (const text of says) expect(advice).toMatch(text);
    for (const text of saysNot) expect(advice).not.toMatch(text);
    expect(advice).toMatch(/\.$/);
  });
});
