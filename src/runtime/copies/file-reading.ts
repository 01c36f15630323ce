/** Reads the file of an agent, and vouches for each piece of it before it is given on. */
import { nameOf } from "../../core/api/agent-name.ts";
import type { ComponentCode } from "../../core/api/operations.ts";
import type { AgentAddress } from "../../core/api/views.ts";
import {
  FILE_FORMAT,
  Seals,
  type Counts,
  type FileHeader,
  type FileRecord,
  type RevisionRecord,
  type RowsRecord,
  type Sha256,
  type SnapshotRecord,
} from "../../core/copies/file.ts";
import { neededRevisions, type Piece } from "../../core/copies/history.ts";
import { accept, refuse, type Result } from "../../core/errors.ts";
import { decodeRecords } from "../../core/oplog/codec.ts";
import type { Entry, Indexed } from "../../core/oplog/entry.ts";
import { Legality } from "../../core/oplog/legality.ts";
import { inRegions } from "../../core/oplog/regions.ts";
import { utf8Length } from "../../core/utf8-length.ts";
import type { StagedHistory } from "./staged-history.ts";
import { UnreadableLine } from "./lines.ts";

/** Takes a revision in; refuses one that is not what it says, or whose number is taken. */
export type Admit = (revision: number, code: ComponentCode) => Promise<Result<null>>;

function invalid(where: string, what: string): Result<never> {
  return refuse(
    "invalid-export",
    `${where} ${what}. Nothing was imported; export the agent again, and send the file as it is.`,
  );
}

function snapshotOf(
  entry: Entry | undefined,
): { readonly mime: string; readonly bytes: number } | undefined {
  if (entry?.kind === "Snapshot") return entry;
  return entry?.kind === "PendingUpdate" ? entry.snapshot : undefined;
}

function faultOf(indexed: Indexed, legality: Legality): string | undefined {
  try {
    return legality.fault(indexed);
  } catch {
    return "lacks what its kind has";
  }
}

function bytesOf(mime: string, payload: string): number {
  if (mime !== "application/octet-stream") return utf8Length(payload);
  return Uint8Array.fromBase64(payload).length;
}

export class FileReading {
  readonly #address: AgentAddress;
  readonly #seals: Seals;
  readonly #admit: Admit;
  #line = 0;
  #lastIndex = 0;
  #counts: Counts = { revisions: 0, entries: 0, snapshots: 0 };
  #hasEnded = false;
  /** Revisions that the file has brought. */
  readonly #admitted = new Set<number>();
  /** Places of what updates have handed over: these snapshots are never collected. */
  readonly #handedOver = new Set<number>();

  constructor(address: AgentAddress, sha256: Sha256, admit: Admit) {
    this.#address = address;
    this.#seals = new Seals(sha256);
    this.#admit = admit;
  }

