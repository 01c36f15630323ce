import type { AgentTypeDescription, RevisionDescription } from "../core/api/description.ts";
import type { ComponentCode } from "../core/api/operations.ts";
import type { ComponentSummary } from "../core/api/views.ts";
import { fromCanonicalForm } from "../core/component/canonical-form.ts";

/** Well under the 2 MB that a row may have. */
const partBytes = 900_000;

type RevisionRow = {
  component: string;
  revision: number;
  digest: string;
  created_at: string;
  agent_types: string;
};

/** A revision about to be stored; `form` is the canonical form of its source. */
export interface NewRevision {
  readonly component: string;
  readonly revision: number;
  readonly digest: string;
  readonly createdAt: string;
  readonly agentTypes: readonly AgentTypeDescription[];
  readonly form: Uint8Array;
}

/** What holds a revision for an agent that is being imported. */
export interface Claim {
  readonly [column: string]: SqlStorageValue;
  readonly revision: number;
  readonly name: string;
  readonly incarnation: string;
}

const SEEN = "revision NOT IN (SELECT revision FROM claims)";

/**
 * The revisions of one component in SQLite. Nothing is created before the first `add`. A revision with
 * claims is stored for agents that are being imported: until one of them is there, it is not seen.
 */
export class ComponentStore {
  readonly #storage: DurableObjectStorage;
  #exists = false;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  latest(): RevisionDescription | undefined {
    return this.list(1)[0];
  }

  revision(revision: number): RevisionDescription | undefined {
    return this.#where(`revision = ? AND ${SEEN}`, revision);
  }

  /** Whether it is seen or not. */
  stored(revision: number): RevisionDescription | undefined {
    return this.#where("revision = ?", revision);
  }

  #where(condition: string, revision: number): RevisionDescription | undefined {
    if (!this.#present()) return undefined;
    const rows = this.#storage.sql.exec<RevisionRow>(
      `SELECT * FROM revisions WHERE ${condition}`,
      revision,
    );
    return rows.toArray().map(toView)[0];
  }

  /** The number of the next revision: none is given twice. */
  next(): number {
    if (!this.#present()) return 1;
    const { last } = this.#storage.sql
      .exec<{ last: number | null }>("SELECT MAX(revision) AS last FROM revisions")
      .one();
    return (last ?? 0) + 1;
  }

  /** Newest first, those with a revision below `before`. */
  list(limit: number, before = Number.MAX_SAFE_INTEGER): readonly RevisionDescription[] {
    if (!this.#present()) return [];
    const rows = this.#storage.sql.exec<RevisionRow>(
      `SELECT * FROM revisions WHERE revision < ? AND ${SEEN} ORDER BY revision DESC LIMIT ?`,
      before,
      limit,
    );
    return rows.toArray().map(toView);
  }

  code(revision: number): ComponentCode | undefined {
    const view = this.revision(revision);
    if (view === undefined) return undefined;
    const parts = this.#storage.sql.exec<{ bytes: ArrayBuffer }>(
      "SELECT bytes FROM code WHERE revision = ? ORDER BY part",
      revision,
    );
    const decoder = new TextDecoder();
    let form = "";
    for (const { bytes } of parts) form += decoder.decode(bytes, { stream: true });
    return { digest: view.digest, source: fromCanonicalForm(form + decoder.decode()) };
  }

  summary(): ComponentSummary | undefined {
    const latest = this.latest();
    if (latest === undefined) return undefined;
    const { createdAt } = this.#storage.sql
      .exec<{ createdAt: string }>(
        `SELECT created_at AS createdAt FROM revisions WHERE ${SEEN} ORDER BY revision LIMIT 1`,
      )
      .one();
    return { name: latest.component, latestRevision: latest.revision, createdAt };
  }

  /** Stores a revision, with the claim on it if there is one; an alarm at `announceAt` commits with it. */
  add(revision: NewRevision, announceAt: number, claim?: Claim): void {
    this.#storage.transactionSync(() => {
      this.#create();
      this.#storage.sql.exec(
        "INSERT INTO revisions (component, revision, digest, created_at, agent_types) VALUES (?, ?, ?, ?, ?)",
        revision.component,
        revision.revision,
        revision.digest,
        revision.createdAt,
        JSON.stringify(revision.agentTypes),
      );
      for (let part = 0; part * partBytes < revision.form.byteLength; part += 1) {
        this.#storage.sql.exec(
          "INSERT INTO code (revision, part, bytes) VALUES (?, ?, ?)",
          revision.revision,
          part,
          revision.form.slice(part * partBytes, (part + 1) * partBytes).buffer,
        );
      }
      if (claim !== undefined) this.claim(claim);
      void this.#storage.setAlarm(announceAt);
    });
    this.#exists = true;
  }

  claims(): readonly Claim[] {
    if (!this.#present()) return [];
    return this.#storage.sql
      .exec<Claim>("SELECT revision, name, incarnation FROM claims ORDER BY revision")
      .toArray();
  }

  claim({ revision, name, incarnation }: Claim): void {
    this.#storage.sql.exec(
      "INSERT OR IGNORE INTO claims (revision, name, incarnation) VALUES (?, ?, ?)",
      revision,
      name,
      incarnation,
    );
  }

  /** An agent is there: what was stored for it is seen from now on, whoever else has claimed it. */
  keep(incarnation: string): void {
    if (!this.#present()) return;
    this.#storage.sql.exec(
      "DELETE FROM claims WHERE revision IN (SELECT revision FROM claims WHERE incarnation = ?)",
      incarnation,
    );
  }

  /** An agent never came: what was stored for it alone goes. */
  withdraw(incarnation: string): void {
    const claimed = this.claims().filter((claim) => claim.incarnation === incarnation);
    this.#storage.transactionSync(() => {
      for (const { revision } of claimed) {
        this.#storage.sql.exec(
          "DELETE FROM claims WHERE revision = ? AND incarnation = ?",
          revision,
          incarnation,
        );
        if (this.claims().some((claim) => claim.revision === revision)) continue;
        this.#storage.sql.exec("DELETE FROM revisions WHERE revision = ?", revision);
        this.#storage.sql.exec("DELETE FROM code WHERE revision = ?", revision);
      }
    });
  }

  #create(): void {
    this.#storage.sql.exec(
      `CREATE TABLE IF NOT EXISTS revisions (
         revision INTEGER PRIMARY KEY, component TEXT NOT NULL, digest TEXT NOT NULL,
         created_at TEXT NOT NULL, agent_types TEXT NOT NULL
       );
       CREATE TABLE IF NOT EXISTS code (
         revision INTEGER NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL,
         PRIMARY KEY (revision, part)
       );
       CREATE TABLE IF NOT EXISTS claims (
         revision INTEGER NOT NULL, name TEXT NOT NULL, incarnation TEXT NOT NULL,
         PRIMARY KEY (revision, incarnation)
       ) WITHOUT ROWID`,
    );
  }

  #present(): boolean {
    if (this.#exists) return true;
    this.#exists =
      this.#storage.sql
        .exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'revisions'")
        .toArray().length > 0;
    // Stores that are older than imports have no table of claims.
    if (this.#exists) this.#create();
    return this.#exists;
  }
}

function toView(row: RevisionRow): RevisionDescription {
  return {
    component: row.component,
    revision: row.revision,
    digest: row.digest,
    createdAt: row.created_at,
    agentTypes: JSON.parse(row.agent_types) as readonly AgentTypeDescription[],
  };
}
