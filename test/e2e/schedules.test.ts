/** Recurring schedules over kill -9: what was missed meanwhile is one run, and none comes twice. */
import { expect, test } from "vitest";
import type { InvocationView } from "../../src/core/api/views.ts";
import type { AgentClient } from "./support/api.ts";
import { box } from "./support/box.ts";
import { hostForFile } from "./support/host.ts";

const host = hostForFile();
const code = box({ mark: "one" });

/** Sends an item to the receiver's path at each second. */
async function everySecond(component: string, path: string): Promise<AgentClient> {
  const agent = await host.box(component, code);
  const args = [`${host.receiver.url}${path}`, path];
  const { status } = await agent.schedule({ cron: "* * * * * *", method: "send", args });
  expect(status).toBe(201);
  return agent;
}

function times(runs: readonly InvocationView[]): readonly number[] {
  return runs.map(({ scheduledFor = "" }) => Date.parse(scheduledFor));
}

test("runs that were missed while the server was down are one run after the restart", async () => {
  const agent = await everySecond("missed", "/missed");
  await host.receiver.arrived("/missed", 2);
  await host.server.kill9();
  const arrivedBefore = host.receiver.at("/missed").length;
  const down = Date.now();
  await expect.poll(() => Date.now(), { timeout: 10_000 }).toBeGreaterThan(down + 3_500);
  expect(host.receiver.at("/missed")).toHaveLength(arrivedBefore);
  const up = Date.now();
  await host.server.restart();
  // No request wakes the agent.
  await host.receiver.arrived("/missed", arrivedBefore + 3);
  const runs = (await agent.invocations()).filter(({ startedAt }) => startedAt !== undefined);
  expect(new Set(times(runs)).size).toBe(runs.length);
  const late = runs.filter(
    ({ scheduledFor = "", startedAt = "" }) =>
      Date.parse(startedAt) >= up && Date.parse(scheduledFor) < up,
  );
  expect(late).toHaveLength(1);
  expect(times(runs).filter((time) => time > down + 1000 && time < up)).toEqual([]);
});

test("a run that is killed in the middle is finished, not begun again; the next ones come after it", async () => {
  const agent = await everySecond("killed", "/killed");
  const gate = host.receiver.shut("/killed");
  const [first] = await host.receiver.arrived("/killed", 1);
  await host.crash();
  const [, again] = await host.receiver.arrived("/killed", 2);
  expect(again?.key).toBe(first?.key);
  gate.open();
  await host.receiver.arrived("/killed", 4);
  const kinds = (await agent.oplog()).filter(({ kind }) => kind === "AgentInvocationStarted");
  const keys = kinds.map(({ idempotencyKey }) => idempotencyKey);
  expect(new Set(keys).size).toBe(keys.length);
  expect(new Set(host.receiver.at("/killed").map(({ key }) => key)).size).toBeGreaterThan(2);
});
