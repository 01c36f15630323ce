/** One agent's storage in its object's SQLite, and beside it that of a history which has arrived. */
import type { AgentStore, StagedStore } from "../runtime/ports.ts";
import { SqlOplogStore, TABLES, type Storage } from "./oplog-store.ts";

class SqlStagedStore extends SqlOplogStore implements StagedStore {
  readonly #own: SqlOplogStore;

  constructor(storage: Storage, own: SqlOplogStore) {
    super(storage, "staged_");
    this.#own = own;
  }

  promote(): void {
    for (const table of TABLES) {
      this.storage.sql.exec(`ALTER TABLE ${this.name(table)} RENAME TO ${table}`);
    }
  }

  override async destroy(): Promise<void> {
    if (!this.#own.exists()) return super.destroy();
    this.transaction(() => {
      for (const table of TABLES) {
        this.storage.sql.exec(`DROP TABLE IF EXISTS ${this.name(table)}`);
      }
    });
  }
}

export class SqlAgentStore extends SqlOplogStore implements AgentStore {
  readonly staged: StagedStore;

  constructor(storage: Storage) {
    super(storage);
    this.staged = new SqlStagedStore(storage, this);
  }
}
