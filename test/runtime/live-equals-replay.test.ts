/**
 * Semantics 7: what generated programs see live, a fresh instance sees again in replay, whatever
 * prefix of the record it gets; and a process that dies anywhere changes nothing about that.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { announceSeed, checkAsync } from "../support/property.ts";
import { programs } from "../support/programs/programs.ts";
import { runPrograms } from "./support/program-run.ts";
import { expectReplayed } from "./support/comparing.ts";

announceSeed();

test("generated programs: after every prefix of the record, replay equals the live run", async () => {
  await checkAsync(
    fc.array(programs, { minLength: 1, maxLength: 2 }),
    async (given) => {
      const run = await runPrograms(given);
      for (let length = 2; length <= run.record.length; length++) await expectReplayed(run, length);
    },
    300,
  );
});
