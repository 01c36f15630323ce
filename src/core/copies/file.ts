/**
 * An agent as a file: text, a record in each line, as JSON after its seal and a blank. The seal of a
 * record is the SHA-256 of the seal before it and the record, so damage is found where it is, and a
 * file that ends without its last record is no file. Described in README.md.
 */
import type { AgentAddress } from "../api/views.ts";
import type { ComponentCode } from "../api/operations.ts";
import type { RecordPage } from "../protocol.ts";

export const FILE_FORMAT = 1;
export const FILE_MEDIA_TYPE = "application/vnd.perdure.agent";

/** The first record. */
export interface FileHeader extends AgentAddress {
  readonly kind: "agent";
  readonly format: number;
  /** ISO 8601. */
  readonly exportedAt: string;
  readonly incarnation: string;
  /** Index of the last entry. */
  readonly lastIndex: number;
}

export interface RevisionRecord extends ComponentCode {
  readonly kind: "revision";
  readonly revision: number;
}

/** Rows as they are stored: the index of the first entry in each, and its JSON. */
export interface RowsRecord {
  readonly kind: "rows";
  readonly rows: readonly (readonly [first: number, row: readonly unknown[]])[];
}

export interface SnapshotRecord {
  readonly kind: "snapshot";
  readonly index: number;
  readonly payload: string;
}

/** How many there were of each. */
export interface Counts {
  readonly revisions: number;
  readonly entries: number;
  readonly snapshots: number;
}

export type FileRecord =
  | FileHeader
  | RevisionRecord
  | RowsRecord
  | SnapshotRecord
  | ({ readonly kind: "end" } & Counts);

/** Lower-case hex digits of a text's UTF-8. */
export type Sha256 = (text: string) => Promise<string>;

const SEAL_DIGITS = 64;

type Shape = Readonly<Record<string, (value: unknown) => boolean>>;

const isText = (value: unknown): boolean => typeof value === "string";
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

function isSource(value: unknown): boolean {
  const { main, modules, isolation, bindings = [] } = (value ?? {}) as Record<string, unknown>;
  const isCode = typeof modules === "object" && modules !== null && !Array.isArray(modules);
  const isKnown = isolation === "agent" || isolation === "shared";
  const names = Array.isArray(bindings) ? (bindings as unknown[]) : [undefined];
  const texts: unknown[] = isCode ? Object.values(modules as Record<string, unknown>) : [];
  return isText(main) && isKnown && isCode && [...texts, ...names].every(isText);
}

function areRows(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((row) => Array.isArray(row) && isCount(row[0]) && Array.isArray(row[1]))
  );
}

const SHAPES: Readonly<Record<FileRecord["kind"], Shape>> = {
  agent: {
    format: isCount,
    component: isText,
    type: isText,
    key: isText,
    exportedAt: isText,
    incarnation: isText,
    lastIndex: isCount,
  },
  revision: { revision: isCount, digest: isText, source: isSource },
  rows: { rows: areRows },
  snapshot: { index: isCount, payload: isText },
  end: { revisions: isCount, entries: isCount, snapshots: isCount },
};

function parseRecord(json: string): FileRecord | undefined {
  try {
    const record = JSON.parse(json) as Readonly<Record<string, unknown>>;
    const shape = Object.entries(SHAPES).find(([kind]) => kind === record["kind"])?.[1];
    const fits = shape && Object.entries(shape).every(([name, holds]) => holds(record[name]));
    return fits === true ? (record as unknown as FileRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** The JSON of rows, which are JSON already. */
export function rowsJson(rows: RecordPage["rows"]): string {
  return `{"kind":"rows","rows":[${rows.map(([first, text]) => `[${first},${text}]`).join()}]}`;
}

/** Seals records one after the other. */
export class Seals {
  readonly #sha256: Sha256;
  #last = "";

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  async #next(json: string): Promise<string> {
    this.#last = await this.#sha256(this.#last + json);
    return this.#last;
  }

  /** The line of a record. */
  async line(json: string): Promise<string> {
    return `${await this.#next(json)} ${json}\n`;
  }

  /** What a line says; nothing when it is damaged, or no record. */
  async open(line: string): Promise<FileRecord | undefined> {
    const json = line.slice(SEAL_DIGITS + 1);
    const isWhole =
      line[SEAL_DIGITS] === " " && line.slice(0, SEAL_DIGITS) === (await this.#next(json));
    return isWhole ? parseRecord(json) : undefined;
  }
}

/** The header that a first line has, whether or not the rest can be vouched for. */
export function peekHeader(line: string): FileHeader | undefined {
  const record = parseRecord(line.slice(SEAL_DIGITS + 1));
  return record?.kind === "agent" ? record : undefined;
}
