/**
 * The oplog: one interface per entry kind, as in semantics.md section 1. Every other state of an
 * agent is computed from these. Indices start at 1 without gaps; `at` is epoch milliseconds.
 */
import type { DivergenceView, JsonValue, UpdateMode } from "../api/views.ts";
import type { Grants } from "../bindings/kinds.ts";
import type { CodeLimits } from "../limits.ts";
import type { Durability } from "./durability.ts";
import type { Origin } from "./origin.ts";
import type { Payload } from "./payload.ts";
import type { Region } from "./regions.ts";

/** An error as data: what survives isolates, crashes and HTTP. `status` is the author's HTTP status. */
export interface ErrorData {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly status?: number;
  readonly details?: JsonValue;
  /** Of a `RetryableError` that came out of a step: when to try again. */
  readonly afterMs?: number;
}

/** What a pending invocation asks for. */
export type Invocation =
  | { readonly type: "method"; readonly method: string; readonly args: Payload }
  | { readonly type: "initialization" }
  | { readonly type: "manual-update"; readonly updateId: string; readonly revision: number };

export type Outcome =
  | { readonly ok: true; readonly result: Payload }
  | { readonly ok: false; readonly error: ErrorData };

/** A snapshot as saved by an instance: `payload` is base64 for `application/octet-stream`. */
export interface SnapshotData {
  readonly mime: "application/json" | "application/octet-stream";
  readonly payload: Payload;
  readonly bytes: number;
  /** Of the schema of the state; 1 when it is absent. */
  readonly version?: number;
}

interface Stamped {
  readonly at: number;
}

export interface Create extends Stamped {
  readonly kind: "Create";
  readonly component: string;
  readonly type: string;
  readonly key: string;
  readonly revision: number;
  readonly incarnation: string;
  readonly params?: Payload;
  readonly env?: Readonly<Record<string, string>>;
  /** Name of the agent that this one is a copy of. */
  readonly parent?: string;
  /** Absent unless the history began as that of another incarnation. */
  readonly origin?: Origin;
}

export interface PendingAgentInvocation extends Stamped {
  readonly kind: "PendingAgentInvocation";
  readonly idempotencyKey: string;
  readonly invocation: Invocation;
  readonly scheduledFor?: number;
  /** Name of the agent that asked for it. */
  readonly caller?: string;
  /** Names of the agents that wait for its outcome, the farthest first. */
  readonly chain?: readonly string[];
  /** Id of the recurring schedule that this is a run of. */
  readonly schedule?: string;
}

export interface CancelPendingInvocation extends Stamped {
  readonly kind: "CancelPendingInvocation";
  readonly idempotencyKey: string;
}

export interface AgentInvocationStarted extends Stamped {
  readonly kind: "AgentInvocationStarted";
  readonly idempotencyKey: string;
  readonly pendingIndex: number;
  readonly method: string;
  /** Source of this invocation's `Math.random()` and of the keys derived in it. */
  readonly seed: string;
  /** What `this.bindings` has in this invocation, live and in replay; absent when it is nothing. */
  readonly bindings?: Grants;
  /** What its code may not exceed, as far as that is not what it always was. */
  readonly limits?: Partial<CodeLimits>;
}

export interface AgentInvocationFinished extends Stamped {
  readonly kind: "AgentInvocationFinished";
  readonly idempotencyKey: string;
  readonly outcome: Outcome;
  readonly revision: number;
  /** It was cancelled while it ran: its code was stopped wherever it was. */
  readonly cancelled?: true;
}

export interface Start extends Stamped {
  readonly kind: "Start";
  readonly call: string;
  readonly durability: Durability;
  readonly request?: Payload;
  readonly parent?: number;
}

export interface End extends Stamped {
  readonly kind: "End";
  readonly start: number;
  readonly response?: Payload;
  readonly error?: ErrorData;
  /** The call ended before it returned to the code, so replay answers it in the same turn. */
  readonly inline?: true;
}

/** The call at `start` is of no interest to the code any more; or, `start` being an invocation's, the code heard that it is cancelled. */
export interface Cancelled extends Stamped {
  readonly kind: "Cancelled";
  readonly start: number;
}

export interface BeginAtomicRegion extends Stamped {
  readonly kind: "BeginAtomicRegion";
}

export interface EndAtomicRegion extends Stamped {
  readonly kind: "EndAtomicRegion";
  readonly begin: number;
}

/** "Go back to before `region`": everything in it, this entry included, is skipped. */
export interface Jump extends Stamped {
  readonly kind: "Jump";
  readonly region: Region;
}

/** Deletes `region`, which ends just before this entry. */
export interface Revert extends Stamped {
  readonly kind: "Revert";
  readonly region: Region;
}

