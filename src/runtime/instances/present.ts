/**
 * What an agent is at this moment in this process: the session that is the agent, the invocation
 * that is in progress in it, and what its revision declares. All of it can be lost at any time; the
 * ledger is what lasts.
 */
import type { AgentTypeDescription } from "../../core/api/description.ts";
import type { SnapshotPolicy } from "../../core/api/views.ts";
import type { Status } from "../../core/status/status.ts";
import type { Ledger } from "../books/ledger.ts";
import type { Ports } from "../ports.ts";
import type { Recovery } from "./recovery.ts";
import type { Session } from "./session.ts";

/** An invocation, or a batch of them, in progress. */
export interface RunInProgress {
  readonly session: Session;
  /** Resolves when the run is over, however it ended. */
  readonly over: Promise<void>;
}

export class Present {
  readonly ports: Ports;
  readonly ledger: Ledger;
  readonly recovery: Recovery;
  session: Session | undefined;
  /** The invocation that is to be cancelled while it runs, and when its code is stopped at the latest. */
  cancelling: { readonly idempotencyKey: string; readonly by: number } | undefined;
  run: RunInProgress | undefined;
  #type: { readonly revision: number; readonly view: AgentTypeDescription } | undefined;
  /** No automatic snapshot before these: the last one could not be saved. */
  #snapshotHold = { finished: 0, until: 0 };

  constructor(ports: Ports, ledger: Ledger, recovery: Recovery) {
    this.ports = ports;
    this.ledger = ledger;
    this.recovery = recovery;
  }

  /** Epoch milliseconds. */
  get now(): number {
    return this.ports.environment.now();
  }

  /** Drops the session: the next step that needs one recovers it. */
  discard(reason: string): void {
    this.session?.drop(reason);
    this.session = undefined;
    this.run = undefined;
  }

  /** Forgets everything: the agent is no more. */
  clear(reason: string): void {
    this.discard(reason);
    this.#type = undefined;
    this.#snapshotHold = { finished: 0, until: 0 };
  }

  /** Whether the invocation in progress is to be cancelled. */
  get isCancelling(): boolean {
    const current = this.ledger.status?.current;
    return current !== undefined && current.idempotencyKey === this.cancelling?.idempotencyKey;
  }

  get needsType(): boolean {
    const { status } = this.ledger;
    return status !== undefined && this.#type?.revision !== status.revision;
  }

  /** Learns what the revision in force declares. */
  async learnType(): Promise<void> {
    const { status } = this.ledger;
    if (status === undefined) return;
    const { component, type } = status.identity;
    const known = await this.ports.components.agentType(component, status.revision, type);
    if (!known.ok) throw new Error(known.refusal.detail);
    this.#type = { revision: status.revision, view: known.value.type };
  }

  /** The snapshot policy in force at this moment; while it is not known, a snapshot may be due at any time. */
  policy({ snapshots, revision }: Status): SnapshotPolicy {
    if (this.#type?.revision !== revision) return { everySeconds: 0 };
    const { finished, until } = this.#snapshotHold;
    const isHeld = snapshots.finishedSince < finished || (until > 0 && this.now < until);
    return isHeld ? "disabled" : this.#declaredPolicy;
  }

  get #declaredPolicy(): SnapshotPolicy {
    return this.#type?.view.snapshots ?? "disabled";
  }

  /** After a failed automatic snapshot the next try comes after the same interval again. */
  holdSnapshots({ snapshots }: Status): void {
    const policy = this.#declaredPolicy;
    if (policy === "disabled") return;
    this.#snapshotHold =
      "everySeconds" in policy
        ? { finished: 0, until: this.now + policy.everySeconds * 1000 }
        : { finished: snapshots.finishedSince + policy.everyInvocations, until: 0 };
  }
}
