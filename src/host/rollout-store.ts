/** The storage of a component's rollouts in SQLite. Nothing is created before the first rollout. */
import type { Member, RolloutRow, RolloutStore } from "../runtime/fleet/rollout-ports.ts";

const SCHEMA = [
  "CREATE TABLE IF NOT EXISTS rollouts(number INTEGER PRIMARY KEY, id TEXT NOT NULL, body TEXT NOT NULL)",
  `CREATE TABLE IF NOT EXISTS members(
     rollout INTEGER, position INTEGER, type TEXT NOT NULL, key TEXT NOT NULL, state TEXT NOT NULL,
     update_id TEXT, account TEXT, PRIMARY KEY(rollout, position)
   ) WITHOUT ROWID`,
];

type MemberRow = {
  position: number;
  type: string;
  key: string;
  state: Member["state"];
  update_id: string | null;
  account: string | null;
};

function memberOf({ update_id: updateId, account, ...member }: MemberRow): Member {
  return {
    ...member,
    ...(updateId === null ? {} : { updateId }),
    ...(account === null ? {} : { account }),
  };
}

export class SqlRolloutStore implements RolloutStore {
  readonly #storage: DurableObjectStorage;
  #exists: boolean;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    const tables = storage.sql.exec(
      "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'rollouts'",
    );
    this.#exists = tables.toArray().length > 0;
  }

  transaction(work: () => void): void {
    this.#storage.transactionSync(work);
  }

  rows(): readonly RolloutRow[] {
    if (!this.#exists) return [];
    return this.#storage.sql
      .exec<{ number: number; id: string; body: string }>(
        "SELECT number, id, body FROM rollouts ORDER BY number",
      )
      .toArray();
  }

  put({ number, id, body }: RolloutRow): void {
    if (!this.#exists) for (const statement of SCHEMA) this.#storage.sql.exec(statement);
    this.#exists = true;
    this.#storage.sql.exec("INSERT OR REPLACE INTO rollouts VALUES (?, ?, ?)", number, id, body);
  }

  addMembers(rollout: number, members: readonly Member[]): void {
    for (const member of members) this.putMember(rollout, member);
  }

  members(
    rollout: number,
    { from, limit, states }: Parameters<RolloutStore["members"]>[1],
  ): readonly Member[] {
    const those = states === undefined ? "" : `AND state IN (${states.map(() => "?").join(", ")})`;
    return this.#storage.sql
      .exec<MemberRow>(
        `SELECT position, type, key, state, update_id, account FROM members
         WHERE rollout = ? AND position >= ? ${those} ORDER BY position LIMIT ?`,
        rollout,
        from,
        ...(states ?? []),
        limit,
      )
      .toArray()
      .map(memberOf);
  }

  putMember(rollout: number, member: Member): void {
    const { position, type, key, state, updateId = null, account = null } = member;
    this.#storage.sql.exec(
      "INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?, ?, ?, ?)",
      rollout,
      position,
      type,
      key,
      state,
      updateId,
      account,
    );
  }

  tally(rollout: number): ReadonlyMap<Member["state"], number> {
    const counted = this.#storage.sql
      .exec<{ state: Member["state"]; count: number }>(
        "SELECT state, COUNT(*) AS count FROM members WHERE rollout = ? GROUP BY state",
        rollout,
      )
      .toArray();
    return new Map(counted.map(({ state, count }) => [state, count]));
  }

  setAlarm(at: number): void {
    void this.#storage.setAlarm(at);
  }
}
