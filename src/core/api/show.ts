/** Resources of the HTTP API, computed from status and entries. */
import type { Entry, ErrorData, Indexed } from "../oplog/entry.ts";
import { richText, type Payload } from "../oplog/payload.ts";
import type { ConcludedUpdate, Status } from "../status/status.ts";
import type { AgentSummary } from "./directory.ts";
import type {
  AgentView,
  EntryView,
  ErrorView,
  InvocationView,
  JsonValue,
  UpdateView,
  UpdatesView,
} from "./views.ts";

/** Opens the rich text of a payload; what JSON cannot say comes out as close as it can. */
export type OpenRich = (text: string) => JsonValue;

export function time(at: number): string {
  return new Date(at).toISOString();
}

export function showPayload(payload: Payload, openRich: OpenRich): JsonValue {
  const rich = richText(payload);
  return rich === undefined ? (JSON.parse(payload) as JsonValue) : openRich(rich);
}

export function showError({ name, message, code, details }: ErrorData): ErrorView {
  return {
    name,
    message,
    ...(code === undefined ? {} : { code }),
    ...(details === undefined ? {} : { details }),
  };
}

function concluded(status: "successful" | "failed"): (update: ConcludedUpdate) => UpdateView {
  return ({ id, mode, revision, requestedAt, concludedAt, detail, report }) => ({
    id,
    mode,
    revision,
    status,
    requestedAt: time(requestedAt),
    concludedAt: time(concludedAt),
    ...(detail === undefined ? {} : { detail }),
    ...(report === undefined ? {} : { report }),
  });
}

/** All updates, each list oldest first; a manual one is `queued` until its snapshot has been saved. */
export function showUpdates(status: Status): UpdatesView {
  const queued = status.pending.flatMap(({ request, at }) =>
    request.type === "manual-update"
      ? [
          {
            id: request.updateId,
            mode: "manual" as const,
            revision: request.revision,
            at,
            status: "queued" as const,
          },
        ]
      : [],
  );
  const pending = status.updates.pending.map(({ id, mode, revision, requestedAt: at }) => ({
    id,
    mode,
    revision,
    at,
    status: "pending" as const,
  }));
  const open = [...pending, ...queued].toSorted((left, right) => left.at - right.at);
  return {
    pending: open.map(({ id, mode, revision, status: state, at }) => ({
      id,
      mode,
      revision,
      status: state,
      requestedAt: time(at),
    })),
    successful: status.updates.successful.map(concluded("successful")),
    failed: status.updates.failed.map(concluded("failed")),
  };
}

function dueCalls(status: Status, now: number): number {
  return status.pending.filter(
    ({ request, scheduledFor }) =>
      request.type === "method" && (scheduledFor === undefined || scheduledFor <= now),
  ).length;
}

function nextWakeAt(status: Status): number | undefined {
  const times = status.pending.flatMap(({ scheduledFor }) => scheduledFor ?? []);
  if (status.name === "suspended" && status.suspendedUntil !== undefined) {
    times.push(status.suspendedUntil);
  }
  if (status.name === "retrying" && status.failure?.retryAt !== undefined) {
    times.push(status.failure.retryAt);
  }
  return times.length === 0 ? undefined : Math.min(...times);
}

/** A copy was created when it was made, though its history is older. */
function creationOf({ createdAt, origin }: Status["identity"]): string {
  return time(origin?.forks.at(-1)?.at ?? createdAt);
}

export function showSummary({ identity, name, revision }: Status): AgentSummary {
  const { component, type, key } = identity;
  return { component, type, key, status: name, revision, createdAt: creationOf(identity) };
}

export function showAgent(status: Status, now: number, openRich: OpenRich): AgentView {
  const { component, type, key, incarnation, params, env } = status.identity;
  const wake = nextWakeAt(status);
  return {
    component,
    type,
    key,
    incarnation,
    status: status.name,
    revision: status.revision,
    createdAt: creationOf(status.identity),
    ...(params === undefined ? {} : { params: showPayload(params, openRich) }),
    ...(env === undefined ? {} : { env }),
    pendingInvocations: dueCalls(status, now),
    updates: showUpdates(status),
    lastManualUpdateSnapshotIndex: status.snapshots.lastManualUpdate,
    lastAutomaticSnapshotIndex: status.snapshots.lastAutomatic,
    skippedRegions: status.skipped,
    deletedRegions: status.deleted,
    lastOplogIndex: status.lastIndex,
    ...(wake === undefined ? {} : { nextWakeAt: time(wake) }),
    ...(status.failure === undefined ? {} : { lastError: showError(status.failure.error) }),
  };
}

