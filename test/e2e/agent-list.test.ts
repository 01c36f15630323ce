/** The list is exact whenever the process dies: in the middle of creating agents, and of deleting them. */
import { expect, test } from "vitest";
import { FleetClient, forEach, numbered } from "./support/fleet.ts";
import { box } from "./support/box.ts";
import { hostForFile } from "./support/host.ts";

const host = hostForFile();

/** Works on all keys until some are done; then the process is killed, and what was under way is lost. */
async function killedAfter(
  count: number,
  keys: readonly string[],
  work: (key: string) => Promise<void>,
): Promise<readonly string[]> {
  const done: string[] = [];
  let killed: Promise<void> | undefined;
  await forEach(keys, async (key) => {
    if (killed !== undefined) return;
    try {
      await work(key);
      done.push(key);
    } catch {
      // The connection broke under the request.
    }
    if (done.length >= count) killed ??= host.server.kill9();
  });
  await killed;
  await host.server.restart();
  return done;
}

test("after kill -9 in the middle of creating 1,000 agents, and of deleting some", async () => {
  const fleet = new FleetClient(host.api, "many");
  await fleet.publish(box({ mark: "one" }));
  const keys = numbered(1_000);
  const created = await killedAfter(400, keys, (key) => fleet.create(key));
  const listed = await fleet.listed();
  expect(listed).toEqual(await fleet.exist(keys));
  expect(listed).toEqual(expect.arrayContaining([...created]));
  expect(listed.length).toBeLessThan(1_000);

  await forEach(keys, (key) => fleet.create(key));
  expect(await fleet.listed()).toEqual(keys);

  const deleted = await killedAfter(150, keys.slice(300, 600), (key) => fleet.delete(key));
  const left = await fleet.listed();
  expect(left).toEqual(await fleet.exist(keys));
  expect(left.filter((key) => deleted.includes(key))).toEqual([]);
  expect(left.length).toBeGreaterThan(700);
}, 180_000);
