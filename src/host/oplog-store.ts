/**
 * A history in its object's SQLite. Positions are `index * 1024 + part`: one integer key,
 * no second index, for rows are what the platform bills. Text longer than a part is split.
 */
import type { RecordPage } from "../core/protocol.ts";
import type { KeyPlace, OplogStore } from "../runtime/ports.ts";

/** The parts of one text, at most: 512 MiB of ASCII. */
const PARTS = 1024;
/** Characters in a part: at most 1.5 MB of UTF-8, below the platform's limit of 2 MB for a row. */
const PART_CHARACTERS = 512 * 1024;

type Table = "oplog" | "snapshots" | "checkpoint" | "keys";

const TEXT = "(position INTEGER PRIMARY KEY, body TEXT NOT NULL)";
const SCHEMA: Readonly<Record<Table, string>> = {
  oplog: TEXT,
  snapshots: TEXT,
  checkpoint: TEXT,
  keys: "(tier INTEGER, run INTEGER, low REAL, block BLOB NOT NULL, PRIMARY KEY(tier, run, low)) WITHOUT ROWID",
};
export const TABLES = Object.keys(SCHEMA) as readonly Table[];

/** What is used of a Durable Object's storage. */
export type Storage = Pick<
  DurableObjectStorage,
  "sql" | "transactionSync" | "setAlarm" | "deleteAll"
>;

type TextTable = Exclude<Table, "keys">;

interface Part {
  readonly [column: string]: SqlStorageValue;
  readonly position: number;
  readonly body: string;
}

/** Never cuts a surrogate pair in two: half of one would not survive UTF-8. */
function cut(text: string, at: number): number {
  if (at >= text.length) return text.length;
  const unit = text.charCodeAt(at - 1);
  return unit >= 0xd800 && unit <= 0xdbff ? at - 1 : at;
}

export class SqlOplogStore implements OplogStore {
  protected readonly storage: Storage;
  /** What the names of its tables begin with. */
  readonly #prefix: string;

  constructor(storage: Storage, prefix = "") {
    this.storage = storage;
    this.#prefix = prefix;
  }

  protected name(table: Table): string {
    return this.#prefix + table;
  }

  exists(): boolean {
    const tables = this.storage.sql.exec(
      "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?",
      this.name("oplog"),
    );
    return tables.toArray().length > 0;
  }

  prepare(): void {
    for (const table of TABLES) {
      this.storage.sql.exec(`CREATE TABLE ${this.name(table)}${SCHEMA[table]}`);
    }
  }

  transaction(work: () => void): void {
    this.storage.transactionSync(work);
  }

  #put(table: TextTable, index: number, text: string): void {
    let part = 0;
    let from = 0;
    do {
      const to = cut(text, from + PART_CHARACTERS);
      const position = index * PARTS + part;
      const body = text.slice(from, to);
      this.storage.sql.exec(
        `INSERT OR REPLACE INTO ${this.name(table)} VALUES (?, ?)`,
        position,
        body,
      );
      part += 1;
      from = to;
    } while (from < text.length);
  }

  #get(table: TextTable, index: number): string | undefined {
    const parts = this.storage.sql.exec<Part>(
      `SELECT position, body FROM ${this.name(table)} WHERE position >= ? AND position < ? ORDER BY position`,
      index * PARTS,
      (index + 1) * PARTS,
    );
    const bodies = parts.toArray().map(({ body }) => body);
    return bodies.length === 0 ? undefined : bodies.join("");
  }

  #drop(table: TextTable, index: number): void {
    const [from, to] = [index * PARTS, (index + 1) * PARTS];
    this.storage.sql.exec(
      `DELETE FROM ${this.name(table)} WHERE position >= ? AND position < ?`,
      from,
      to,
    );
  }

  appendRow(first: number, text: string): void {
    this.#put("oplog", first, text);
  }

  readPage(from: number, to: number, maxCharacters: number): RecordPage {
    const parts = this.storage.sql.exec<Part>(
      `SELECT position, body FROM ${this.name("oplog")} WHERE position < ? AND position >= (
         SELECT COALESCE(MAX(position), 0) FROM ${this.name("oplog")} WHERE position < ? AND position % ${PARTS} = 0
       ) ORDER BY position`,
      (to + 1) * PARTS,
      (from + 1) * PARTS,
    );
    const rows: [number, string][] = [];
    let characters = 0;
    for (const { position, body } of parts) {
      const first = Math.floor(position / PARTS);
      const last = rows.at(-1);
      if (last?.[0] === first) last[1] += body;
      else if (characters > maxCharacters) return { rows, next: first };
      else rows.push([first, body]);
      characters += body.length;
    }
    return { rows, next: null };
  }

  readPageBack(from: number, maxCharacters: number): RecordPage {
    const parts = this.storage.sql.exec<Part>(
      `SELECT position, body FROM ${this.name("oplog")} WHERE position < ? ORDER BY position DESC`,
      (from + 1) * PARTS,
    );
    const rows: [number, string][] = [];
    let characters = 0;
    let text = "";
    for (const { position, body } of parts) {
      text = body + text;
      characters += body.length;
      if (position % PARTS !== 0) continue;
      const first = position / PARTS;
      rows.push([first, text]);
      text = "";
      if (characters > maxCharacters && first > 1) return { rows, next: first - 1 };
    }
    return { rows, next: null };
  }

  putSnapshot(index: number, payload: string): void {
    this.#put("snapshots", index, payload);
  }

  getSnapshot(index: number): string | undefined {
    return this.#get("snapshots", index);
  }

  snapshotIndices(): readonly number[] {
    const found = this.storage.sql.exec<{ position: number }>(
      `SELECT position FROM ${this.name("snapshots")} WHERE position % ${PARTS} = 0 ORDER BY position`,
    );
    return found.toArray().map(({ position }) => position / PARTS);
  }

  dropSnapshot(index: number): void {
    this.#drop("snapshots", index);
  }

  putCheckpoint(text: string): void {
    this.#drop("checkpoint", 0);
    this.#put("checkpoint", 0, text);
  }

  getCheckpoint(): string | undefined {
    return this.#get("checkpoint", 0);
  }

  putKeyBlock({ tier, run, low }: KeyPlace, bytes: Uint8Array): void {
    this.storage.sql.exec(
      `INSERT INTO ${this.name("keys")} VALUES (?, ?, ?, ?)`,
      tier,
      run,
      low,
      bytes,
    );
  }

  getKeyBlock({ tier, run, low }: KeyPlace): Uint8Array | undefined {
    const found = this.storage.sql.exec<{ block: ArrayBuffer }>(
      `SELECT block FROM ${this.name("keys")} WHERE tier = ? AND run = ? AND low = ?`,
      tier,
      run,
      low,
    );
    const [row] = found.toArray();
    return row && new Uint8Array(row.block);
  }

  keyPlaces(): readonly KeyPlace[] {
    const found = this.storage.sql.exec<{ tier: number; run: number; low: number }>(
      `SELECT tier, run, low FROM ${this.name("keys")} ORDER BY tier, run DESC, low`,
    );
    return found.toArray();
  }

  dropKeyRun(tier: number, run: number): void {
    this.storage.sql.exec(`DELETE FROM ${this.name("keys")} WHERE tier = ? AND run = ?`, tier, run);
  }

  setAlarm(at: number): void {
    void this.storage.setAlarm(at);
  }

  async destroy(): Promise<void> {
    await this.storage.deleteAll();
  }
}
