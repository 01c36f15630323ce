/**
 * Semantics 7: what generated programs see live, a fresh isolate sees again in replay. Beside the
 * calls that the simulation knows (test/runtime), these programs do work of the platform that only
 * real isolates have: body readers, streams, compression, cryptography.
 *
 * Each beginning of a record costs an isolate. So every one of them is replayed for some of the
 * agents; for the others the ends of invocations, the last entries, and a random choice.
 */
import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { announceSeed, sample } from "../support/property.ts";
import { WORK } from "../support/programs/native.js";
import { platformPrograms } from "../support/programs/programs.ts";
import { inParallel } from "./support/parallel.ts";
import { type Choice, expectSame, publishProgrammed } from "./support/program-run.ts";
import { upstreamForTests } from "./support/upstream.ts";

announceSeed();
upstreamForTests();
beforeAll(publishProgrammed);

const AGENTS = 60;
const PROGRAMS = 5;
/** How many agents run at once. */
const AT_ONCE = 12;
/** One agent in so many is compared after every entry. */
const WHOLE_EVERY = 20;
/** How many entries are chosen for each of the others. */
const CHOSEN = 6;

const every: Choice = (record) => Array.from({ length: record.length - 1 }, (_, nth) => nth + 2);

const some: Choice = (record) => {
  const { length } = record;
  const ends = record.filter(({ entry }) => entry.kind === "AgentInvocationFinished");
  const chosen = sample(fc.integer({ min: 2, max: length }), CHOSEN);
  const last = [length - 2, length - 1, length].filter((end) => end >= 2);
  return new Set([...ends.map(({ index }) => index), ...last, ...chosen]);
};

test("generated programs: after the beginnings of the record, replay in a fresh isolate equals the live run", async () => {
  const work = fc.array(platformPrograms(Object.keys(WORK)), {
    minLength: PROGRAMS,
    maxLength: PROGRAMS,
  });
  const agents = sample(work, AGENTS);
  let replays = 0;
  const failures: string[] = [];
  await inParallel(AT_ONCE, agents.entries(), async ([nth, programs]) => {
    try {
      const choice = nth % WHOLE_EVERY === 0 ? every : some;
      const compared = await expectSame(`a${nth}`, programs, choice);
      replays += compared;
    } catch (error) {
      failures.push(`a${nth}: ${describe(error)}\n${JSON.stringify(programs)}`);
    }
  });
  console.info(`${AGENTS * PROGRAMS} programs, ${replays} replays`);
  expect(failures).toEqual([]);
}, 180_000);

/** Where it failed, and what was found there. */
function describe(error: unknown): string {
  const { message, cause, actual, expected } = error as Error & Record<string, unknown>;
  if (cause !== undefined) return `${message}: ${describe(cause)}`;
  const values = { actual, expected };
  return actual === undefined ? message : `${message} ${JSON.stringify(values)}`;
}
