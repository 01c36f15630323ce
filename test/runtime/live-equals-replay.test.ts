/**
 * Semantics 7: what generated programs see live, a fresh instance sees again in replay, whatever
 * prefix of the record it gets; and where processes have died makes no difference to that.
 */
import * as fc from "fast-check";
import { test, vi } from "vitest";
import { announceSeed, checkAsync } from "../support/property.ts";
import { expectReplayed } from "../support/programs/comparing.ts";
import { programs } from "../support/programs/programs.ts";
import { laboratory, type ProgramRun, runPrograms } from "./support/program-run.ts";
import { Recording } from "./support/replaying.ts";

announceSeed();
vi.setConfig({ testTimeout: 120_000 });

/** Replays the whole record of a run, and the beginnings that are `every` so many entries apart. */
function expectSame(run: ProgramRun, every = 1): Promise<void> {
  const { length } = run.record;
  const lengths = Array.from(
    { length: Math.ceil((length - 1) / every) },
    (_, nth) => length - nth * every,
  );
  return expectReplayed(run, new Recording(laboratory, run.record), lengths);
}

const work = fc.array(programs, { minLength: 1, maxLength: 2 });

test("generated programs: after every prefix of the record, replay equals the live run", async () => {
  await checkAsync(
    fc.tuple(work, fc.nat().map(String)),
    async ([given, seed]) => expectSame(await runPrograms(given, { seed })),
    300,
  );
});

/** Where in a run something dies, as a share of it, and what. */
const death = fc.record({
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  of: fc.constantFrom("process", "process", "isolate"),
});

/** Fewer than the tries that an invocation has. */
const deaths = fc.array(death, { minLength: 1, maxLength: 2 });

test("generated programs in which something dies: effects are done once, and replay equals the live run", async () => {
  await checkAsync(
    fc.tuple(work, deaths, fc.constantFrom(0, 4), fc.nat().map(String)),
    async ([given, dying, writeMs, seed]) => {
      const { points } = await runPrograms(given, { writeMs, seed });
      const crashes = dying.map(({ share, of }) => ({ at: 1 + Math.floor(share * points), of }));
      await expectSame(await runPrograms(given, { crashes, writeMs, seed }), 5);
    },
    300,
  );
});
