/**
 * Semantics 7: what generated programs see live, a fresh instance sees again in replay, whatever
 * prefix of the record it gets; and where processes have died makes no difference to that.
 */
import * as fc from "fast-check";
import { test } from "vitest";
import { announceSeed, checkAsync } from "../support/property.ts";
import { programs } from "../support/programs/programs.ts";
import { expectReplayed } from "./support/comparing.ts";
import { runPrograms } from "./support/program-run.ts";

announceSeed();

const work = fc.array(programs, { minLength: 1, maxLength: 2 });

test("generated programs: after every prefix of the record, replay equals the live run", async () => {
  await checkAsync(work, async (given) => expectReplayed(await runPrograms(given)), 300);
});

/** Where in a run processes die, as shares of it. */
const deaths = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 3 });

test("generated programs whose processes die: effects are done once, and replay equals the live run", async () => {
  const dying = fc.tuple(work, deaths);
  await checkAsync(
    dying,
    async ([given, shares]) => {
      const { points } = await runPrograms(given);
      const crashes = shares.map((share) => 1 + Math.floor(share * points));
      await expectReplayed(await runPrograms(given, crashes), 5);
    },
    300,
  );
});
