/**
 * `status = fold(base, entries)`: pure, total, one sub-fold per field.
 *
 * Jump and Revert change what earlier entries mean, so at these the fold reads the log again. That
 * keeps the law `fold(all) = fold(fold(prefix), rest)` for every split without any undo in the
 * status. The success of a manual update opens a region too, but always at a clean boundary, where
 * nothing that the region hides is left in the status.
 */
import type { Create, Entry, Indexed } from "../oplog/entry.ts";
import { addRegion, inRegions, type Regions } from "../oplog/regions.ts";
import { evolveActivity, evolveFailure, idle, type Activity } from "./activity.ts";
import { evolvePending } from "./pending.ts";
import { evolvePromises, isOfPromise } from "./promises.ts";
import { evolveSchedules } from "./schedules.ts";
import { evolveSnapshots } from "./snapshots.ts";
import type { Identity, PendingUpdateState, Status } from "./status.ts";
import { evolveLeniency, evolveUpdates } from "./updates.ts";

/** Reads the entries with indices in `[from, to]`, in order. */
export type ReadLog = (from: number, to: number) => Iterable<Indexed>;

function identityOf(create: Create): Identity {
  const { component, type, key, incarnation, at, revision, params, env, origin } = create;
  return {
    component,
    type,
    key,
    incarnation,
    createdAt: at,
    createdRevision: revision,
    ...(params === undefined ? {} : { params }),
    ...(env === undefined ? {} : { env }),
    ...(origin === undefined ? {} : { origin }),
  };
}

/** The status right after `Create`. */
export function initialStatus(create: Create): Status {
  return {
    lastIndex: 1,
    identity: identityOf(create),
    ...idle,
    pending: [],
    revision: create.revision,
    updates: { pending: [], successful: [], failed: [] },
    snapshots: { lastManualUpdate: null, lastAutomatic: null, finishedSince: 0, lastAt: create.at },
    promises: [],
    schedules: [],
    deleted: [],
    skipped: [],
  };
}

function concludedManual(status: Status, entry: Entry): PendingUpdateState | undefined {
  if (entry.kind !== "SuccessfulUpdate") return undefined;
  return status.updates.pending.find(({ id, mode }) => id === entry.updateId && mode === "manual");
}

function activityOf({ name, suspendedUntil, current }: Status): Activity {
  return {
    name,
    ...(suspendedUntil === undefined ? {} : { suspendedUntil }),
    ...(current === undefined ? {} : { current }),
  };
}

/** What most entries are: a call of the invocation in progress, or a line that it logs. */
function isWithinRun(status: Status, { entry }: Indexed): boolean {
  if (entry.kind === "Log") return true;
  const { tries, parked } = status.current ?? {};
  if (tries !== undefined || parked !== undefined) return false;
  if (isOfPromise(status.promises, entry)) return false;
  return status.name === "running" && (entry.kind === "Start" || entry.kind === "End");
}

/** The success of a manual update hides all promises that were created before its snapshot. */
function promisesOf(
  { promises }: Status,
  indexed: Indexed,
  isSkipped: boolean,
  manual: PendingUpdateState | undefined,
): Status["promises"] {
  if (manual !== undefined) return promises.filter(({ start }) => start > manual.index);
  return isSkipped ? promises : evolvePromises(promises, indexed);
}

/** One entry under the regions that the status already has. */
function evolve(status: Status, indexed: Indexed): Status {
  const { index, entry } = indexed;
  if (isWithinRun(status, indexed)) return { ...status, lastIndex: index };
  const isDeleted = inRegions(status.deleted, index);
  const isSkipped = isDeleted || inRegions(status.skipped, index);
  const manual = isDeleted ? undefined : concludedManual(status, entry);
  const failure = isDeleted ? status.failure : evolveFailure(status, entry);
  const lenientTo = isDeleted ? status.lenientTo : evolveLeniency(status, indexed);
  return {
    lastIndex: index,
    identity: status.identity,
    ...(isSkipped ? activityOf(status) : evolveActivity(activityOf(status), indexed)),
    pending: evolvePending(status.pending, indexed),
    revision: entry.kind === "SuccessfulUpdate" && !isDeleted ? entry.revision : status.revision,
    ...(lenientTo === undefined ? {} : { lenientTo }),
    updates: isDeleted ? status.updates : evolveUpdates(status, indexed),
    snapshots: isDeleted ? status.snapshots : evolveSnapshots(status.snapshots, indexed, manual),
    ...(failure === undefined ? {} : { failure }),
    promises: promisesOf(status, indexed, isSkipped, manual),
    schedules: evolveSchedules(status, indexed),
    deleted: status.deleted,
    skipped: manual ? addRegion(status.skipped, [2, manual.index]) : status.skipped,
  };
}

/** All skipped regions of the log, given the deleted ones: those of deleted entries do not count. */
function skippedRegions(log: ReadLog, to: number, deleted: Regions): Regions {
  const manual = new Map<string, number>();
  let skipped = deleted;
  for (const { index, entry } of log(1, to)) {
    if (inRegions(deleted, index)) continue;
    if (entry.kind === "Jump") skipped = addRegion(skipped, entry.region);
    if (entry.kind === "PendingUpdate" && entry.mode === "manual")
      manual.set(entry.updateId, index);
    if (entry.kind !== "SuccessfulUpdate") continue;
    const at = manual.get(entry.updateId);
    if (at !== undefined) skipped = addRegion(skipped, [2, at]);
  }
  return skipped;
}

function refold(log: ReadLog, to: number, deleted: Regions): Status {
  const skipped = skippedRegions(log, to, deleted);
  let status: Status | undefined;
  for (const indexed of log(1, to)) {
    const { entry } = indexed;
    status =
      status === undefined
        ? { ...initialStatus(entry as Create), deleted, skipped }
        : evolve(status, indexed);
  }
  if (status === undefined) throw new Error("an oplog begins with Create");
  return status;
}

/**
 * Folds `entries` onto `base` (`undefined` when they begin with `Create`). `log` must be able to read
 * everything up to the entry being folded, itself included.
 */
export function fold(
  base: Status | undefined,
  entries: Iterable<Indexed>,
  log: ReadLog,
): Status | undefined {
  let status = base;
  for (const indexed of entries) {
    if (status === undefined) {
      status = initialStatus(indexed.entry as Create);
      continue;
    }
    const { index, entry } = indexed;
    if (entry.kind === "Revert") {
      status = refold(log, index, addRegion(status.deleted, entry.region));
    } else if (entry.kind === "Jump" && !inRegions(status.deleted, index)) {
      status = refold(log, index, status.deleted);
    } else {
      status = evolve(status, indexed);
    }
  }
  return status;
}
