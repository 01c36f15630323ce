/** The update matrix: every mode, in every status, to every kind of code, over two histories. */

export const MODES = ["automatic", "manual"] as const;

export const STATUSES = [
  "idle",
  "running in a fetch",
  "between two steps",
  "suspended",
  "interrupted",
  "interrupted, not to be woken",
  "interrupted once the update is requested",
  "failed",
  "retrying after the isolate died",
  "retrying from the beginning",
] as const;

/** What is wrong with the new code, if anything; the old code is to blame when a save fails. */
export const TARGETS = [
  "compatible",
  "calls something else",
  "answers something else",
  "calls something else in what is unfinished",
  "a past method is gone",
  "the unfinished method is gone",
  "dies when it replays",
  "load fails",
  "save fails",
  "code does not start",
] as const;

/** What the agent has behind it: calls from its beginning, or a manual update between calls as well. */
export const HISTORIES = ["from the beginning", "after a manual update"] as const;

export type Mode = (typeof MODES)[number];
export type StatusName = (typeof STATUSES)[number];
export type Target = (typeof TARGETS)[number];

export interface UpdateCase {
  readonly mode: Mode;
  readonly status: StatusName;
  readonly target: Target;
  readonly history: (typeof HISTORIES)[number];
  readonly takesSnapshots: boolean;
}

/** Whether the agent is to stay interrupted: the request says so, or the interruption came after it. */
export function isLeftAsleep(status: StatusName): boolean {
  return (
    status === "interrupted, not to be woken" ||
    status === "interrupted once the update is requested"
  );
}

function isPossible({ status, target }: UpdateCase): boolean {
  return status !== "idle" || !target.includes("unfinished");
}

const PASTS = HISTORIES.flatMap((history) =>
  [false, true].map((takesSnapshots) => ({ history, takesSnapshots })),
);

/** All cases of one mode and one status. */
export function casesOf(mode: Mode, status: StatusName): UpdateCase[] {
  return TARGETS.flatMap((target) =>
    PASTS.map((past) => ({ mode, status, target, ...past })),
  ).filter(isPossible);
}

/** Each target once, with a past that takes turns from status to status. */
export function someCasesOf(mode: Mode, status: StatusName): UpdateCase[] {
  const turn = STATUSES.indexOf(status) + MODES.indexOf(mode);
  return TARGETS.flatMap((target, at) => {
    const past = PASTS[(at + turn) % PASTS.length];
    return past === undefined ? [] : [{ mode, status, target, ...past }];
  }).filter(isPossible);
}

export function nameOf({ mode, status, target, history, takesSnapshots }: UpdateCase): string {
  const snapshots = takesSnapshots ? "with" : "without";
  return `${mode}, ${status}, ${target}, ${history}, ${snapshots} snapshots`;
}
