/** What of an agent survives its processes. */
import { decodeRow, encodeRows } from "../../../src/core/oplog/codec.ts";
import type { Indexed } from "../../../src/core/oplog/entry.ts";
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
  /** A history that has arrived and is no agent yet. */
  staged?: Disk | undefined;
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
    staged: disk.staged && copyOf(disk.staged),
  };
}

export function entriesOn({ rows }: Disk): Indexed[] {
  return [...rows].flatMap(([first, text]) => decodeRow(first, text));
}

/** The disk as if only the first `length` entries of its record had been written; it is due at once. */
export function cutDisk(disk: Disk, record: readonly Indexed[], length: number): Disk {
  const kept = record.slice(0, length).map(({ entry }) => entry);
  return {
    isPrepared: true,
    rows: new Map(encodeRows(1, kept)),
    snapshots: new Map([...disk.snapshots].filter(([index]) => index <= length)),
    checkpoint: undefined,
    keys: [],
    alarm: { at: 0 },
  };
}
