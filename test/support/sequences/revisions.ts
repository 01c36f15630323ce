/**
 * What revisions of the agent type `Tally` can and cannot do; an agent keeps a list of numbers. Each
 * test makes classes of these, in the form that it needs.
 */

/** The methods, each with a number. Those that wait are in progress until something outside comes. */
export const METHODS = ["add", "put", "fail", "stumble", "fetch", "sleep"] as const;

export type Method = (typeof METHODS)[number];

export interface Traits {
  /** In the other dialect methods answer with negative numbers. */
  readonly dialect: "plain" | "other";
  /** The constructor throws. */
  readonly isStillborn?: boolean;
  /** `loadSnapshot` throws. */
  readonly cannotLoad?: boolean;
  /** `saveSnapshot` damages the instance and throws. */
  readonly cannotSave?: boolean;
  /** There is no method `put`. */
  readonly lacksPut?: boolean;
  /** An automatic snapshot after so many invocations. */
  readonly snapshotsEvery?: number;
}

/** In the order of their numbers, from 1. */
export const REVISIONS: readonly Traits[] = [
  { dialect: "plain" },
  { dialect: "plain", snapshotsEvery: 2 },
  { dialect: "other", snapshotsEvery: 3 },
  { dialect: "plain", cannotLoad: true, snapshotsEvery: 2 },
  { dialect: "plain", cannotSave: true },
  { dialect: "plain", isStillborn: true },
  { dialect: "plain", lacksPut: true },
];

/** A revision that does not exist. */
export const NOWHERE = REVISIONS.length + 1;

/** What a fresh instance has in its list after its initialization. */
export const FIRST_ITEMS: readonly number[] = [0];

/** What an instance has in its list that was damaged by a save. */
export const DAMAGE = 666;
