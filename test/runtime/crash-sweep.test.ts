/** Semantics 1 and 4: a record is a valid starting point wherever it ends, in the middle of a row too. */
import { beforeAll, expect, test, vi } from "vitest";
import type { Entry } from "../../src/core/oplog/entry.ts";
import type { Outcome } from "./support/journey.ts";
import { longJourney, travelOn, type LongJourney } from "./support/long-journey.ts";

vi.setConfig({ testTimeout: 120_000 });

let golden: LongJourney;

beforeAll(async () => {
  golden = await longJourney();
});

/**
 * Two entries that are written as one and mean one thing: an agent with its initialization, a
 * completion with the wake-up of who waits for it.
 */
function isTorn({ record }: LongJourney, length: number): boolean {
  const [last, next] = [record[length - 1]?.entry.kind, record[length]?.entry.kind];
  return last === "Create" || (last === "PromiseCompleted" && next === "Suspend");
}

/** Goes on from the place right after the first such entry. */
async function goOnAfter(isLast: (entry: Entry) => boolean): Promise<Outcome> {
  const last = golden.record.find(({ entry }) => isLast(entry));
  if (last === undefined) throw new Error("the record has no such entry");
  return (await travelOn(golden, last.index)).outcome;
}

test("a record may end within a call that takes no time: its End follows under the same Start", async () => {
  const { answers } = await goOnAfter(
    (entry) => entry.kind === "Start" && entry.call === "crypto.random",
  );
  expect(answers).toEqual(golden.outcome.answers);
});

test("a record may end after the cancellation of what was left open: it is not cancelled twice", async () => {
  const { answers } = await goOnAfter(({ kind }) => kind === "Cancelled");
  expect(answers).toEqual(golden.outcome.answers);
});

test("from every prefix of a long record the agent comes to the same end, and repeats no completed effect", async () => {
  const { record, outcome } = golden;
  const failures: string[] = [];
  for (let length = 1; length <= record.length; length++) {
    if (isTorn(golden, length)) continue;
    try {
      const { outcome: reached } = await travelOn(golden, length);
      expect(reached.answers).toEqual(outcome.answers);
      expect(reached.states).toEqual(outcome.states);
    } catch (error) {
      const { kind } = record[length - 1]?.entry ?? {};
      failures.push(`${length} entries, the last ${kind}: ${(error as Error).message}`);
    }
  }
  expect(record.length).toBeGreaterThan(150);
  expect(failures).toEqual([]);
});
