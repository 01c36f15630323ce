/**
 * Regression: a pending update is never enqueued again. Here under generated interleavings of
 * everything that wakes an agent or takes it out of memory; test/e2e has the killed processes.
 */
import { array, assert, asyncProperty, constantFrom } from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Arrivals } from "../e2e/support/arrivals.ts";
import { box as code, hooks } from "../e2e/support/box.ts";
import { expectOnce } from "../e2e/support/expect-once.ts";
import { box, type HostedAgent, receiverForTests, RECEIVER, reset } from "./support/host.ts";

const arrivals = receiverForTests();
const modes = ["automatic", "manual"] as const;

type Wake = "enqueue" | "await" | "look" | "alarm" | "evict" | "reset";

/** Everything that an interleaving has set going: it must all come to an end. */
class Interleaving {
  readonly #agent: HostedAgent;
  readonly #loose: Promise<unknown>[] = [];
  readonly #awaited: string[] = [];
  #enqueued = 0;

  constructor(agent: HostedAgent) {
    this.#agent = agent;
  }

  async wake(wake: Wake): Promise<void> {
    const agent = this.#agent;
    switch (wake) {
      case "enqueue":
        this.#enqueued += 1;
        await agent.enqueue("add", "enqueued");
        return;
      case "await": {
        const key = `await-${this.#awaited.length}`;
        this.#awaited.push(key);
        this.#loose.push(agent.request("add", ["awaited"], { key }));
        return;
      }
      case "look":
        await Promise.all([agent.view(), agent.updates(), agent.oplog()]);
        return;
      case "alarm":
        this.#loose.push(agent.fireAlarm());
        return;
      case "evict":
        // Refused while something is under way, which is right.
        this.#loose.push(agent.evict().catch(() => {}));
        return;
      case "reset":
        await reset();
    }
  }

  /** Waits for all of it, repeats what a reset broke, and gives how many items the box got. */
  async settled(): Promise<number> {
    await Promise.all(this.#loose);
    for (const key of this.#awaited) {
      const answer = await this.#agent.request("add", ["awaited"], { key });
      expect(answer).toMatchObject({ status: 200, body: { status: "completed" } });
    }
    return this.#enqueued + this.#awaited.length;
  }
}

const wakes = array(
  constantFrom<Wake>("enqueue", "await", "look", "alarm", "evict", "reset", "reset"),
  { minLength: 3, maxLength: 8 },
);

let made = 0;

beforeEach(() => {
  // The router logs what a reset breaks under it.
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

describe("a pending update is never enqueued again", () => {
  test.each(modes)("%s, from request to conclusion", async (mode) => {
    const property = asyncProperty(wakes, async (sequence) => {
      made += 1;
      const agent = await box(`between-${made}`, code({ mark: "one" }), code({ mark: "two" }));
      await agent.invoke("add", "first");
      const { body: update } = await agent.requestUpdate(mode, 2);
      const interleaving = new Interleaving(agent);
      for (const wake of sequence) await interleaving.wake(wake);
      await agent.fireAlarm();
      const items = await interleaving.settled();
      expect(await agent.conclusion(update.id)).toMatchObject({ status: "successful" });
      await expectOnce(agent, mode, update.id);
      await agent.reaches("idle");
      expect(await agent.invoke("list")).toHaveLength(1 + items);
    });
    await assert(property, { numRuns: 15 });
  });

  test.each(modes)("%s, reset again and again in the middle of its application", async (mode) => {
    const name = `held-${mode}`;
    const hooked = (mark: string) => code({ mark, members: hooks(RECEIVER, mark) });
    const agent = await box(name, hooked("one"), hooked("two"), hooked("three"));
    await agent.update("manual", 2);
    await agent.invoke("add", "first");
    const update = await resetWhileApplied(arrivals(), agent, name, mode);
    expect(await agent.conclusion(update)).toMatchObject({ status: "successful", revision: 3 });
    await expectOnce(agent, mode, update);
    expect(arrivals().at(`/saved/${name}`)).toHaveLength(mode === "manual" ? 2 : 1);
    expect(await agent.invoke("list")).toHaveLength(1 + RESETS);
  });
});

const RESETS = 5;

/** Requests an update whose trial waits in loadSnapshot, resets all that often, then lets it go. */
async function resetWhileApplied(
  received: Arrivals,
  agent: HostedAgent,
  name: string,
  mode: (typeof modes)[number],
): Promise<string> {
  const path = `/loaded/${name}`;
  const trials = received.at(path).length;
  const gate = received.shut(path);
  const { body: update } = await agent.requestUpdate(mode, 3);
  for (let nth = 1; nth <= RESETS; nth++) {
    await received.arrived(path, trials + nth);
    await agent.enqueue("add", `during ${nth}`);
    expect((await agent.updates()).pending).toMatchObject([{ id: update.id, status: "pending" }]);
    await reset();
    void agent.fireAlarm();
  }
  await received.arrived(path, trials + RESETS + 1);
  gate.open();
  return update.id;
}
