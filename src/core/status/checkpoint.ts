/**
 * A folded status as text, so that recovery folds only what came after it. A checkpoint is a cache:
 * one of another version, or one that a later region swallowed, is not used.
 */
import type { Indexed } from "../oplog/entry.ts";
import type { Status } from "./status.ts";

const VERSION = 6;

export function encodeCheckpoint(status: Status): string {
  return JSON.stringify([VERSION, status]);
}

/** The status, or `undefined` when the text is of another version. */
export function decodeCheckpoint(text: string): Status | undefined {
  const [version, status] = JSON.parse(text) as [unknown, Status];
  return version === VERSION ? status : undefined;
}

/** Whether an entry after the checkpoint changes what the entries before it mean. */
export function swallows(checkpoint: Status, { entry }: Indexed): boolean {
  return (
    (entry.kind === "Jump" || entry.kind === "Revert") && entry.region[0] <= checkpoint.lastIndex
  );
}
