/** Whether a snapshot can be taken when someone asks for one, and where those that there are lie. */
import { showError } from "../api/show.ts";
import { refuse, type Refusal } from "../errors.ts";
import type { Entry, SnapshotData } from "../oplog/entry.ts";
import { inRegions } from "../oplog/regions.ts";
import type { Status } from "../status/status.ts";

const OBSTACLES: Readonly<Record<Exclude<Status["name"], "idle">, string>> = {
  running: "An invocation is in progress; ask again once it has ended.",
  suspended: "An invocation is in progress and sleeps; ask again once it has ended.",
  interrupted: "The agent is interrupted; resume it, and ask again once it is idle.",
  retrying: "The agent waits to try again; ask again once it is idle.",
  failed: "The agent has failed and has no sound state to save; resume or update it first.",
};

/** A snapshot that is asked for is taken between invocations of an agent that is well. */
export function checkSnapshot({ name, failure }: Status): Refusal | undefined {
  if (name === "idle") return undefined;
  const members = failure === undefined ? {} : { lastError: showError(failure.error) };
  return refuse("not-snapshottable", OBSTACLES[name], members).refusal;
}

/** The MIME type of the snapshot that the entry at `index` holds; what a revert deleted holds none. */
export function snapshotMime(
  { deleted }: Status,
  index: number,
  entry: Entry | undefined,
): SnapshotData["mime"] | undefined {
  if (inRegions(deleted, index)) return undefined;
  if (entry?.kind === "Snapshot") return entry.mime;
  return entry?.kind === "PendingUpdate" ? entry.snapshot?.mime : undefined;
}
