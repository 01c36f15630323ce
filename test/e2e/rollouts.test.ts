/** A rollout over many agents: it stops where it should, and is carried on after kill -9. */
import { expect, test } from "vitest";
import { AgentClient } from "./support/api.ts";
import { box, OTHER_COUNT } from "./support/box.ts";
import { FleetClient, forEach, numbered } from "./support/fleet.ts";
import { hostForFile } from "./support/host.ts";

const host = hostForFile();

const keys = numbered(500);
/** The agents whose history diverges: one of the canary, and every fortieth. */
const diverging = keys.filter((_, at) => at === 4 || at % 40 === 39);
const CANARY = 10;

test("500 agents, a canary and a diverging minority, killed in the middle", async () => {
  const fleet = new FleetClient(host.api, "fleet");
  await fleet.publish(box({ mark: "one" }));
  await forEach(keys, (key) => fleet.create(key));
  await forEach(diverging, async (key) => {
    await new AgentClient(host.api, "fleet", "Box", key).invoke("add", "a");
  });
  await fleet.publish(box({ mark: "two", count: OTHER_COUNT }));
  const canary = { agents: CANARY };
  const settings = { revision: 2, mode: "automatic", concurrency: 8, canary };
  const id = await fleet.startRollout(settings);

  const stopped = await fleet.rolloutWhen(
    "stopped at its canary",
    id,
    ({ status, counts }) => status !== "running" && counts["inProgress"] === 0,
  );
  expect(stopped).toMatchObject({ status: "stopped", phase: "canary" });
  const { updated = 0, waiting = 0, ...others } = stopped.counts;
  expect(others).toEqual({ total: 500, inProgress: 0, failed: 1, notNeeded: 0, gone: 0 });
  expect(stopped.failures).toMatchObject([{ key: keys[4], outcome: "failed" }]);
  expect(waiting).toBeGreaterThanOrEqual(500 - CANARY);
  expect(await fleet.listed("&revision=2")).toEqual(
    keys.slice(0, updated + 1).filter((key) => !diverging.includes(key)),
  );

  await fleet.command(id, "resume");
  await fleet.rolloutWhen("was in the middle", id, ({ counts }) => (counts["updated"] ?? 0) > 150);
  await host.crash();
  const carriedOn = await fleet.rollout(id);
  expect(carriedOn.status).toBe("running");
  const ended = await fleet.rolloutWhen("had ended", id, ({ status }) => status !== "running");
  const failed = diverging.length;
  expect([ended.status, ended.counts]).toEqual([
    "completed",
    {
      total: 500,
      waiting: 0,
      inProgress: 0,
      updated: 500 - failed,
      failed,
      notNeeded: 0,
      gone: 0,
    },
  ]);
  expect(ended.failures?.map(({ key }) => key)).toEqual(diverging);
  const details = ended.failures?.map(({ detail = "" }) => detail) ?? [];
  expect(details.filter((detail) => !detail.includes("another count"))).toEqual([]);
  expect(await fleet.listed("&revision=1")).toEqual(diverging);

  const asked = new Map<string, number>();
  await forEach(keys, async (key) => {
    const {
      pending,
      successful,
      failed: refused,
    } = await new AgentClient(host.api, "fleet", "Box", key).updates();
    asked.set(key, pending.length + successful.length + refused.length);
  });
  expect([...asked].filter(([, count]) => count !== 1)).toEqual([]);
}, 240_000);