  #invalid(what: string): Result<never> {
    return invalid(`Line ${this.#line}`, what);
  }

  async *pieces(
    lines: AsyncIterable<string>,
    staged: StagedHistory,
  ): AsyncGenerator<Result<Piece>> {
    const legality = new Legality((from, to) => this.#read(staged, from, to));
    try {
      for await (const line of lines) {
        this.#line += 1;
        const record = await this.#seals.open(line);
        if (record === undefined) {
          yield this.#invalid("is damaged: it does not fit its seal");
          return;
        }
        yield* this.#record(record, staged, legality);
      }
    } catch (error) {
      if (!(error instanceof UnreadableLine)) throw error;
      yield invalid(`Line ${this.#line + 1}`, error.message);
      return;
    }
    if (!this.#hasEnded)
      yield invalid("The file", `ends after line ${this.#line}, before its last record`);
  }

  async *#record(
    record: FileRecord,
    staged: StagedHistory,
    legality: Legality,
  ): AsyncGenerator<Result<Piece>> {
    if (this.#hasEnded) {
      yield this.#invalid("comes after the last record");
      return;
    }
    if ((record.kind === "agent") !== (this.#line === 1)) {
      yield this.#invalid("is out of place: the header is the first, and nothing else is");
      return;
    }
    switch (record.kind) {
      case "agent":
        yield* this.#header(record);
        break;
      case "revision":
        yield* this.#revision(record);
        break;
      case "rows":
        yield* this.#rows(record, legality);
        break;
      case "snapshot":
        yield* this.#snapshot(record, staged);
        break;
      case "end":
        yield* this.#end(record, staged);
        break;
    }
  }

  *#header({ format, lastIndex, ...address }: FileHeader): Iterable<Result<Piece>> {
    if (format !== FILE_FORMAT) {
      yield this.#invalid(
        `says that the file has the format ${format}; this host reads ${FILE_FORMAT}`,
      );
    } else if (nameOf(address) !== nameOf(this.#address)) {
      yield this.#invalid(`is about another agent than ${nameOf(this.#address)}`);
    } else this.#lastIndex = lastIndex;
  }

  async *#revision({ revision, digest, source }: RevisionRecord): AsyncGenerator<Result<Piece>> {
    this.#counts = { ...this.#counts, revisions: this.#counts.revisions + 1 };
    const admitted = await this.#admit(revision, { digest, source });
    if (!admitted.ok) yield admitted;
    this.#admitted.add(revision);
  }

  /** Entries of the row at hand: the fold may look back at them. */
  #row: readonly Indexed[] = [];

  *#read(staged: StagedHistory, from: number, to: number): Iterable<Indexed> {
    yield* staged.read(from, Math.min(to, staged.lastIndex));
    yield* this.#row.filter(
      ({ index }) => index > staged.lastIndex && index >= from && index <= to,
    );
  }

  *#rows({ rows }: RowsRecord, legality: Legality): Iterable<Result<Piece>> {
    for (const [first, row] of rows) {
      const entries = this.#decoded(first, row);
      if (entries === undefined) {
        yield this.#invalid("has entries of an unknown kind");
        return;
      }
      this.#row = entries;
      const fault = this.#faultOf(entries, legality);
      if (fault !== undefined) {
        yield this.#invalid(`has no legal history: ${fault}`);
        return;
      }
      yield accept({ kind: "entries", entries });
    }
  }

  #decoded(first: number, row: readonly unknown[]): Indexed[] | undefined {
    try {
      return decodeRecords(first, row);
    } catch {
      return undefined;
    }
  }

  #faultOf(entries: readonly Indexed[], legality: Legality): string | undefined {
    for (const indexed of entries) {
      const { index, entry } = indexed;
      const fault = faultOf(indexed, legality) ?? this.#misfit(indexed);
      if (fault !== undefined) return `the entry ${index} (${entry.kind}) ${fault}`;
    }
    return undefined;
  }

  #misfit({ index, entry }: Indexed): string | undefined {
    if (index > this.#lastIndex) return "comes after the last index that the header names";
    if (entry.kind === "PendingUpdate" && entry.mode === "manual") this.#handedOver.add(index);
    const isOther = entry.kind === "Create" && nameOf(entry) !== nameOf(this.#address);
    return isOther ? "is about another agent than the header" : undefined;
  }

  *#snapshot({ index, payload }: SnapshotRecord, staged: StagedHistory): Iterable<Result<Piece>> {
    const saved = index > staged.lastIndex ? undefined : snapshotOf(staged.entry(index));
    if (saved === undefined) {
      yield this.#invalid(`has a snapshot for ${index}, which has none`);
      return;
    }
    if (bytesOf(saved.mime, payload) !== saved.bytes) {
      yield this.#invalid(`has a snapshot of another size than ${index} says`);
      return;
    }
    this.#handedOver.delete(index);
    this.#counts = { ...this.#counts, snapshots: this.#counts.snapshots + 1 };
    yield accept({ kind: "snapshot", index, payload });
  }

  *#end(end: Counts, { status, lastIndex }: StagedHistory): Iterable<Result<Piece>> {
    this.#hasEnded = true;
    const { revisions, snapshots } = this.#counts;
    const isWhole =
      lastIndex === this.#lastIndex &&
      end.entries === lastIndex &&
      end.revisions === revisions &&
      end.snapshots === snapshots;
    if (!isWhole || status === undefined) {
      yield this.#invalid("says that there was more, or less");
      return;
    }
    const unknown = neededRevisions(status).find((revision) => !this.#admitted.has(revision));
    if (unknown !== undefined) yield this.#invalid(`ends a file without the revision ${unknown}`);
    const missing = [...this.#handedOver].find((index) => !inRegions(status.deleted, index));
    if (missing !== undefined)
      yield this.#invalid(`ends a file without the snapshot of ${missing}`);
  }
}
