/**
 * Finds an invocation by its idempotency key: those of the recent past in memory, all others in
 * sorted runs that are written with each checkpoint.
 */
import { hashKey, type KeyRecord } from "../../core/keys/key-run.ts";
import type { Indexed } from "../../core/oplog/entry.ts";
import type { Status } from "../../core/status/status.ts";
import { KeyRuns } from "./key-runs.ts";
import type { OplogStore } from "../ports.ts";

/** Where the entries of an invocation stand; 0 for those that it does not have. */
export interface Whereabouts {
  readonly pending: number;
  readonly started: number;
  readonly ended: number;
}

export class KeyTable {
  readonly #runs: KeyRuns;
  readonly #recent = new Map<string, Whereabouts>();

  constructor(store: OplogStore) {
    this.#runs = new KeyRuns(store);
  }

  /** Invocations that are open in a status whose earlier entries are not read again, or again after a revert. */
  adopt(status: Status): void {
    for (const { idempotencyKey, index } of status.pending) {
      this.#recent.set(idempotencyKey, { pending: index, started: 0, ended: 0 });
    }
    const { current } = status;
    if (current === undefined) return;
    const { pendingIndex: pending, startedIndex: started } = current;
    this.#recent.set(current.idempotencyKey, { pending, started, ended: 0 });
  }

  note({ index, entry }: Indexed): void {
    switch (entry.kind) {
      case "PendingAgentInvocation":
        this.#recent.set(entry.idempotencyKey, { pending: index, started: 0, ended: 0 });
        break;
      case "AgentInvocationStarted": {
        const { idempotencyKey, pendingIndex: pending } = entry;
        this.#recent.set(idempotencyKey, { pending, started: index, ended: 0 });
        break;
      }
      case "AgentInvocationFinished":
      case "CancelPendingInvocation": {
        const known = this.#recent.get(entry.idempotencyKey);
        if (known !== undefined) this.#recent.set(entry.idempotencyKey, { ...known, ended: index });
        break;
      }
      default:
    }
  }

  /** Candidates for a key, newest first; the caller reads the entries to be sure. */
  *find(key: string): Iterable<Whereabouts> {
    const recent = this.#recent.get(key);
    if (recent !== undefined) yield recent;
    yield* this.#runs.find(hashKey(key));
  }

  /** Moves what has ended into a run; part of the transaction that writes a checkpoint. */
  store(): void {
    const ended: KeyRecord[] = [];
    for (const [key, whereabouts] of this.#recent) {
      if (whereabouts.ended !== 0) ended.push({ hash: hashKey(key), ...whereabouts });
    }
    this.#runs.add(ended);
  }

  /** The transaction around `store` was rolled back. */
  rollBack(): void {
    this.#runs.reload();
  }

  /** Forgets what `store` has moved; called once its transaction is through. */
  forgetStored(): void {
    for (const [key, { ended }] of this.#recent) if (ended !== 0) this.#recent.delete(key);
  }
}
