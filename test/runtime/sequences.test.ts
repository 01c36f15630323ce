/**
 * Semantics 3 to 6 and 8: random sequences of what can happen to an agent, with deaths of its process
 * anywhere in them, come to what a model says that does not know how an agent works.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sequences, type Turn } from "../support/sequences/commands.ts";
import { runSequence } from "../support/sequences/sequence.ts";
import { announceSeed, checkAsync } from "../support/property.ts";
import { Auditor } from "./support/auditor.ts";
import { SimulatedTally } from "./support/simulated-tally.ts";
import { TALLIES } from "./support/tallies.ts";
import { World } from "./support/world.ts";

announceSeed();

const RUNS = 2_000;

const turns = sequences(
  {
    invoke: 14,
    update: 8,
    updateDuringSave: 2,
    dryRun: 2,
    revertLast: 3,
    revertTo: 3,
    crash: 5,
    snapshot: 3,
    interrupt: 3,
    resume: 2,
    evict: 3,
    wait: 2,
  },
  { minLength: 6, maxLength: 14 },
);

interface Sequence {
  readonly turns: readonly Turn[];
  readonly seed: string;
  readonly writeMs: number;
}

async function happen({ turns: all, seed, writeMs }: Sequence): Promise<void> {
  const auditor = new Auditor();
  const world = new World({
    seed,
    writeMs,
    modules: TALLIES,
    crashed: auditor.crashed,
    stored: auditor.stored,
  });
  await world.run(async () => {
    const subject = new SimulatedTally(world);
    await subject.begin();
    await runSequence(subject, all);
  });
  auditor.balance(world);
}

test(`${RUNS} random sequences of invocations, updates, snapshots, reverts and losses agree with the model`, async () => {
  const any = fc.record({
    turns,
    seed: fc.string({ minLength: 4, maxLength: 4 }),
    writeMs: fc.constantFrom(0, 0, 3),
  });
  let ran = 0;
  await checkAsync(
    any,
    async (sequence) => {
      ran += 1;
      await happen(sequence);
    },
    RUNS,
  );
  expect(ran).toBe(RUNS);
}, 180_000);
