/** What an agent is at one point of its oplog: computed by `fold.ts`, never stored as a truth of its own. */
import type { AgentStatusName, DivergenceView, UpdateMode } from "../api/views.ts";
import type { ErrorData } from "../oplog/entry.ts";
import type { Origin } from "../oplog/origin.ts";
import type { Payload } from "../oplog/payload.ts";
import type { Regions } from "../oplog/regions.ts";

/** Who the agent is; fixed by `Create`. */
export interface Identity {
  readonly component: string;
  readonly type: string;
  readonly key: string;
  readonly incarnation: string;
  /** When its history began; that of a copy began with its source. */
  readonly createdAt: number;
  readonly createdRevision: number;
  readonly params?: Payload;
  readonly env?: Readonly<Record<string, string>>;
  readonly origin?: Origin;
}

/** An accepted request that has not started. */
export interface PendingInvocation {
  readonly index: number;
  readonly at: number;
  readonly idempotencyKey: string;
  readonly scheduledFor?: number;
  /** Id of the schedule that it is the next run of. */
  readonly schedule?: string;
  readonly request:
    | { readonly type: "method"; readonly method: string }
    | { readonly type: "initialization" }
    | { readonly type: "manual-update"; readonly updateId: string; readonly revision: number };
}

/** The invocation that has started and not finished. */
export interface CurrentInvocation {
  readonly idempotencyKey: string;
  readonly method: string;
  readonly pendingIndex: number;
  readonly startedIndex: number;
  readonly startedAt: number;
  /** Atomic regions that have begun and not ended; absent when there is none. */
  readonly regions?: readonly OpenRegion[];
  /** Calls that are tried again; absent when there is none. */
  readonly tries?: readonly CallTries[];
  /** The agent was put to sleep inside: all that the code did is in the record. */
  readonly parked?: true;
  /** When the code heard that the invocation is cancelled. */
  readonly cancelledAt?: number;
}

/** An open call of which `attempt` tries have failed: the next one is not before `retryAt`. */
export interface CallTries {
  /** Index of its `Start`. */
  readonly start: number;
  readonly attempt: number;
  readonly retryAt: number;
}

/** An open atomic region. */
export interface OpenRegion {
  readonly begin: number;
  /** Going back goes to right after this entry: a region that overlaps may have begun earlier. */
  readonly from: number;
}

/** An update past its request: automatic from the start, manual once its snapshot is saved. */
export interface PendingUpdateState {
  readonly index: number;
  readonly id: string;
  readonly mode: UpdateMode;
  readonly revision: number;
  readonly requestedAt: number;
  readonly wake: boolean;
  readonly check?: "calls";
}

export interface ConcludedUpdate {
  readonly id: string;
  readonly mode: UpdateMode;
  readonly revision: number;
  readonly requestedAt: number;
  readonly concludedAt: number;
  readonly detail?: string;
  readonly report?: DivergenceView;
}

export interface Updates {
  readonly pending: readonly PendingUpdateState[];
  readonly successful: readonly ConcludedUpdate[];
  readonly failed: readonly ConcludedUpdate[];
}

/** The two kinds of recovery bases; they never share a field. */
export interface Snapshots {
  readonly lastManualUpdate: number | null;
  readonly lastAutomatic: number | null;
  /** Method invocations finished since the last snapshot of either kind. */
  readonly finishedSince: number;
  /** Epoch milliseconds of the last snapshot, or of the creation. */
  readonly lastAt: number;
}

/** What the last failed attempt left: nothing once an invocation starts or finishes. */
export interface Failure {
  readonly error: ErrorData;
  readonly retryFrom: number;
  readonly attempt: number;
  readonly retryAt?: number;
  readonly afresh?: true;
}

/** A durable promise by its `promise.create`. */
export interface PromiseState {
  /** Index of its `Start`. */
  readonly start: number;
  /** Known from the call's `End` on. */
  readonly id?: string;
  /** Set once code has waited for it. */
  readonly isAwaited?: true;
  /** Index of its `PromiseCompleted`. */
  readonly completed?: number;
}

/** A recurring schedule by its `ScheduleCreated`, which has its arguments. */
export interface ScheduleState {
  readonly index: number;
  readonly at: number;
  readonly id: string;
  readonly cron: string;
  readonly timezone: string;
  readonly method: string;
  readonly createdBy: string;
  /** When its last run began. */
  readonly lastRunAt?: number;
}

export interface Status {
  readonly lastIndex: number;
  readonly identity: Identity;
  readonly name: AgentStatusName;
  readonly suspendedUntil?: number;
  readonly current?: CurrentInvocation;
  readonly pending: readonly PendingInvocation[];
  readonly revision: number;
  /** Index of the last successful update that compared calls only: results before it are not compared any more. */
  readonly lenientTo?: number;
  readonly updates: Updates;
  readonly snapshots: Snapshots;
  readonly failure?: Failure;
  readonly promises: readonly PromiseState[];
  /** Oldest first. */
  readonly schedules: readonly ScheduleState[];
  /** Made by Revert. */
  readonly deleted: Regions;
  /** Deleted regions, jumps, and what lies before successful manual updates: replay passes over them. */
  readonly skipped: Regions;
}

/** The idempotency key of the initialization: no key that a caller can send has a blank in it. */
export const INITIALIZATION_KEY = "the initialization";