/** The entries of one invocation; `ended` is its `Finished`, or what cancelled it. */
export interface InvocationEntries {
  readonly pending: Extract<Entry, { kind: "PendingAgentInvocation" }>;
  readonly started?: Extract<Entry, { kind: "AgentInvocationStarted" }>;
  readonly ended?: Extract<Entry, { kind: "AgentInvocationFinished" | "CancelPendingInvocation" }>;
}

type Finish = Pick<InvocationView, "status" | "finishedAt" | "revision" | "result" | "error">;

function showEnd(ended: NonNullable<InvocationEntries["ended"]>, openRich: OpenRich): Finish {
  const finishedAt = time(ended.at);
  if (ended.kind === "CancelPendingInvocation") return { status: "cancelled", finishedAt };
  const { outcome, revision } = ended;
  if (ended.cancelled === true) return { status: "cancelled", finishedAt, revision };
  return outcome.ok
    ? { status: "completed", finishedAt, revision, result: showPayload(outcome.result, openRich) }
    : { status: "failed", finishedAt, revision, error: showError(outcome.error) };
}

export function showInvocation(
  { pending, started, ended }: InvocationEntries,
  now: number,
  openRich: OpenRich,
): InvocationView {
  const { invocation, scheduledFor } = pending;
  const waiting = scheduledFor !== undefined && scheduledFor > now ? "scheduled" : "pending";
  const end: Finish =
    ended === undefined
      ? { status: started === undefined ? waiting : "running" }
      : showEnd(ended, openRich);
  const { status, ...rest } = end;
  return {
    idempotencyKey: pending.idempotencyKey,
    method: invocation.type === "method" ? invocation.method : invocation.type,
    status,
    acceptedAt: time(pending.at),
    ...(scheduledFor === undefined ? {} : { scheduledFor: time(scheduledFor) }),
    ...(started === undefined ? {} : { startedAt: time(started.at) }),
    ...rest,
  };
}

/** Members that hold epoch milliseconds. */
const TIMES = new Set(["scheduledFor", "until", "retryAt", "requestedAt"]);
/** Members that hold payloads. */
const PAYLOADS = new Set(["params", "args", "request", "response", "result"]);
/** Members that serve the host and are no part of the contract. */
const INTERNAL = new Set([
  "inline",
  "wake",
  "requestedAt",
  "savedBy",
  "version",
  "afresh",
  "cancelled",
  "afterMs",
  "completedBy",
  "chain",
  "schedule",
  "createdBy",
  "origin",
]);

/** Members that are shown as they are: what is in them has names of its own. */
const AUTHORED = new Set(["env", "details", "bindings", "report"]);

function showMember(name: string, value: unknown, openRich: OpenRich): JsonValue {
  if (AUTHORED.has(name)) return value as JsonValue;
  if (TIMES.has(name) && typeof value === "number") return time(value);
  if (PAYLOADS.has(name) && typeof value === "string") return showPayload(value, openRich);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return value as JsonValue;
  return showMembers(value as Readonly<Record<string, unknown>>, openRich);
}

function showMembers(
  members: Readonly<Record<string, unknown>>,
  openRich: OpenRich,
): Record<string, JsonValue> {
  const shown: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(members)) {
    if (value !== undefined && !INTERNAL.has(name)) shown[name] = showMember(name, value, openRich);
  }
  return shown;
}

/** An entry as HTTP shows it. `snapshot` is the payload of a `Snapshot` entry, absent once it was collected. */
export function showEntry(
  { index, entry }: Indexed,
  snapshot: Payload | undefined,
  openRich: OpenRich,
): EntryView {
  const { kind, at, ...members } = entry;
  const shown = { index, at: time(at), kind, ...showMembers(members, openRich) };
  if (entry.kind !== "Snapshot") return shown;
  if (snapshot === undefined) return { ...shown, collected: true };
  const isJson = entry.mime === "application/json";
  return { ...shown, snapshot: isJson ? showPayload(snapshot, openRich) : snapshot };
}
