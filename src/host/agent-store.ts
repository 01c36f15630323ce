/**
 * One agent's storage in its object's SQLite. Positions are `index * 1024 + part`: one integer key,
 * no second index, for rows are what the platform bills. Text longer than a part is split.
 */
import type { RecordPage } from "../core/protocol.ts";
import type { AgentStore, KeyPlace } from "../runtime/ports.ts";

/** The parts of one text, at most: 512 MiB of ASCII. */
const PARTS = 1024;
/** Characters in a part: at most 1.5 MB of UTF-8, below the platform's limit of 2 MB for a row. */
const PART_CHARACTERS = 512 * 1024;

const SCHEMA = [
  "CREATE TABLE oplog(position INTEGER PRIMARY KEY, body TEXT NOT NULL)",
  "CREATE TABLE snapshots(position INTEGER PRIMARY KEY, body TEXT NOT NULL)",
  "CREATE TABLE checkpoint(position INTEGER PRIMARY KEY, body TEXT NOT NULL)",
  "CREATE TABLE keys(tier INTEGER, run INTEGER, low REAL, block BLOB NOT NULL, PRIMARY KEY(tier, run, low)) WITHOUT ROWID",
];

/** What is used of a Durable Object's storage. */
type Storage = Pick<DurableObjectStorage, "sql" | "transactionSync" | "setAlarm" | "deleteAll">;
type Table = "oplog" | "snapshots" | "checkpoint";

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

export class SqlAgentStore implements AgentStore {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  exists(): boolean {
    const tables = this.#storage.sql.exec(
      "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'oplog'",
    );
    return tables.toArray().length > 0;
  }

  prepare(): void {
    for (const statement of SCHEMA) this.#storage.sql.exec(statement);
  }

  transaction(work: () => void): void {
    this.#storage.transactionSync(work);
  }

  #put(table: Table, index: number, text: string): void {
    let part = 0;
    let from = 0;
    do {
      const to = cut(text, from + PART_CHARACTERS);
      const position = index * PARTS + part;
      const body = text.slice(from, to);
      this.#storage.sql.exec(`INSERT OR REPLACE INTO ${table} VALUES (?, ?)`, position, body);
      part += 1;
      from = to;
    } while (from < text.length);
  }

  #get(table: Table, index: number): string | undefined {
    const parts = this.#storage.sql.exec<Part>(
      `SELECT position, body FROM ${table} WHERE position >= ? AND position < ? ORDER BY position`,
      index * PARTS,
      (index + 1) * PARTS,
    );
    const bodies = parts.toArray().map(({ body }) => body);
    return bodies.length === 0 ? undefined : bodies.join("");
  }

  #drop(table: Table, index: number): void {
    const [from, to] = [index * PARTS, (index + 1) * PARTS];
    this.#storage.sql.exec(`DELETE FROM ${table} WHERE position >= ? AND position < ?`, from, to);
  }

  appendRow(first: number, text: string): void {
    this.#put("oplog", first, text);
  }

  readPage(from: number, to: number, maxCharacters: number): RecordPage {
    const parts = this.#storage.sql.exec<Part>(
      `SELECT position, body FROM oplog WHERE position < ? AND position >= (
         SELECT COALESCE(MAX(position), 0) FROM oplog WHERE position < ? AND position % ${PARTS} = 0
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
    const parts = this.#storage.sql.exec<Part>(
      "SELECT position, body FROM oplog WHERE position < ? ORDER BY position DESC",
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
    const found = this.#storage.sql.exec<{ position: number }>(
      `SELECT position FROM snapshots WHERE position % ${PARTS} = 0 ORDER BY position`,
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
    this.#storage.sql.exec("INSERT INTO keys VALUES (?, ?, ?, ?)", tier, run, low, bytes);
  }

  getKeyBlock({ tier, run, low }: KeyPlace): Uint8Array | undefined {
    const found = this.#storage.sql.exec<{ block: ArrayBuffer }>(
      "SELECT block FROM keys WHERE tier = ? AND run = ? AND low = ?",
      tier,
      run,
      low,
    );
    const [row] = found.toArray();
    return row && new Uint8Array(row.block);
  }

  keyPlaces(): readonly KeyPlace[] {
    const found = this.#storage.sql.exec<{ tier: number; run: number; low: number }>(
      "SELECT tier, run, low FROM keys ORDER BY tier, run DESC, low",
    );
    return found.toArray();
  }

  dropKeyRun(tier: number, run: number): void {
    this.#storage.sql.exec("DELETE FROM keys WHERE tier = ? AND run = ?", tier, run);
  }

  setAlarm(at: number): void {
    void this.#storage.setAlarm(at);
  }

  async destroy(): Promise<void> {
    await this.#storage.deleteAll();
  }
}
