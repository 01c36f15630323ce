/** Runs invocations in the session that is the agent, several at a time where they take no time. */
import { thrownData } from "../../core/oplog/thrown.ts";
import { firstDue } from "../../core/decide/next.ts";
import { parking } from "../../core/decide/promises.ts";
import type { InvocationCall, RunReply } from "../../core/protocol.ts";
import type { PendingInvocation, Status } from "../../core/status/status.ts";
import type { Failures } from "./failures.ts";
import type { Present } from "./present.ts";
import type { Start } from "./recovery.ts";
import { SessionDropped, type Session } from "./session.ts";

/** Calls that are run and committed together, at most. */
const BATCH = 64;
const BATCH_CHARACTERS = 1024 * 1024;

/** Whether the arguments of calls are as much as one message should carry. */
function isFull(calls: readonly InvocationCall[]): boolean {
  return calls.reduce((characters, { args }) => characters + args.length, 0) > BATCH_CHARACTERS;
}

export class Runs {
  readonly #present: Present;
  readonly #failures: Failures;
  /** Set after an instance died in a batch: which call killed it must be known next time. */
  #isCareful = false;

  constructor(present: Present, failures: Failures) {
    this.#present = present;
    this.#failures = failures;
  }

  /** Runs what was accepted and is not in the oplog yet; it is committed with its outcomes. */
  runInbox(session: Session): void {
    const { status, inbox } = this.#present.ledger;
    const room = status === undefined ? 0 : this.#room(status);
    const calls: InvocationCall[] = [];
    for (const { idempotencyKey, invocation } of inbox.values()) {
      if (calls.length === room || isFull(calls)) break;
      if (invocation.type === "method") {
        const { method, args } = invocation;
        calls.push({ idempotencyKey, pendingIndex: 0, method, args, seed: this.#seed() });
      }
    }
    this.#begin(session, session.run(calls, this.#isCareful));
  }

  /** Runs the first requests of the queue that are due. */
  runPending(session: Session): void {
    const { status } = this.#present.ledger;
    const calls = status === undefined ? [] : this.#dueCalls(status);
    this.#begin(session, session.run(calls, this.#isCareful));
  }

  /** Makes a booted session the agent; an unfinished invocation goes on in it. */
  adopt({ session, reply }: Extract<Start, { ok: true }>): void {
    session.adopt();
    this.#present.session = session;
    this.#present.run = undefined;
    if (reply.state === "open") this.#begin(session, session.proceed());
  }

  #seed(): string {
    return this.#present.ports.environment.uuid();
  }

  /** A snapshot that is due must not be overrun by a batch. */
  #room(status: Status): number {
    if (this.#isCareful) return 1;
    const policy = this.#present.policy(status);
    if (policy === "disabled" || "everySeconds" in policy) return BATCH;
    return Math.min(BATCH, Math.max(1, policy.everyInvocations - status.snapshots.finishedSince));
  }

  #dueCalls(status: Status): InvocationCall[] {
    const first = firstDue(status, this.#present.now);
    if (first === undefined) return [];
    const calls = [this.#callOf(first)];
    if (first.request.type !== "method" || first !== status.pending[0]) return calls;
    const room = this.#room(status);
    for (const pending of status.pending.slice(1, room)) {
      if (pending.request.type !== "method" || pending.scheduledFor !== undefined) break;
      if (isFull(calls)) break;
      calls.push(this.#callOf(pending));
    }
    return calls;
  }

  #callOf({ index, idempotencyKey, request }: PendingInvocation): InvocationCall {
    const shared = { idempotencyKey, pendingIndex: index, seed: this.#seed() };
    if (request.type !== "method") return { ...shared, method: "onCreate", args: "[]" };
    const entry = this.#present.ledger.journal?.entry(index);
    if (entry?.kind !== "PendingAgentInvocation" || entry.invocation.type !== "method") {
      throw new Error(`the oplog has no method call at ${index}`);
    }
    return { ...shared, method: request.method, args: entry.invocation.args };
  }

  #begin(session: Session, reply: Promise<RunReply>): void {
    const over = reply.then(
      (finished) => this.#end(session, finished),
      (error: unknown) => this.#crash(session, error),
    );
    this.#present.run = { session, over };
    if (this.#present.isCancelling) session.cancel();
  }

  #end(session: Session, reply: RunReply): void {
    const present = this.#present;
    if (present.run?.session !== session) return;
    present.run = undefined;
    this.#isCareful = false;
    const { status } = present.ledger;
    if (reply.state === "suspended" && status !== undefined) {
      present.ledger.append([parking(status, reply, present.now)]);
      present.discard("the agent sleeps");
    }
    if (reply.state === "retry") {
      present.discard("the invocation begins anew");
      this.#failures.beginAnew(reply);
    }
    if (reply.state === "failed") {
      present.discard("the initialization failed");
      this.#failures.fail(reply.error);
    }
  }

  /**
   * The code cannot go on: its isolate died, or the host is at fault. A batch of which nothing was
   * committed is run once more, call by call, before anything counts as a failed try.
   */
  #crash(session: Session, error: unknown): void {
    const present = this.#present;
    if (present.run?.session !== session || error instanceof SessionDropped) return;
    present.discard("the instance died");
    present.ledger.append([]);
    const isUnknown = present.ledger.status?.current === undefined && !this.#isCareful;
    if (isUnknown) this.#isCareful = true;
    else this.#failures.retry(thrownData(error));
  }
}
