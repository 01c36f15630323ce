/** The recovery plan of semantics.md section 4: which code, from which base, replaying from where. */
import { addRegion, inRegions, type Region, type Regions } from "../oplog/regions.ts";
import type { UpdateCheck } from "../api/views.ts";
import type { PendingUpdateState, Status } from "../status/status.ts";

/** Where a fresh instance gets its state from before the tail is replayed. */
export type Base =
  | { readonly kind: "none" }
  | { readonly kind: "automatic" | "manual"; readonly index: number };

export interface RecoveryPlan {
  readonly revision: number;
  readonly base: Base;
  /** Replay reads the entries with indices in `[from, to]` that lie in no skipped region. */
  readonly from: number;
  readonly to: number;
  readonly skipped: Regions;
  /** Up to this index the outcomes of methods are not compared: an update was checked by calls only. */
  readonly lenientTo: number;
  /** For an update, not for the agent as it is. */
  readonly isTrial: boolean;
}

function planFrom(status: Status, revision: number, base: Base): RecoveryPlan {
  const from = base.kind === "none" ? 2 : base.index + 1;
  const { lastIndex: to, skipped, lenientTo = 0 } = status;
  return { revision, base, from, to, skipped, lenientTo, isTrial: false };
}

function manualBase(status: Status): Base {
  const { lastManualUpdate } = status.snapshots;
  return lastManualUpdate === null ? { kind: "none" } : { kind: "manual", index: lastManualUpdate };
}

/** Recovery with no update to apply; `distrusted` are automatic snapshots that are not there, or failed in this recovery. */
export function planRecovery(status: Status, distrusted: ReadonlySet<number>): RecoveryPlan {
  const { lastAutomatic } = status.snapshots;
  const base: Base =
    lastAutomatic === null || distrusted.has(lastAutomatic)
      ? manualBase(status)
      : { kind: "automatic", index: lastAutomatic };
  return planFrom(status, status.revision, base);
}

/**
 * The trial of a pending update on its own revision: an automatic one replays the whole history
 * since the manual base, never from an automatic snapshot; a manual one loads its own snapshot.
 */
export function planTrial(status: Status, update: PendingUpdateState): RecoveryPlan {
  if (update.mode === "automatic") return planReplay(status, update);
  const base: Base = { kind: "manual", index: update.index };
  return { ...planFrom(status, update.revision, base), isTrial: true };
}

/** What an automatic update replays. */
function planReplay(
  status: Status,
  { revision, check }: { readonly revision: number; readonly check?: UpdateCheck },
): RecoveryPlan {
  const plan = { ...planFrom(status, revision, manualBase(status)), isTrial: true };
  return check === "calls" ? { ...plan, lenientTo: plan.to } : plan;
}

/**
 * What an automatic update would replay if it were requested now. Without a session the update
 * would go back first over what has to be done again.
 */
export function planDryRun(
  status: Status,
  target: { readonly revision: number; readonly check?: UpdateCheck },
  hasSession: boolean,
): RecoveryPlan {
  const plan = planReplay(status, target);
  const isInterruptedRun = !hasSession && status.name === "running";
  return isInterruptedRun ? withoutRepeated(plan, status) : plan;
}

/**
 * What a recovery has to go back over first, the `Jump` that says so included: the try of an
 * invocation that begins anew, or all since an atomic region began that the agent died in. An agent
 * that was put to sleep in a region has lost nothing there and goes on.
 */
export function regionToRepeat(status: Status): Region | undefined {
  const { current, failure, lastIndex, skipped } = status;
  if (current === undefined) return undefined;
  const to = lastIndex + 1;
  if (failure?.afresh === true) return [current.startedIndex + 1, to];
  if (current.parked === true || current.regions === undefined) return undefined;
  const from = Math.min(...current.regions.map((region) => region.from)) + 1;
  const isBlank = from === to || skipped.some(([low, high]) => low <= from && high >= lastIndex);
  return isBlank ? undefined : [from, to];
}

/** For an instance that only answers reads: what would have to be done again is not there yet. */
export function planReading(status: Status, distrusted: ReadonlySet<number>): RecoveryPlan {
  return withoutRepeated(planRecovery(status, distrusted), status);
}

function withoutRepeated(plan: RecoveryPlan, status: Status): RecoveryPlan {
  const region = regionToRepeat(status);
  return region === undefined ? plan : { ...plan, skipped: addRegion(plan.skipped, region) };
}

/** Whether replay passes over the entry at `index`. */
export function isSkipped(plan: Pick<RecoveryPlan, "skipped">, index: number): boolean {
  return inRegions(plan.skipped, index);
}
