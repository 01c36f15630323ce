/**
 * Entries as they are stored: a row holds the entries that were committed together, as the JSON of
 * `[version, record, record, …]`; a record is `[code, at, …members]` in the order of its layout,
 * trailing absent members left out. Layouts of older versions stay here for ever: old rows are
 * lifted on read and never rewritten.
 */
import type { Entry, EntryKind, Indexed } from "./entry.ts";

interface Layout {
  readonly code: number;
  readonly members: readonly string[];
}

const VERSION = 1;

const LAYOUTS_1: Readonly<Record<EntryKind, Layout>> = {
  Create: {
    code: 0,
    members: [
      "component",
      "type",
      "key",
      "revision",
      "incarnation",
      "params",
      "env",
      "parent",
      "origin",
    ],
  },
  PendingAgentInvocation: {
    code: 1,
    members: ["idempotencyKey", "invocation", "scheduledFor", "caller", "chain", "schedule"],
  },
  CancelPendingInvocation: { code: 2, members: ["idempotencyKey"] },
  AgentInvocationStarted: {
    code: 3,
    members: ["idempotencyKey", "pendingIndex", "method", "seed", "bindings", "limits"],
  },
  AgentInvocationFinished: {
    code: 4,
    members: ["idempotencyKey", "outcome", "revision", "cancelled"],
  },
  Start: { code: 5, members: ["call", "durability", "request", "parent"] },
  End: { code: 6, members: ["start", "response", "error", "inline"] },
  Cancelled: { code: 7, members: ["start"] },
  BeginAtomicRegion: { code: 8, members: [] },
  EndAtomicRegion: { code: 9, members: ["begin"] },
  Jump: { code: 10, members: ["region"] },
  Revert: { code: 11, members: ["region"] },
  Suspend: { code: 12, members: ["reason", "until"] },
  Interrupted: { code: 13, members: ["reason"] },
  Error: { code: 14, members: ["error", "retryFrom", "attempt", "retryAt", "afresh"] },
  PendingUpdate: {
    code: 15,
    members: [
      "updateId",
      "mode",
      "revision",
      "requestedAt",
      "wake",
      "snapshot",
      "savedBy",
      "version",
      "check",
    ],
  },
  SuccessfulUpdate: { code: 16, members: ["updateId", "revision"] },
  FailedUpdate: { code: 17, members: ["updateId", "revision", "detail", "report"] },
  Snapshot: { code: 18, members: ["mime", "revision", "bytes", "version"] },
  SnapshotRecoveryFailed: { code: 19, members: ["snapshotIndex", "detail"] },
  PromiseCompleted: { code: 20, members: ["promiseId", "outcome", "completedBy"] },
  Log: { code: 21, members: ["level", "message"] },
  ScheduleCreated: {
    code: 22,
    members: ["scheduleId", "cron", "timezone", "method", "args", "createdBy"],
  },
  ScheduleDeleted: { code: 23, members: ["scheduleId"] },
};

type DecodeTable = ReadonlyMap<
  number,
  { readonly kind: string; readonly members: readonly string[] }
>;

function decodeTable(layouts: Readonly<Record<string, Layout>>): DecodeTable {
  return new Map(
    Object.entries(layouts).map(([kind, { code, members }]) => [code, { kind, members }]),
  );
}

const DECODERS: ReadonlyMap<unknown, DecodeTable> = new Map([[1, decodeTable(LAYOUTS_1)]]);

function encodeEntry(entry: Entry): unknown[] {
  const { code, members } = LAYOUTS_1[entry.kind];
  const values = entry as unknown as Readonly<Record<string, unknown>>;
  const record: unknown[] = [code, entry.at];
  for (const member of members) record.push(values[member]);
  while (record.length > 2 && record[record.length - 1] === undefined) record.pop();
  return record;
}

/** A row is split between entries above this many characters, so that a page of rows stays a page. */
const ROW_CHARACTERS = 256 * 1024;

/** The rows of entries that are committed together, the first of which has the index `first`. */
export function encodeRows(
  first: number,
  entries: readonly Entry[],
): [first: number, text: string][] {
  const text = JSON.stringify([VERSION, ...entries.map(encodeEntry)]);
  if (text.length <= ROW_CHARACTERS || entries.length === 1) return [[first, text]];
  const middle = entries.length >> 1;
  return [
    ...encodeRows(first, entries.slice(0, middle)),
    ...encodeRows(first + middle, entries.slice(middle)),
  ];
}

function decodeRecord(table: DecodeTable, record: readonly unknown[]): Entry {
  const layout = table.get(record[0] as number);
  if (layout === undefined) throw new Error(`unknown oplog entry code ${String(record[0])}`);
  const entry: Record<string, unknown> = { kind: layout.kind, at: record[1] };
  layout.members.forEach((member, position) => {
    const value = record[position + 2];
    if (value !== undefined && value !== null) entry[member] = value;
  });
  return entry as unknown as Entry;
}

/** The entries of a stored row, whose first entry has the index `first`. Unknown versions are an error, never a guess. */
export function decodeRow(first: number, text: string): Indexed[] {
  return decodeRecords(first, JSON.parse(text) as readonly unknown[]);
}

/** The entries of a row whose JSON has been parsed. */
export function decodeRecords(first: number, row: readonly unknown[]): Indexed[] {
  const [version, ...records] = row as [unknown, ...(readonly unknown[])[]];
  const table = DECODERS.get(version);
  if (table === undefined) throw new Error(`unknown oplog format version ${String(version)}`);
  return records.map((record, position) => ({
    index: first + position,
    entry: decodeRecord(table, record),
  }));
}

/** Every kind of entry that there is. */
export const entryKinds = Object.keys(LAYOUTS_1) as readonly EntryKind[];
