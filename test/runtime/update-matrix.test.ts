/**
 * Semantics 4 and 5: an update is a transaction. Every mode in every status to every kind of code,
 * undisturbed and with whatever may come between, ends as the model says (`support/update-model.ts`).
 */
import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { announceSeed, sample } from "../support/property.ts";
import { processDies } from "./support/crashing.ts";
import { casesOf, MODES, nameOf, someCasesOf, STATUSES } from "./support/update-cases.ts";
import type { UpdateCase } from "./support/update-cases.ts";
import { expectAsModelled } from "./support/update-invariants.ts";
import { playUpdate, type Disturbance, type UpdateRun } from "./support/update-run.ts";

announceSeed();
vi.setConfig({ testTimeout: 120_000 });

/** How many moments are tried beside those after appends, for each case. */
const OTHER_MOMENTS = 3;

/** What has gone wrong this often is told: cases in which an agent goes on for ever take long. */
const ENOUGH_FAILURES = 4;

/** Plays each case with each of its disturbances; answers what did not go as it must. */
async function failuresOf(
  cases: readonly UpdateCase[],
  disturbancesOf: (one: UpdateCase) => Promise<readonly Disturbance[]>,
): Promise<string[]> {
  const failures: string[] = [];
  for (const one of cases) {
    for (const disturbance of await disturbancesOf(one)) {
      if (failures.length === ENOUGH_FAILURES) return failures;
      try {
        expectAsModelled(one, await playUpdate(one, disturbance));
      } catch (error) {
        failures.push(
          `${nameOf(one)}, ${JSON.stringify(disturbance)}: ${(error as Error).message}`,
        );
      }
    }
  }
  return failures;
}

interface Moments {
  readonly appends: readonly number[];
  readonly others: readonly number[];
}

/** The numbers of the points of a run from the append of the request on; none when it was refused. */
function momentsOf({ points, requestedAt = Infinity }: UpdateRun): Moments {
  const [appends, others]: [number[], number[]] = [[], []];
  for (let at = requestedAt; at <= points.length; at++) {
    const isAppend = points[at - 1]?.endsWith("after a write") === true;
    (isAppend ? appends : others).push(at);
  }
  return { appends, others };
}

const undisturbed = new Map<string, Promise<UpdateRun>>();

async function momentsIn(one: UpdateCase): Promise<Moments> {
  const name = nameOf(one);
  const run = undisturbed.get(name) ?? playUpdate(one);
  undisturbed.set(name, run);
  return momentsOf(await run);
}

describe.each(MODES)("%s update", (mode) => {
  describe.each(STATUSES)("of an agent that is %s", (status) => {
    const cases = someCasesOf(mode, status);

    test("comes to one conclusion, and the old or the new revision is in force", async () => {
      expect(await failuresOf(casesOf(mode, status), async () => [{}])).toEqual([]);
    });

    test("the same when the process dies right after any append", async () => {
      const crashes = async (one: UpdateCase): Promise<Disturbance[]> =>
        (await momentsIn(one)).appends.map((at) => ({ crashes: [processDies(at)] }));
      expect(await failuresOf(cases, crashes)).toEqual([]);
    });

    test("the same when the process is killed at other moments", async () => {
      const kills = async (one: UpdateCase): Promise<Disturbance[]> => {
        const { others } = await momentsIn(one);
        if (others.length === 0) return [];
        const chosen = sample(fc.constantFrom(...others), OTHER_MOMENTS);
        return chosen.map((at) => ({ crashes: [processDies(at)] }));
      };
      expect(await failuresOf(cases, kills)).toEqual([]);
    });

    test("the same when the agent is evicted whenever it rests", async () => {
      expect(await failuresOf(cases, async () => [{ evicts: true }])).toEqual([]);
    });

    test("the same when alarms fire during it and the request comes again", async () => {
      expect(await failuresOf(cases, async () => [{ knocks: true }])).toEqual([]);
    });
  });
});
