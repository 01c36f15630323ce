/** What of an agent survives its processes. */
import { decodeRow, encodeRows } from "../../../src/core/oplog/codec.ts";
import type { Entry, Indexed } from "../../../src/core/oplog/entry.ts";
import type { KeyPlace } from "../../../src/runtime/ports.ts";

export interface KeyBlock extends KeyPlace {
  readonly bytes: Uint8Array;
}

export interface Disk {
  /** Whether the tables have been made. */
  isPrepared: boolean;
  /** By the index of their first entry, in order. */
  rows: Map<number, string>;
  snapshots: Map<number, string>;
  checkpoint: string | undefined;
  keys: KeyBlock[];
  /** A new object each time that it is set. */
  alarm: { readonly at: number } | undefined;
}

/** One change; what is committed as one is a list of them. */
export type Write = (disk: Disk) => void;

export function emptyDisk(): Disk {
  return {
    isPrepared: false,
    rows: new Map(),
    snapshots: new Map(),
    checkpoint: undefined,
    keys: [],
    alarm: undefined,
  };
}

export function copyOf(disk: Disk): Disk {
  return {
    ...disk,
    rows: new Map(disk.rows),
    snapshots: new Map(disk.snapshots),
    keys: [...disk.keys],
  };
}

export function entriesOn({ rows }: Disk): Indexed[] {
  return [...rows].flatMap(([first, text]) => decodeRow(first, text));
}

/** A disk that holds the first `length` entries of a record, its alarm due at once. */
export function diskOf(record: readonly Entry[], snapshots: Disk["snapshots"]): Disk {
  const disk = emptyDisk();
  disk.isPrepared = true;
  disk.rows = new Map(encodeRows(1, record));
  disk.snapshots = new Map([...snapshots].filter(([index]) => index <= record.length));
  disk.alarm = { at: 0 };
  return disk;
}
