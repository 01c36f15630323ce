import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Entry, PendingAgentInvocation } from "../../../src/core/oplog/entry.ts";
import { placeRecords } from "../../../src/core/oplog/place.ts";
import type { LiveRecord } from "../../../src/core/protocol.ts";
import { announceSeed, check } from "../../support/property.ts";

announceSeed();

const request: PendingAgentInvocation = {
  kind: "PendingAgentInvocation",
  at: 1,
  idempotencyKey: "k",
  invocation: { type: "method", method: "add", args: "[]" },
};

function started(pendingIndex: number, idempotencyKey = "k"): Entry {
  const kind = "AgentInvocationStarted";
  return { kind, at: 1, idempotencyKey, pendingIndex, method: "add", seed: "s" };
}

const start: Entry = { kind: "Start", at: 1, call: "fetch", durability: "read-remote" };
const log: Entry = { kind: "Log", at: 1, level: "info", message: "m" };

const error = { name: "Error", message: "no" };

function nobody(): never {
  throw new Error("nothing is asked for");
}

describe("places in the oplog", () => {
  test("what ends a call names it by its index: placed just now, earlier, or claimed from the record", () => {
    const refs = new Map([[-1, 4]]);
    const records: LiveRecord[] = [
      { entry: log },
      { entry: start, ref: -2 },
      { entry: { kind: "End", at: 1, start: -2, response: "1" } },
      { entry: { kind: "Cancelled", at: 1, start: -1 } },
      { entry: { kind: "End", at: 1, start: 3 } },
      { entry: { kind: "Error", at: 1, error, retryFrom: -1, attempt: 1 } },
    ];
    const entries = placeRecords(records, 20, refs, nobody);
    expect(entries).toEqual([
      log,
      start,
      { kind: "End", at: 1, start: 21, response: "1" },
      { kind: "Cancelled", at: 1, start: 4 },
      { kind: "End", at: 1, start: 3 },
      { kind: "Error", at: 1, error, retryFrom: 4, attempt: 1 },
    ]);
    expect(refs).toEqual(
      new Map([
        [-1, 4],
        [-2, 21],
      ]),
    );
  });

  test("the end of an atomic region names its begin by its index", () => {
    const records: LiveRecord[] = [
      { entry: { kind: "BeginAtomicRegion", at: 1 }, ref: -1 },
      { entry: { kind: "EndAtomicRegion", at: 1, begin: -1 } },
      { entry: { kind: "EndAtomicRegion", at: 1, begin: 3 } },
    ];
    expect(placeRecords(records, 20, new Map(), nobody)).toMatchObject([
      { kind: "BeginAtomicRegion" },
      { begin: 20 },
      { begin: 3 },
    ]);
  });

  test("a start whose request is not in the oplog yet takes it along, and moves what follows", () => {
    const refs = new Map<number, number>();
    const records: LiveRecord[] = [{ entry: started(0) }, { entry: start, ref: -1 }];
    const entries = placeRecords(records, 10, refs, () => request);
    expect(entries).toEqual([request, started(10), start]);
    expect(refs.get(-1)).toBe(12);
  });

  test("a start whose request was appended meanwhile points to it", () => {
    expect(placeRecords([{ entry: started(0) }], 10, new Map(), () => 7)).toEqual([started(7)]);
  });

  test("a start that knows its request keeps it", () => {
    expect(placeRecords([{ entry: started(5) }], 10, new Map(), nobody)).toEqual([started(5)]);
  });

  test("requests are asked for by their keys, in the order of the starts", () => {
    const asked: string[] = [];
    const records = ["a", "b", "c"].map((key) => ({ entry: started(0, key) }));
    const entries = placeRecords(records, 3, new Map(), (key) => {
      asked.push(key);
      return { ...request, idempotencyKey: key };
    });
    expect(asked).toEqual(["a", "b", "c"]);
    expect(entries.map(({ kind }) => kind)).toEqual([
      "PendingAgentInvocation",
      "AgentInvocationStarted",
      "PendingAgentInvocation",
      "AgentInvocationStarted",
      "PendingAgentInvocation",
      "AgentInvocationStarted",
    ]);
    expect([entries[1], entries[3], entries[5]]).toMatchObject([
      { pendingIndex: 3 },
      { pendingIndex: 5 },
      { pendingIndex: 7 },
    ]);
  });

  test("a ref that nobody knows is an error, not an entry", () => {
    const records = [{ entry: { kind: "Cancelled", at: 1, start: -9 } as const }];
    expect(() => placeRecords(records, 1, new Map(), nobody)).toThrow(/-9/);
  });

  test("however records are cut into batches, the entries are the same", () => {
    const script = fc.array(fc.tuple(fc.constantFrom("start", "end", "log", "invoke"), fc.nat(99)));
    check(
      fc.tuple(script, fc.nat(99)),
      ([steps, place]) => {
        let calls = 0;
        const records = steps.map(([step, choice]): LiveRecord => {
          if (step === "start") return { entry: start, ref: -(calls += 1) };
          if (step === "invoke") return { entry: started(0) };
          if (step === "log" || calls === 0) return { entry: log };
          return { entry: { kind: "End", at: 1, start: -((choice % calls) + 1) } };
        });
        const whole = placeRecords(records, 5, new Map(), () => request);
        const cut = place % (records.length + 1);
        const refs = new Map<number, number>();
        const first = placeRecords(records.slice(0, cut), 5, refs, () => request);
        const rest = placeRecords(records.slice(cut), 5 + first.length, refs, () => request);
        expect([...first, ...rest]).toEqual(whole);
        whole.forEach((entry) => {
          if (entry.kind === "End") expect(whole[entry.start - 5]).toEqual(start);
          if (entry.kind === "AgentInvocationStarted") {
            expect(whole[entry.pendingIndex - 5]).toEqual(request);
          }
        });
      },
      1000,
    );
  });
});
