import { describe, expect, test } from "vitest";
import type { Entry } from "../../../src/core/oplog/entry.ts";
import type { Regions } from "../../../src/core/oplog/regions.ts";
import { ReplayCursor, type CallIdentity } from "../../../src/core/replay/cursor.ts";

const fetchCall = { call: "fetch", durability: "write-remote" } as const;
const sleepCall = { call: "sleep", durability: "read-local" } as const;

function starts(identity: CallIdentity): Entry {
  return { kind: "Start", at: 1, ...identity };
}

function end(start: number, inline?: true): Entry {
  return { kind: "End", at: 2, start, response: `${start}`, ...(inline && { inline }) };
}

const begun: Entry = {
  kind: "AgentInvocationStarted",
  at: 1,
  idempotencyKey: "k",
  pendingIndex: 2,
  method: "add",
  seed: "s",
};
const finished: Entry = {
  kind: "AgentInvocationFinished",
  at: 3,
  idempotencyKey: "k",
  outcome: { ok: true, result: "1" },
  revision: 1,
};
const asked: Entry = {
  kind: "PendingAgentInvocation",
  at: 1,
  idempotencyKey: "k",
  invocation: { type: "method", method: "add", args: "[]" },
};

function line(message: string): Entry {
  return { kind: "Log", at: 1, level: "info", message };
}

/** A cursor over entries that begin at index 2. */
function over(entries: readonly Entry[], skipped: Regions = []): ReplayCursor {
  const cursor = new ReplayCursor(skipped);
  cursor.feed(
    entries.map((entry, at) => ({ index: at + 2, entry })),
    true,
  );
  return cursor;
}

/** The same, inside its first invocation. */
function inside(entries: readonly Entry[], skipped: Regions = []): ReplayCursor {
  const cursor = over([asked, begun, ...entries], skipped);
  cursor.nextStarted();
  return cursor;
}

describe("semantics 7: a call claims the first unclaimed recorded Start with the same identity", () => {
  const recorded = { ...fetchCall, request: "a", parent: 4 };

  test.each<[string, CallIdentity, boolean]>([
    ["the same", recorded, true],
    ["another call", { ...recorded, call: "step" }, false],
    ["another durability", { ...recorded, durability: "read-remote" }, false],
    ["another request", { ...recorded, request: "b" }, false],
    ["no request", { ...fetchCall, parent: 4 }, false],
    ["another parent", { ...recorded, parent: 5 }, false],
    ["no parent", { ...fetchCall, request: "a" }, false],
  ])("%s", (_, identity, isClaimed) => {
    const cursor = inside([starts(recorded), end(4)]);
    expect(cursor.claim(identity)?.index).toBe(isClaimed ? 4 : undefined);
    expect(cursor.unclaimed).toHaveLength(isClaimed ? 0 : 1);
  });

  test("equal calls claim their Starts in order, each once", () => {
    const cursor = inside([starts(fetchCall), starts(sleepCall), starts(fetchCall), end(6)]);
    expect(cursor.claim(fetchCall)?.index).toBe(4);
    expect(cursor.claim(fetchCall)?.index).toBe(6);
    expect(cursor.claim(fetchCall)).toBeUndefined();
    expect(cursor.claim(sleepCall)?.index).toBe(5);
    expect(cursor.claim(sleepCall)).toBeUndefined();
  });

  test("a call cannot claim what stands after the next completion", () => {
    const cursor = inside([starts(fetchCall), end(4), starts(sleepCall), end(6), finished]);
    expect(cursor.claim(sleepCall)).toBeUndefined();
    expect(cursor.claim(fetchCall)?.index).toBe(4);
    cursor.pass();
    cursor.gather();
    expect(cursor.claim(sleepCall)?.index).toBe(6);
  });

  test("an inline end comes with the claim and is no barrier; each is given once", () => {
    const cursor = inside([
      starts(sleepCall),
      end(4, true),
      starts(sleepCall),
      end(6, true),
      finished,
    ]);
    expect(cursor.claim(sleepCall)?.end?.entry).toMatchObject({ response: "4" });
    expect(cursor.claim(sleepCall)?.end?.entry).toMatchObject({ response: "6" });
    expect(cursor.barrier?.entry.kind).toBe("AgentInvocationFinished");
  });

  test("a claim says when the call was made, for that is the code's time", () => {
    expect(inside([starts(fetchCall), end(4)]).claim(fetchCall)).toEqual({ index: 4, at: 1 });
  });
});

