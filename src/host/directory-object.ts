import { DurableObject } from "cloudflare:workers";
import type {
  AgentPlace,
  DirectoryEntry,
  MarkedPlace,
  PlacesRequest,
  ShardOperations,
} from "../core/api/directory.ts";
import { syntax } from "../core/limits.ts";
import type { Env } from "./env.ts";

type Row = { type: string; key: string; mark: string };

/** Greater than whatever a key can have behind a prefix, as SQLite compares UTF-8. */
const LAST = "\u{10FFFF}".repeat(syntax.keyBytes / 4 + 1);

/** One shard of the directory: the names of agents that are there, or may be. */
export class DirectoryObject extends DurableObject<Env> implements ShardOperations {
  readonly #sql = this.ctx.storage.sql;
  #isPrepared = false;

  async enter({ component, type, key, incarnation }: DirectoryEntry): Promise<void> {
    this.#prepare();
    this.#sql.exec(
      `INSERT INTO agents (component, type, key, incarnation, mark) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (component, type, key)
       DO UPDATE SET incarnation = excluded.incarnation, mark = excluded.mark
       WHERE incarnation <> excluded.incarnation`,
      component,
      type,
      key,
      incarnation,
      crypto.randomUUID(),
    );
  }

  async leave({ component, type, key, incarnation }: DirectoryEntry): Promise<void> {
    this.#prepare();
    this.#sql.exec(
      "DELETE FROM agents WHERE component = ? AND type = ? AND key = ? AND incarnation = ?",
      component,
      type,
      key,
      incarnation,
    );
  }

  async places(request: PlacesRequest): Promise<readonly MarkedPlace[]> {
    this.#prepare();
    const { component, limit, after } = request;
    const found: MarkedPlace[] = [];
    let type = request.type ?? after?.type ?? this.#typeAfter(component, "");
    while (type !== undefined && found.length < limit) {
      found.push(...this.#placesOf(type, request, limit - found.length));
      type = request.type === undefined ? this.#typeAfter(component, type) : undefined;
    }
    return found;
  }

  async strike(component: string, places: readonly MarkedPlace[]): Promise<void> {
    this.#prepare();
    for (const { type, key, mark } of places) {
      this.#sql.exec(
        "DELETE FROM agents WHERE component = ? AND type = ? AND key = ? AND mark = ?",
        component,
        type,
        key,
        mark,
      );
    }
  }

  #typeAfter(component: string, type: string): string | undefined {
    const [next] = this.#sql
      .exec<{ type: string | null }>(
        "SELECT MIN(type) AS type FROM agents WHERE component = ? AND type > ?",
        component,
        type,
      )
      .toArray();
    return next?.type ?? undefined;
  }

  #placesOf(
    type: string,
    { component, prefix = "", after }: PlacesRequest,
    limit: number,
  ): readonly MarkedPlace[] {
    if (isBehind(type, after)) return [];
    const from = after?.type === type ? after.key : "";
    return this.#sql
      .exec<Row>(
        `SELECT type, key, mark FROM agents
         WHERE component = ? AND type = ? AND key > ? AND key >= ? AND key <= ?
         ORDER BY key LIMIT ?`,
        component,
        type,
        from,
        prefix,
        prefix + LAST,
        limit,
      )
      .toArray();
  }

  #prepare(): void {
    if (this.#isPrepared) return;
    this.#sql.exec(
      `CREATE TABLE IF NOT EXISTS agents (
         component TEXT, type TEXT, key TEXT, incarnation TEXT NOT NULL, mark TEXT NOT NULL,
         PRIMARY KEY (component, type, key)
       ) WITHOUT ROWID`,
    );
    this.#isPrepared = true;
  }
}

/** Whether all of a type's agents stand before the place. Names of types are ASCII. */
function isBehind(type: string, after: AgentPlace | undefined): boolean {
  return after !== undefined && type < after.type;
}
