/** Http-api, `GET A/events`: what is shown of an agent's oplog while it grows, and while processes die. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { EntryView } from "../../src/core/api/views.ts";
import type { Result } from "../../src/core/errors.ts";
import { announceSeed, sample } from "../support/property.ts";
import { processDies, type Crash } from "./support/crashing.ts";
import { journey, TRAVELLER } from "./support/journey.ts";
import { Scene } from "./support/scene.ts";
import type { World } from "./support/world.ts";

announceSeed();

const WAIT_MS = 200;
/** The virtual clock comes there only when nothing else is left to happen. */
const FOREVER_MS = 1e9;
/** So many empty answers in a row, and whatever comes still is read at the end. */
const PATIENCE = 10;

function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.refusal.detail);
  return result.value;
}

/** Somebody who follows the traveller from its beginning. */
class Follower {
  readonly entries: EntryView[] = [];
  #incarnation = "";

  get #after(): number {
    return this.entries.at(-1)?.index ?? 0;
  }

  async #next(world: World, waitMs: number): Promise<number> {
    const position = { incarnation: this.#incarnation, after: this.#after };
    const asked = world.agent(TRAVELLER).persist("follow", (it) => it.follow(position, waitMs));
    const entries = valueOf(await asked);
    this.entries.push(...entries);
    return entries.length;
  }

  async follow(world: World): Promise<void> {
    const traveller = world.agent(TRAVELLER);
    while (this.#incarnation === "") {
      const view = await traveller.persist("describe", (it) => it.describe());
      if (view.ok) this.#incarnation = view.value.incarnation;
      else await world.clock.pause(1);
    }
    for (let empty = 0; empty < PATIENCE;) {
      empty = (await this.#next(world, WAIT_MS)) === 0 ? empty + 1 : 0;
    }
  }

  /** Whatever there is still. */
  async readOn(world: World): Promise<void> {
    while ((await this.#next(world, 0)) > 0);
  }
}

async function followed(crashes: readonly Crash[], writeMs: number) {
  const follower = new Follower();
  const { world } = await journey(["wait"], {
    crashes,
    writeMs,
    begun: (there) => void follower.follow(there),
  });
  const oplog = await world.run(async () => {
    await follower.readOn(world);
    const request = { from: 1, limit: Number.MAX_SAFE_INTEGER };
    return valueOf(await world.agent(TRAVELLER).persist("oplog", (it) => it.oplog(request)));
  });
  return { world, follower, oplog };
}

test("a follower gets each entry of the oplog once, in order, as GET A/oplog shows it", async () => {
  const { follower, oplog } = await followed([], 0);
  expect(follower.entries.length).toBeGreaterThan(20);
  expect(follower.entries).toEqual(oplog.entries);
});

test("nothing is shown that the death of a process takes back", async () => {
  const { world } = await followed([], 4);
  const points = world.points.passed.length;
  for (const at of sample(fc.integer({ min: 1, max: points }), 60)) {
    const { follower, oplog } = await followed([processDies(at)], 4);
    expect(follower.entries, `a death at ${at}`).toEqual(oplog.entries);
  }
});

test("following starts no instance, whatever the agent does", async () => {
  const scene = new Scene([{}]);
  await scene.play(async () => {
    await scene.invoke("add", "a");
    scene.kill();
    const { incarnation, lastOplogIndex } = await scene.view();
    const follow = (after: number) =>
      scene.ask((runtime) => runtime.follow({ incarnation, after }, WAIT_MS));
    expect(valueOf(await follow(0))).toHaveLength(lastOplogIndex);
    expect(valueOf(await follow(lastOplogIndex))).toEqual([]);
    expect(scene.instance).toBeUndefined();
  });
});

test("those who wait get a new entry as it comes, all of them", async () => {
  const scene = new Scene([{}]);
  await scene.play(async () => {
    const { incarnation, lastOplogIndex: after } = await scene.view();
    const waiting = [1, 2, 3].map(() =>
      scene.ask((runtime) => runtime.follow({ incarnation, after }, FOREVER_MS)),
    );
    await scene.pause();
    await scene.enqueue("add", "a");
    const { now } = scene.world.clock;
    const [first, ...others] = (await Promise.all(waiting)).map(valueOf);
    expect(first?.[0]).toMatchObject({ index: after + 1, kind: "PendingAgentInvocation" });
    expect(others).toEqual([first, first]);
    expect(scene.world.clock.now - now).toBeLessThan(FOREVER_MS / 2);
  });
});

test("those who wait are told when the agent is deleted, and do not follow the next one there", async () => {
  const scene = new Scene([{}]);
  await scene.play(async () => {
    const { incarnation, lastOplogIndex: after } = await scene.view();
    const position = { incarnation, after };
    const waiting = scene.ask((runtime) => runtime.follow(position, FOREVER_MS));
    await scene.pause();
    await scene.ask((runtime) => runtime.destroy());
    const deleted = { ok: false, refusal: { code: "agent-deleted" } };
    const { now } = scene.world.clock;
    expect(await waiting).toMatchObject(deleted);
    expect(scene.world.clock.now - now).toBeLessThan(FOREVER_MS / 2);
    await scene.invoke("add", "a");
    const again = await scene.ask((runtime) => runtime.follow(position, 0));
    expect(again).toMatchObject(deleted);
  });
});