describe("semantics 7: completions in the order in which their Ends stand", () => {
  test("barriers come one after the other, and end with the outcome", () => {
    const cursor = inside([starts(fetchCall), starts(sleepCall), end(5), end(4), finished]);
    const seen: number[] = [];
    for (let next = cursor.barrier; next !== undefined; next = cursor.barrier) {
      seen.push(next.index);
      cursor.pass();
      cursor.gather();
    }
    expect(seen).toEqual([6, 7, 8]);
    expect(cursor.nextStarted()).toBeUndefined();
  });

  test("at the record's end there is none: what follows is new", () => {
    const cursor = inside([starts(fetchCall)]);
    expect(cursor.barrier).toBeUndefined();
    expect(cursor.unclaimed).toHaveLength(1);
    expect(cursor.claim(fetchCall)?.index).toBe(4);
    expect(cursor.claim(fetchCall)).toBeUndefined();
  });

  test("a call is cancelled when the record says so, or goes on beyond it", () => {
    const cancelled: Entry = { kind: "Cancelled", at: 1, start: 4 };
    const cursor = inside([starts(fetchCall), starts(sleepCall), cancelled]);
    expect(cursor.isCancelled(4)).toBe(true);
    expect(cursor.isCancelled(5)).toBe(false);
    expect(inside([starts(fetchCall), cancelled, finished]).isCancelled(4)).toBe(true);
  });

  test("the cursor says where the record goes wrong between invocations", () => {
    const cursor = over([asked, begun, finished, starts(fetchCall)]);
    cursor.nextStarted();
    cursor.gather();
    cursor.pass();
    expect(() => cursor.nextStarted()).toThrow(/has Start at 5 between invocations/);
  });
});

describe("semantics 4: replay writes nothing", () => {
  test("a log line that is in the record is not written again, each line once", () => {
    const cursor = inside([
      line("old"),
      starts(fetchCall),
      end(5),
      line("a"),
      line("b"),
      line("a"),
    ]);
    expect(cursor.takeLog("info", "whatever the code logs before a barrier")).toBe(true);
    cursor.pass();
    cursor.gather();
    expect(cursor.takeLog("warn", "a")).toBe(false);
    expect(cursor.takeLog("info", "a")).toBe(true);
    expect(cursor.takeLog("info", "a")).toBe(true);
    expect(cursor.takeLog("info", "a")).toBe(false);
    expect(cursor.takeLog("info", "b")).toBe(true);
    expect(cursor.takeLog("info", "old")).toBe(false);
  });
});

describe("semantics 7: a call that was tried in vain", () => {
  const tried = (retryFrom: number, attempt: number): Entry => ({
    kind: "Error",
    at: 1,
    error: { name: "TypeError", message: "no" },
    retryFrom,
    attempt,
    retryAt: 10 * attempt,
  });

  test("is known by its last failed try until it has ended; the entry itself is passed over", () => {
    const log = [starts(fetchCall), tried(4, 1), starts(sleepCall), tried(4, 2), end(4), finished];
    const cursor = inside(log);
    expect(cursor.claim(fetchCall)?.index).toBe(4);
    expect(cursor.triedOf(4)).toMatchObject({ attempt: 2, retryAt: 20 });
    expect(cursor.triedOf(6)).toBeUndefined();
    cursor.pass();
    cursor.gather();
    expect(cursor.triedOf(4)).toBeUndefined();
    expect(cursor.barrier?.entry.kind).toBe("AgentInvocationFinished");
  });
});

