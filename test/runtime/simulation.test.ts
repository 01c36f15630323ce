/** What the other tests rely on: the simulation repeats itself, and looks at everything. */
import { expect, test } from "vitest";
import { entriesOn } from "./support/disk.ts";
import { journey, JOURNEYS, TRAVELLER } from "./support/journey.ts";

test("the same seed makes the same run, another seed another one", async () => {
  const runs = await Promise.all(
    ["a", "a", "b"].map(async (seed) => {
      const { world } = await journey(JOURNEYS, { seed });
      return { points: world.points.passed, record: entriesOn(world.agent(TRAVELLER).disk) };
    }),
  );
  expect(runs[1]).toEqual(runs[0]);
  expect(runs[2]?.record).not.toEqual(runs[0]?.record);
});

const CALLS = `fetch, sleep, step, crypto.random, promise.create, promise.await, agent.invoke,
  agent.enqueue, agent.schedule`;

const KINDS = "Suspend, Jump, BeginAtomicRegion, Snapshot, Cancelled, PromiseCompleted, Error";

const POINTS = `before a write, after a write, invoke arrives, invoke is answered, alarm arrives,
  alarm is answered, type leaves, code leaves, boot begins, boot is answered, run begins,
  run is answered, proceed begins, proceed is answered, save begins, page arrives, commit arrives,
  commit is answered, fetch arrives, fetch is asked for, fetch leaves, fetch comes back,
  fetch is answered, unrecorded fetch arrives, message is asked for, message leaves,
  message comes back, callFrom arrives, callFrom is answered, approval arrives`;

/** Those of a list that were not met. */
function missing(list: string, met: Iterable<string>): string[] {
  const all = new Set(met);
  return list.split(/,\s+/).filter((one) => !all.has(one));
}

test("journeys make every kind of call, and pass every kind of point", async () => {
  const { world } = await journey(JOURNEYS);
  const entries = entriesOn(world.agent(TRAVELLER).disk).map(({ entry }) => entry);
  const calls = entries.flatMap((entry) => (entry.kind === "Start" ? [entry.call] : []));
  const points = world.points.passed.map((point) => point.replace(/^.*?: /, ""));
  expect(missing(CALLS, calls)).toEqual([]);
  expect(
    missing(
      KINDS,
      entries.map(({ kind }) => kind),
    ),
  ).toEqual([]);
  expect(missing(POINTS, points)).toEqual([]);
});
