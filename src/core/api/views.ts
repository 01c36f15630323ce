/**
 * The resources that the HTTP API shows (http-api.md), as plain JSON-able objects.
 * Times are ISO 8601 UTC strings with milliseconds; indices and revisions are positive integers.
 */

/** Any value that JSON can hold. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** Which agent is meant: `component/Type/key`. */
export interface AgentAddress {
  readonly component: string;
  readonly type: string;
  readonly key: string;
}

export type AgentStatusName =
  | "idle"
  | "running"
  | "suspended"
  | "interrupted"
  | "retrying"
  | "failed";

/** An error as its author or the host described it: no stack, no paths. */
export interface ErrorView {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly details?: JsonValue;
}

export type UpdateMode = "automatic" | "manual";

/** What replay compares: `calls` lets a past method return something else when it makes the same durable calls. */
export type UpdateCheck = "calls-and-results" | "calls";

/** Where the code of a revision parts from an agent's history, and what to do about it. */
export interface DivergenceView {
  /** The recorded entry that was not met. */
  readonly index: number;
  /** The kind of that entry. */
  readonly kind: string;
  readonly method: string;
  readonly idempotencyKey: string;
  readonly expected: string;
  readonly actual: string;
  readonly message: string;
  /** The first difference of the arguments, or of the outcomes: a side that has nothing there is absent. */
  readonly difference?: {
    readonly path: string;
    readonly recorded?: JsonValue;
    readonly replayed?: JsonValue;
  };
  readonly presentRevision: number;
  readonly replayedRevision: number;
  /** What to do next. */
  readonly advice: string;
}

/** What an update would come to. */
export interface DryRunView {
  readonly compatible: boolean;
  /** Replayable entries that the code has got past; absent for a manual update. */
  readonly entriesReplayed?: number;
  readonly divergence?: DivergenceView;
  /** Why it is not compatible, and what to do next. */
  readonly detail?: string;
}

export interface UpdateView {
  readonly id: string;
  readonly mode: UpdateMode;
  readonly revision: number;
  readonly status: "queued" | "pending" | "successful" | "failed";
  readonly requestedAt: string;
  readonly concludedAt?: string;
  readonly detail?: string;
  /** Of one that failed because its code diverges. */
  readonly report?: DivergenceView;
}

export interface UpdatesView {
  readonly pending: readonly UpdateView[];
  readonly successful: readonly UpdateView[];
  readonly failed: readonly UpdateView[];
}

export interface AgentView extends AgentAddress {
  readonly incarnation: string;
  readonly status: AgentStatusName;
  readonly revision: number;
  readonly createdAt: string;
  readonly params?: JsonValue;
  readonly env?: Readonly<Record<string, string>>;
  readonly pendingInvocations: number;
  readonly updates: UpdatesView;
  readonly lastManualUpdateSnapshotIndex: number | null;
  readonly lastAutomaticSnapshotIndex: number | null;
  readonly skippedRegions: readonly (readonly [number, number])[];
  readonly deletedRegions: readonly (readonly [number, number])[];
  readonly lastOplogIndex: number;
  readonly nextWakeAt?: string;
  readonly lastError?: ErrorView;
}

export type InvocationStatusName =
  | "scheduled"
  | "pending"
  | "running"
  | "completed"
  | "failed"
  | "cancelled";

export interface InvocationView {
  readonly idempotencyKey: string;
  readonly method: string;
  readonly status: InvocationStatusName;
  readonly acceptedAt: string;
  readonly scheduledFor?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly revision?: number;
  readonly result?: JsonValue;
  readonly error?: ErrorView;
}

/** `before` is where the next page goes on, when there may be more. */
export interface InvocationsPage {
  readonly invocations: readonly InvocationView[];
  readonly before?: number;
}

/** One oplog entry as HTTP shows it: `index`, `at`, `kind`, and the members of its kind. */
export interface EntryView {
  readonly index: number;
  readonly at: string;
  readonly kind: string;
  readonly [member: string]: JsonValue | undefined;
}

/** A recurring schedule; `nextRunAt` is absent when there is no time ahead. */
export interface ScheduleView {
  readonly id: string;
  readonly cron: string;
  readonly timezone: string;
  readonly method: string;
  readonly args: JsonValue;
  readonly createdAt: string;
  readonly nextRunAt?: string;
  readonly lastRunAt?: string;
}

/** `next` is where the next page goes on, when there is more. */
export interface SchedulesPage {
  readonly schedules: readonly ScheduleView[];
  readonly next?: number;
}

/** A snapshot that was taken: the index of its entry, and how large it is. */
export interface SnapshotView {
  readonly index: number;
  readonly mime: string;
  readonly bytes: number;
}

/** What a snapshot holds: JSON text, or bytes in base64. */
export type SnapshotContent =
  | { readonly mime: string; readonly text: string }
  | { readonly mime: string; readonly base64: string };

export interface OplogPage {
  readonly entries: readonly EntryView[];
  readonly lastIndex: number;
  readonly next?: number;
}

export interface MethodView {
  readonly name: string;
  readonly readOnly: boolean;
  readonly description?: string;
  readonly inputSchema?: JsonValue;
  readonly outputSchema?: JsonValue;
}

export type SnapshotPolicy =
  | { readonly everyInvocations: number }
  | { readonly everySeconds: number }
  | "disabled";

/** One agent type of a revision. `hooks` says which snapshot hooks the class itself defines. */
export interface AgentTypeView {
  readonly name: string;
  readonly methods: readonly MethodView[];
  readonly hooks: { readonly saveSnapshot: boolean; readonly loadSnapshot: boolean };
  readonly snapshots: SnapshotPolicy;
}

/** An immutable revision of a component. `digest` is `sha256:` and 64 hex digits. */
export interface RevisionView {
  readonly component: string;
  readonly revision: number;
  readonly digest: string;
  readonly createdAt: string;
  readonly agentTypes: readonly AgentTypeView[];
}

export interface ComponentSummary {
  readonly name: string;
  readonly latestRevision: number;
  readonly createdAt: string;
}
