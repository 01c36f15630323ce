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

/** The revisions of one component in SQLite. Nothing is created before the first `add`. */
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
    if (!this.#present()) return undefined;
    const rows = this.#storage.sql.exec<RevisionRow>(
      "SELECT * FROM revisions WHERE revision = ?",
      revision,
    );
    return rows.toArray().map(toView)[0];
  }

  /** Newest first, those with a revision below `before`. */
  list(limit: number, before = Number.MAX_SAFE_INTEGER): readonly RevisionDescription[] {
    if (!this.#present()) return [];
    const rows = this.#storage.sql.exec<RevisionRow>(
      "SELECT * FROM revisions WHERE revision < ? ORDER BY revision DESC LIMIT ?",
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
    const [latest, first] = [this.latest(), this.revision(1)];
    if (latest === undefined || first === undefined) return undefined;
    return {
      name: latest.component,
      latestRevision: latest.revision,
      createdAt: first.createdAt,
    };
  }

  /** Stores a revision; an alarm at `announceAt` commits with it. */
  add(revision: NewRevision, announceAt: number): void {
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
      void this.#storage.setAlarm(announceAt);
    });
    this.#exists = true;
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
       )`,
    );
  }

  #present(): boolean {
    this.#exists ||=
      this.#storage.sql
        .exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'revisions'")
        .toArray().length > 0;
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
