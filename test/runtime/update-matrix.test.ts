/**
 * Semantics 4 and 5: an update is a transaction. Every mode in every status to every kind of code,
 * undisturbed and with whatever may come between, ends as the model says (`support/update-model.ts`).
 */
import { describe, expect, test, vi } from "vitest";
import { casesOf, MODES, nameOf, STATUSES } from "./support/update-cases.ts";
import { expectAsModelled } from "./support/update-invariants.ts";
import { playUpdate } from "./support/update-run.ts";

vi.setConfig({ testTimeout: 120_000 });

describe.each(MODES)("%s update", (mode) => {
  describe.each(STATUSES)("of an agent that is %s", (status) => {
    const cases = casesOf(mode, status);
    test("undisturbed", async () => {
      const failures: string[] = [];
      for (const one of cases) {
        try {
          expectAsModelled(one, await playUpdate(one));
        } catch (error) {
          failures.push(`${nameOf(one)}: ${(error as Error).message}`);
        }
      }
      expect(failures).toEqual([]);
    });
  });
});
