/** Sub-fold: recovery bases, and how much happened since the last of them. */
import type { Indexed } from "../oplog/entry.ts";
import { INITIALIZATION_KEY, type PendingUpdateState, type Snapshots } from "./status.ts";

/** `manual` is the pending manual update that this entry concludes, if it does. */
export function evolveSnapshots(
  snapshots: Snapshots,
  { index, entry }: Indexed,
  manual: PendingUpdateState | undefined,
): Snapshots {
  switch (entry.kind) {
    case "AgentInvocationFinished":
      return entry.idempotencyKey === INITIALIZATION_KEY
        ? snapshots
        : { ...snapshots, finishedSince: snapshots.finishedSince + 1 };
    case "Snapshot":
      return { ...snapshots, lastAutomatic: index, finishedSince: 0, lastAt: entry.at };
    case "SuccessfulUpdate":
      return manual === undefined
        ? snapshots
        : {
            lastManualUpdate: manual.index,
            lastAutomatic: null,
            finishedSince: 0,
            lastAt: entry.at,
          };
    default:
      return snapshots;
  }
}
