/** A recurring schedule needs no object in memory: the alarm brings it back for each run. */
import { expect, test } from "vitest";
import { box as code } from "../e2e/support/box.ts";
import { box, receiverForTests, RECEIVER, reset } from "./support/host.ts";

const arrivals = receiverForTests();

test("the runs come although the object was evicted, and after it was reset", async () => {
  const agent = await box("recurring", code({ mark: "one" }));
  const args = [`${RECEIVER}/tick`, "tick"];
  await agent.schedule({ cron: "* * * * * *", method: "send", args });
  await agent.evict();
  await arrivals().arrived("/tick", 1);
  await reset();
  await arrivals().arrived("/tick", 3);
  const keys = arrivals()
    .at("/tick")
    .map(({ key }) => key);
  expect(new Set(keys).size).toBeGreaterThan(1);
  const scheduled = (await agent.invocations()).filter(({ status }) => status === "scheduled");
  expect(scheduled.length).toBeLessThanOrEqual(1);
});
