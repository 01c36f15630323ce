/** Entries of all kinds with any members that their types allow: for storage, not for folding. */
import * as fc from "fast-check";
import type { Durability } from "../../../src/core/oplog/durability.ts";
import type { DivergenceView, JsonValue } from "../../../src/core/api/views.ts";
import type { BindingKind } from "../../../src/core/bindings/kinds.ts";
import type {
  Entry,
  EntryKind,
  ErrorData,
  Invocation,
  Log,
  Outcome,
  SnapshotData,
} from "../../../src/core/oplog/entry.ts";
import type { Region } from "../../../src/core/oplog/regions.ts";

const text = fc.string({ unit: "binary", maxLength: 12 });
const index = fc.integer({ min: 1, max: 1_000_000 });
const time = fc.integer({ min: 0, max: 4_102_444_800_000 });
const flag = fc.boolean();
const json = fc
  .jsonValue({ maxDepth: 2 })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);

type Members<T> = { [K in keyof T]-?: fc.Arbitrary<Exclude<T[K], undefined>> };
type Optional<T> = { [K in keyof T]-?: undefined extends T[K] ? K : never }[keyof T];

/** An object with all members; the optional ones are there or not. */
function shape<T>(members: Members<T>, ...optional: Optional<T>[]): fc.Arbitrary<T> {
  const required = Object.keys(members).filter(
    (name) => !(optional as PropertyKey[]).includes(name),
  ) as (keyof Members<T>)[];
  return fc.record(members, { requiredKeys: required, noNullPrototype: true }) as fc.Arbitrary<T>;
}

const error: fc.Arbitrary<ErrorData> = shape<ErrorData>(
  { name: text, message: text, code: text, status: index, details: json, afterMs: index },
  "code",
  "status",
  "details",
  "afterMs",
);

const report: fc.Arbitrary<DivergenceView> = shape<DivergenceView>(
  {
    index,
    kind: text,
    method: text,
    idempotencyKey: text,
    expected: text,
    actual: text,
    message: text,
    difference: fc.record(
      { path: text, recorded: json, replayed: json },
      { noNullPrototype: true },
    ),
    presentRevision: index,
    replayedRevision: index,
    advice: text,
  },
  "difference",
);

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  shape<Extract<Outcome, { ok: true }>>({ ok: fc.constant(true), result: text }),
  shape<Extract<Outcome, { ok: false }>>({ ok: fc.constant(false), error }),
);

const invocation: fc.Arbitrary<Invocation> = fc.oneof(
  shape<Extract<Invocation, { type: "method" }>>({
    type: fc.constant("method"),
    method: text,
    args: text,
  }),
  shape<Extract<Invocation, { type: "initialization" }>>({ type: fc.constant("initialization") }),
  shape<Extract<Invocation, { type: "manual-update" }>>({
    type: fc.constant("manual-update"),
    updateId: text,
    revision: index,
  }),
);

const mime = fc.constantFrom<SnapshotData["mime"]>("application/json", "application/octet-stream");
const region: fc.Arbitrary<Region> = fc.tuple(index, index);
const durability = fc.constantFrom<Durability>(
  "read-local",
  "write-local",
  "read-remote",
  "write-remote",
);
const level = fc.constantFrom<Log["level"]>("debug", "log", "info", "warn", "error");
const saved = fc.record({ mime, bytes: index }, { noNullPrototype: true });
const env = fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true });

type Of<K extends EntryKind> = Extract<Entry, { kind: K }>;

function entry<K extends EntryKind>(
  kind: K,
  members: Members<Omit<Of<K>, "kind" | "at">>,
  ...optional: Optional<Omit<Of<K>, "kind" | "at">>[]
): fc.Arbitrary<Entry> {
  const rest = shape<Omit<Of<K>, "kind" | "at">>(members, ...optional);
  const stamped = fc.tuple(rest, time);
  return stamped.map(([shaped, at]) => Object.assign({ kind, at }, shaped) as unknown as Entry);
}