describe("semantics 2: replay passes over skipped regions", () => {
  test("what lies in one is not there", () => {
    const cursor = inside(
      [starts(fetchCall), end(4), starts(sleepCall), end(6), finished],
      [[4, 5]],
    );
    expect(cursor.claim(fetchCall)).toBeUndefined();
    expect(cursor.claim(sleepCall)?.index).toBe(6);
  });

  test("but the request of an invocation is: it survives a revert", () => {
    const cursor = over([asked, begun, finished], [[2, 2]]);
    expect(cursor.nextStarted()?.entry.pendingIndex).toBe(2);
    expect(cursor.takeAccepted(2)).toEqual(asked);
    expect(cursor.takeAccepted(2)).toBeUndefined();
  });

  test("hints are passed over and not counted, calls once the code has made them", () => {
    const hint: Entry = { kind: "Suspend", at: 1, until: 5 };
    const cursor = inside([hint, line("a"), starts(fetchCall), hint, end(6), finished]);
    expect(cursor.entriesReplayed).toBe(1);
    cursor.claim(fetchCall);
    expect(cursor.entriesReplayed).toBe(2);
    expect(cursor.barrier?.index).toBe(8);
    cursor.pass();
    cursor.gather();
    expect(cursor.barrier?.index).toBe(9);
    cursor.pass();
    expect(cursor.entriesReplayed).toBe(4);
  });
});

describe("semantics 7: borders of atomic regions", () => {
  const begin: Entry = { kind: "BeginAtomicRegion", at: 1 };
  const close = (at: number): Entry => ({ kind: "EndAtomicRegion", at: 1, begin: at });

  test("are claimed in order, each once, ends by their begins, and stand before the next completion", () => {
    const cursor = inside([begin, begin, close(5), starts(fetchCall), end(7), close(4)]);
    expect(cursor.unclaimed).toHaveLength(4);
    expect(cursor.claimBorder(4)).toBeUndefined();
    expect([cursor.claimBorder(), cursor.claimBorder(), cursor.claimBorder()]).toEqual([
      4,
      5,
      undefined,
    ]);
    expect([cursor.claimBorder(5), cursor.claimBorder(5)]).toEqual([6, undefined]);
    expect(cursor.claim(fetchCall)?.index).toBe(7);
    cursor.pass();
    cursor.gather();
    expect(cursor.claimBorder(4)).toBe(9);
  });
});

describe("semantics 3.6: an invocation that began anew", () => {
  const jump = (from: number, to: number): Entry => ({ kind: "Jump", at: to, region: [from, to] });

  test("counts the jumps to its beginning, not those to the beginning of a region", () => {
    const log = [line("a"), jump(4, 5), line("b"), jump(4, 7), starts(fetchCall), jump(9, 9)];
    const cursor = inside(log, [
      [4, 7],
      [9, 9],
    ]);
    expect(cursor.takeNewBeginnings(3).map(({ at }) => at)).toEqual([5, 7]);
    expect(cursor.takeNewBeginnings(3)).toEqual([]);
  });

  test("does not count those that a revert deleted", () => {
    const revert: Entry = { kind: "Revert", at: 6, region: [5, 5] };
    const cursor = inside([line("a"), jump(4, 5), revert], [[5, 5]]);
    expect(cursor.takeNewBeginnings(3)).toEqual([]);
  });

  test("leaves the jumps of later invocations to them", () => {
    const again = [asked, { ...begun, pendingIndex: 5 }, line("a"), jump(7, 8)];
    const cursor = inside([finished, ...again], [[7, 8]]);
    expect(cursor.takeNewBeginnings(3)).toEqual([]);
    expect(cursor.takeNewBeginnings(6)).toHaveLength(1);
  });
});
