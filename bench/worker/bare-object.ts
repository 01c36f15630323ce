import { DurableObject } from "cloudflare:workers";

/**
 * What the same work costs without Perdure: a counter in a Durable Object that keeps a log.
 * Nothing here may be slower than it has to be: it is the yardstick.
 */
export class BareObject extends DurableObject {
  readonly #sql: SqlStorage;
  #count = 0;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec("CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY, value INTEGER)");
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY, op TEXT, result TEXT)",
    );
    this.#sql.exec("INSERT OR IGNORE INTO counter VALUES (1, 0)");
    this.#count = Number(this.#sql.exec("SELECT value FROM counter WHERE id = 1").one()["value"]);
  }

  override fetch(request: Request): Response {
    switch (new URL(request.url).pathname.split("/")[2]) {
      case "incr":
        return new Response(String(this.#increment()));
      case "ten":
        return new Response(String(this.#ten()));
      default:
        return new Response("no such operation", { status: 404 });
    }
  }

  #increment(): number {
    const count = ++this.#count;
    this.#sql.exec("INSERT INTO log (op, result) VALUES ('incr', ?)", String(count));
    this.#sql.exec("UPDATE counter SET value = ? WHERE id = 1", count);
    return count;
  }

  /** Without an await in between, all rows reach the disk in one commit, before the answer leaves. */
  #ten(): number {
    for (let i = 0; i < 10; i++) {
      this.#sql.exec("INSERT INTO log (op, result) VALUES ('step', ?)", String(i));
    }
    const count = ++this.#count;
    this.#sql.exec("UPDATE counter SET value = ? WHERE id = 1", count);
    return count;
  }
}