/** For each kind, its entries. */
export const entriesByKind: Readonly<Record<EntryKind, fc.Arbitrary<Entry>>> = {
  Create: entry(
    "Create",
    {
      component: text,
      type: text,
      key: text,
      revision: index,
      incarnation: text,
      params: text,
      env,
      parent: text,
      origin: shape({
        incarnation: text,
        forks: fc.array(shape({ to: index, key: text, at: time, branch: text })),
      }),
    },
    "params",
    "env",
    "parent",
    "origin",
  ),
  PendingAgentInvocation: entry(
    "PendingAgentInvocation",
    {
      idempotencyKey: text,
      invocation,
      scheduledFor: time,
      caller: text,
      chain: fc.array(text),
      schedule: text,
    },
    "scheduledFor",
    "caller",
    "chain",
    "schedule",
  ),
  CancelPendingInvocation: entry("CancelPendingInvocation", { idempotencyKey: text }),
  AgentInvocationStarted: entry(
    "AgentInvocationStarted",
    {
      idempotencyKey: text,
      pendingIndex: index,
      method: text,
      seed: text,
      bindings: fc.dictionary(text, fc.constantFrom<BindingKind>("kv", "r2", "d1", "other"), {
        maxKeys: 3,
        noNullPrototype: true,
      }),
      limits: fc.record(
        { resultBytes: index, requestBodyBytes: index },
        { requiredKeys: [], noNullPrototype: true },
      ),
    },
    "bindings",
    "limits",
  ),
  AgentInvocationFinished: entry(
    "AgentInvocationFinished",
    { idempotencyKey: text, outcome, revision: index, cancelled: fc.constant(true) },
    "cancelled",
  ),
  Start: entry(
    "Start",
    { call: text, durability, request: text, parent: index },
    "request",
    "parent",
  ),
  End: entry(
    "End",
    { start: index, response: text, error, inline: fc.constant(true) },
    "response",
    "error",
    "inline",
  ),
  Cancelled: entry("Cancelled", { start: index }),
  BeginAtomicRegion: entry("BeginAtomicRegion", {}),
  EndAtomicRegion: entry("EndAtomicRegion", { begin: index }),
  Jump: entry("Jump", { region }),
  Revert: entry("Revert", { region }),
  Suspend: entry("Suspend", { reason: text, until: time }, "reason", "until"),
  Interrupted: entry("Interrupted", { reason: text }, "reason"),
  Error: entry(
    "Error",
    { error, retryFrom: index, attempt: index, retryAt: time, afresh: fc.constant(true) },
    "retryAt",
    "afresh",
  ),
  PendingUpdate: entry(
    "PendingUpdate",
    {
      updateId: text,
      mode: fc.constantFrom("automatic", "manual"),
      revision: index,
      requestedAt: time,
      wake: flag,
      snapshot: saved,
      savedBy: index,
      version: index,
      check: fc.constant("calls"),
    },
    "snapshot",
    "savedBy",
    "version",
    "check",
  ),
  SuccessfulUpdate: entry("SuccessfulUpdate", { updateId: text, revision: index }),
  FailedUpdate: entry(
    "FailedUpdate",
    { updateId: text, revision: index, detail: text, report },
    "detail",
    "report",
  ),
  Snapshot: entry("Snapshot", { mime, revision: index, bytes: index, version: index }, "version"),
  SnapshotRecoveryFailed: entry("SnapshotRecoveryFailed", { snapshotIndex: index, detail: text }),
  PromiseCompleted: entry(
    "PromiseCompleted",
    { promiseId: text, outcome, completedBy: text },
    "completedBy",
  ),
  Log: entry("Log", { level, message: text }),
  ScheduleCreated: entry("ScheduleCreated", {
    scheduleId: text,
    cron: text,
    timezone: text,
    method: text,
    args: text,
    createdBy: text,
  }),
  ScheduleDeleted: entry("ScheduleDeleted", { scheduleId: text }),
};

/** An entry of any kind. */
export const anyEntry: fc.Arbitrary<Entry> = fc.oneof(...Object.values(entriesByKind));