/** The reason of a `Suspend` by which an agent was resumed: its code runs on, and so does the agent. */
export const RESUMED = "resumed";

export interface Suspend extends Stamped {
  readonly kind: "Suspend";
  readonly reason?: string;
  readonly until?: number;
}

export interface Interrupted extends Stamped {
  readonly kind: "Interrupted";
  readonly reason?: string;
}

/**
 * A failed attempt. Without `retryAt` nothing will be tried again: the agent has failed. With
 * `retryFrom` at the `Start` of a call it is that call which is tried again, while the agent runs.
 */
export interface ErrorEntry extends Stamped {
  readonly kind: "Error";
  readonly error: ErrorData;
  readonly retryFrom: number;
  readonly attempt: number;
  readonly retryAt?: number;
  /** The invocation asked for it: it begins anew, in the state before it. */
  readonly afresh?: true;
}

export interface PendingUpdate extends Stamped {
  readonly kind: "PendingUpdate";
  readonly updateId: string;
  readonly mode: UpdateMode;
  readonly revision: number;
  /** Epoch milliseconds of the request; a manual update was requested before its snapshot was saved. */
  readonly requestedAt: number;
  readonly wake: boolean;
  /** Manual only: the payload itself lies beside the oplog under this entry's index. */
  readonly snapshot?: { readonly mime: SnapshotData["mime"]; readonly bytes: number };
  /** Manual only: the revision that saved the snapshot. */
  readonly savedBy?: number;
  /** Manual only: the version of the saved state's schema; 1 when it is absent. */
  readonly version?: number;
  /** Automatic only: results of past methods are not compared. */
  readonly check?: "calls";
}

export interface SuccessfulUpdate extends Stamped {
  readonly kind: "SuccessfulUpdate";
  readonly updateId: string;
  readonly revision: number;
}

export interface FailedUpdate extends Stamped {
  readonly kind: "FailedUpdate";
  readonly updateId: string;
  readonly revision: number;
  readonly detail?: string;
  /** Where the code diverged, when that is why. */
  readonly report?: DivergenceView;
}

/** The payload lies beside the oplog under this entry's index until it is collected. */
export interface Snapshot extends Stamped {
  readonly kind: "Snapshot";
  readonly mime: SnapshotData["mime"];
  readonly revision: number;
  readonly bytes: number;
  /** Of the schema of the state; 1 when it is absent. */
  readonly version?: number;
}

export interface SnapshotRecoveryFailed extends Stamped {
  readonly kind: "SnapshotRecoveryFailed";
  readonly snapshotIndex: number;
  readonly detail: string;
}

export interface PromiseCompleted extends Stamped {
  readonly kind: "PromiseCompleted";
  readonly promiseId: string;
  readonly outcome: Outcome;
  /** Names the request that completed it: the same request again has completed it too. */
  readonly completedBy?: string;
}

/** From now on the method is called at the times of a cron expression. */
export interface ScheduleCreated extends Stamped {
  readonly kind: "ScheduleCreated";
  readonly scheduleId: string;
  readonly cron: string;
  /** Name of an IANA time zone. */
  readonly timezone: string;
  readonly method: string;
  readonly args: Payload;
  /** Names the request, so that sending it again makes no second schedule. */
  readonly createdBy: string;
}

export interface ScheduleDeleted extends Stamped {
  readonly kind: "ScheduleDeleted";
  readonly scheduleId: string;
}

export interface Log extends Stamped {
  readonly kind: "Log";
  readonly level: "debug" | "log" | "info" | "warn" | "error";
  readonly message: string;
}

export type Entry =
  | Create
  | PendingAgentInvocation
  | CancelPendingInvocation
  | AgentInvocationStarted
  | AgentInvocationFinished
  | Start
  | End
  | Cancelled
  | BeginAtomicRegion
  | EndAtomicRegion
  | Jump
  | Revert
  | Suspend
  | Interrupted
  | ErrorEntry
  | PendingUpdate
  | SuccessfulUpdate
  | FailedUpdate
  | Snapshot
  | SnapshotRecoveryFailed
  | PromiseCompleted
  | Log
  | ScheduleCreated
  | ScheduleDeleted;

export type EntryKind = Entry["kind"];

/** An entry at its place. */
export interface Indexed<E extends Entry = Entry> {
  readonly index: number;
  readonly entry: E;
}

const REPLAYABLE: ReadonlySet<EntryKind> = new Set([
  "Create",
  "AgentInvocationStarted",
  "AgentInvocationFinished",
  "Start",
  "End",
  "Cancelled",
  "BeginAtomicRegion",
  "EndAtomicRegion",
  "Jump",
]);

/** Replayable entries are what the code did and must do again; all others are hints. */
export function isReplayable(kind: EntryKind): boolean {
  return REPLAYABLE.has(kind);
}
