/**
 * Property tests that can be run again: one seed for the whole run, settable by `PERDURE_SEED`.
 * On failure fast-check reports seed, path and the shrunk counterexample.
 */
import * as fc from "fast-check";

function seedOfRun(): number {
  const given = process.env["PERDURE_SEED"];
  if (given === undefined || given === "") return Math.trunc(Math.random() * 0x7fffffff);
  const seed = Number(given);
  if (!Number.isSafeInteger(seed)) throw new Error("PERDURE_SEED must be an integer.");
  return seed;
}

const seed = seedOfRun();

/** Prints the seed; called once at the top of a file that has property tests. */
export function announceSeed(): void {
  console.info(`PERDURE_SEED=${seed}`);
}

/** Checks `holds` for `runs` generated values; it fails by throwing. */
export function check<T>(
  arbitrary: fc.Arbitrary<T>,
  holds: (value: T) => void,
  runs: number,
): void {
  fc.assert(fc.property(arbitrary, holds), { seed, numRuns: runs });
}

/** The same for what holds only after a while. */
export function checkEventually<T>(
  arbitrary: fc.Arbitrary<T>,
  holds: (value: T) => Promise<void>,
  runs: number,
): Promise<void> {
  return fc.assert(fc.asyncProperty(arbitrary, holds), { seed, numRuns: runs });
}
