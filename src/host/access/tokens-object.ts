import { DurableObject } from "cloudflare:workers";
import type { TokenView } from "../../core/access/token.ts";
import type { StoredToken, TokensPage, TokenStoreOperations } from "../../core/api/tokens.ts";
import type { Env } from "../env.ts";

type Row = { number: number; view: string; hash: ArrayBuffer };

/**
 * All tokens of the host, each as its description and its hash. A token is 256 random bits, so
 * nobody can go through those that a hash may belong to: it needs neither salt nor a slow function.
 */
export class TokensObject extends DurableObject<Env> implements TokenStoreOperations {
  readonly #sql = this.ctx.storage.sql;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql.exec(
      `CREATE TABLE IF NOT EXISTS tokens (
         number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
         view TEXT NOT NULL, hash BLOB NOT NULL
       )`,
    );
  }

  async add({ view, hash }: StoredToken): Promise<void> {
    this.#sql.exec(
      "INSERT INTO tokens (id, view, hash) VALUES (?, ?, ?)",
      view.id,
      JSON.stringify(view),
      hash,
    );
  }

  async find(id: string): Promise<StoredToken | undefined> {
    const [row] = this.#sql.exec<Row>("SELECT * FROM tokens WHERE id = ?", id).toArray();
    return row && { view: viewOf(row), hash: row.hash };
  }

  async list(limit: number, before = Number.MAX_SAFE_INTEGER): Promise<TokensPage> {
    const rows = this.#sql
      .exec<Row>(
        "SELECT * FROM tokens WHERE number < ? ORDER BY number DESC LIMIT ?",
        before,
        limit + 1,
      )
      .toArray();
    const last = rows[limit - 1];
    const more = rows.length > limit && last !== undefined ? { before: last.number } : {};
    return { tokens: rows.slice(0, limit).map(viewOf), ...more };
  }

  async remove(id: string): Promise<boolean> {
    return this.#sql.exec("DELETE FROM tokens WHERE id = ? RETURNING id", id).toArray().length > 0;
  }
}

function viewOf({ view }: Row): TokenView {
  return JSON.parse(view) as TokenView;
}
