import { DurableObject } from "cloudflare:workers";
import type { CatalogOperations } from "../core/api/operations.ts";
import type { ComponentSummary } from "../core/api/views.ts";
import type { Env } from "./env.ts";

type Row = { name: string; latest_revision: number; created_at: string };

/** Which components exist. A cache of what the component objects know: they tell it, again if need be. */
export class CatalogObject extends DurableObject<Env> implements CatalogOperations {
  async record(summary: ComponentSummary): Promise<void> {
    const { sql } = this.ctx.storage;
    sql.exec(
      `CREATE TABLE IF NOT EXISTS components (
         name TEXT PRIMARY KEY, latest_revision INTEGER NOT NULL, created_at TEXT NOT NULL
       ) WITHOUT ROWID`,
    );
    // Reports may arrive late or twice, so the greatest revision wins.
    sql.exec(
      `INSERT INTO components (name, latest_revision, created_at) VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET latest_revision = max(latest_revision, excluded.latest_revision)`,
      summary.name,
      summary.latestRevision,
      summary.createdAt,
    );
  }

  async list(limit: number, after = ""): Promise<readonly ComponentSummary[]> {
    if (!this.#exists()) return [];
    const rows = this.ctx.storage.sql.exec<Row>(
      "SELECT name, latest_revision, created_at FROM components WHERE name > ? ORDER BY name LIMIT ?",
      after,
      limit,
    );
    return rows.toArray().map((row) => ({
      name: row.name,
      latestRevision: row.latest_revision,
      createdAt: row.created_at,
    }));
  }

  #exists(): boolean {
    const tables = this.ctx.storage.sql.exec(
      "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'components'",
    );
    return tables.toArray().length > 0;
  }
}
