/** Semantics 3 to 6 and 8 inside workerd: random sequences of what can happen to an agent agree with the model. */
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { sequences } from "../support/sequences/commands.ts";
import { runSequence } from "../support/sequences/sequence.ts";
import { HostedAgent, publishAll } from "./support/host.ts";
import { HostedTally, tallySources } from "./support/hosted-tally.ts";

const RUNS = 50;

const turns = sequences(
  {
    invoke: 12,
    update: 7,
    dryRun: 2,
    revertLast: 3,
    revertTo: 4,
    crash: 5,
    snapshot: 3,
    interrupt: 1,
    resume: 1,
    evict: 4,
  },
  { minLength: 5, maxLength: 14, methods: ["add", "put", "fail", "stumble"] },
);

/** The variables of the process are not there inside workerd: the seed comes as a binding. */
function seedOfRun(): number {
  const { PERDURE_SEED: given } = env as unknown as { readonly PERDURE_SEED: string };
  return given === "" ? Math.trunc(Math.random() * 0x7fffffff) : Number(given);
}

beforeAll(() => publishAll("tally", tallySources));

test(`${RUNS} random sequences of invocations, updates, snapshots, reverts and losses agree with the model`, async () => {
  const seed = seedOfRun();
  console.info(`PERDURE_SEED=${seed}`);
  const failures: string[] = [];
  for (const [nth, sequence] of fc.sample(turns, { seed, numRuns: RUNS }).entries()) {
    const agent = new HostedAgent("tally", `random-${nth}`);
    await agent.create(1);
    await agent.reaches("idle");
    try {
      await runSequence(new HostedTally(agent), sequence);
    } catch (error) {
      failures.push(`${nth}: ${(error as Error).message} in ${JSON.stringify(sequence)}`);
    }
  }
  expect(failures).toEqual([]);
}, 240_000);
