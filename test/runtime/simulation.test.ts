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

test("journeys make every kind of call, and pass every kind of point", async () => {
  const { world } = await journey(JOURNEYS);
  const record = entriesOn(world.agent(TRAVELLER).disk);
  const calls = new Set(record.map(({ entry }) => (entry.kind === "Start" ? entry.call : "")));
  expect([...calls]).toEqual(
    expect.arrayContaining([
      ...["fetch", "sleep", "step", "crypto.random", "promise.create", "promise.await"],
      ...["agent.invoke", "agent.enqueue", "agent.schedule"],
    ]),
  );
  const kinds = new Set(record.map(({ entry }) => entry.kind));
  expect([...kinds]).toEqual(
    expect.arrayContaining(["Suspend", "Jump", "BeginAtomicRegion", "Snapshot", "Cancelled"]),
  );
  const points = new Set(world.points.passed.map((point) => point.replace(/^.*?: /, "")));
  expect([...points]).toEqual(
    expect.arrayContaining([
      ...["before a write", "after a write", "invoke arrives", "invoke is answered"],
      ...["alarm arrives", "alarm is answered", "boot begins", "boot is answered", "run begins"],
      ...["run is answered", "proceed begins", "save begins", "page arrives", "commit arrives"],
      ...["fetch arrives", "fetch leaves", "fetch comes back", "fetch is answered"],
      ...["message is asked for", "message leaves", "message comes back", "callFrom arrives"],
    ]),
  );
});
