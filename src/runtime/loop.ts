/**
 * The loop: asks `nextStep` what to do, performs it, and asks again, until there is nothing to do
 * now. At most one loop runs; at most one invocation is in progress, in the session that is the
 * agent. A step that replaces the session (an update, a recovery) ends in the oplog before anything
 * of the new session can be seen.
 */
import type { AgentTypeView, SnapshotPolicy } from "../core/api/views.ts";
import { firstDue, frontUpdate, nextStep, alarmAt, type Step } from "../core/decide/next.ts";
import { planRecovery, planTrial } from "../core/decide/recovery.ts";
import { defaultRetryPolicy, retryDelay } from "../core/decide/retry.ts";
import { refuse } from "../core/errors.ts";
import type { ErrorData } from "../core/oplog/entry.ts";
import type { InvocationCall, RunReply } from "../core/protocol.ts";
import {
  INITIALIZATION_KEY,
  type PendingInvocation,
  type PendingUpdateState,
  type Status,
} from "../core/status/status.ts";
import { EffectsUnderWay } from "./effects-under-way.ts";
import { Ledger } from "./ledger.ts";
import type { Ports } from "./ports.ts";
import { Recovery, type Start } from "./recovery.ts";
import { SessionDropped, type Session } from "./session.ts";
import { showError } from "../core/api/show.ts";

/** While the loop works, the alarm stands this far ahead: it takes over if the process dies. */
const WATCHDOG_MS = 1000;

/** Calls that are run and committed together, at most. */
const BATCH = 64;

interface RunInProgress {
  readonly session: Session;
  /** Resolves when the run is over, however it ended. */
  readonly over: Promise<void>;
}

type LoopStep = Step | { readonly do: "await-run" };

export class Loop {
  readonly ledger: Ledger;
  readonly #ports: Ports;
  readonly #recovery: Recovery;
  #session: Session | undefined;
  #run: RunInProgress | undefined;
  #type: { readonly revision: number; readonly view: AgentTypeView } | undefined;
  #isDriving = false;
  #driven: Promise<void> = Promise.resolve();
  #notice: () => void = () => {};
  /** Set after an instance died in a batch: which call killed it must be known next time. */
  #isCareful = false;
  /** No automatic snapshot before these: the last one could not be saved. */
  #snapshotHold = { finished: 0, until: 0 };

  constructor(ports: Ports) {
    this.#ports = ports;
    const underWay = new EffectsUnderWay(ports.effects);
    const { store, environment, effects, components, instances } = ports;
    this.ledger = new Ledger(
      store,
      environment,
      (status) => this.#alarmFor(status),
      (entries) => underWay.forget(entries),
    );
    const { ledger } = this;
    this.#recovery = new Recovery({ ledger, store, effects, underWay, components, instances });
  }

  get #now(): number {
    return this.#ports.environment.now();
  }

  /** Starts the loop, or lets the one that runs see what is new. Resolves when there is nothing to do now. */
  drive(): Promise<void> {
    this.#notice();
    if (!this.#isDriving) {
      this.#isDriving = true;
      this.#driven = this.#loop();
    }
    return this.#driven;
  }

  /** Whether an awaited invocation that is accepted now runs within the turn, in the session there is. */
  get isFree(): boolean {
    const { status } = this.ledger;
    return (
      this.#session !== undefined &&
      status?.name === "idle" &&
      status.updates.pending.length === 0 &&
      firstDue(status, this.#now) === undefined
    );
  }

  /** Drops the session at once, whatever it is doing. */
  stop(reason: string): void {
    this.#session?.drop(reason);
    this.#session = undefined;
    this.#run = undefined;
    this.#type = undefined;
    this.#notice();
  }

  #alarmFor(status: Status): number | undefined {
    const now = this.#now;
    const at = alarmAt(status, this.#policy(status), now);
    return at !== undefined && at <= now && this.#isDriving ? now + WATCHDOG_MS : at;
  }

  #policy({ snapshots }: Status): SnapshotPolicy {
    const policy = this.#type?.view.snapshots ?? "disabled";
    const { finished, until } = this.#snapshotHold;
    const isHeld = snapshots.finishedSince < finished || this.#now < until;
    return isHeld ? "disabled" : policy;
  }

  #next(): LoopStep {
    const { status } = this.ledger;
    if (status === undefined) return { do: "rest" };
    if (this.#run !== undefined) {
      const update = frontUpdate(status);
      return update === undefined ? { do: "await-run" } : { do: "apply-update", update };
    }
    return nextStep(status, this.#policy(status), this.#now);
  }

  async #loop(): Promise<void> {
    for (;;) {
      if (this.#needsType()) await this.#learnType();
      const step = this.#next();
      const isIdle = step.do === "rest" || step.do === "wait";
      if (isIdle && this.ledger.inbox.size > 0) {
        if (this.#session === undefined) this.ledger.append([]);
        else this.#runInbox(this.#session);
        continue;
      }
      if (isIdle) {
        this.#isDriving = false;
        this.ledger.journal?.checkpointIfLong();
        this.ledger.journal?.arm();
        return;
      }
      await this.#perform(step);
    }
  }

  #needsType(): boolean {
    const { status } = this.ledger;
    return status !== undefined && this.#type?.revision !== status.revision;
  }

  async #learnType(): Promise<void> {
    const { status } = this.ledger;
    if (status === undefined) return;
    const { component, type } = status.identity;
    const known = await this.#ports.components.agentType(component, status.revision, type);
    if (!known.ok) throw new Error(known.refusal.detail);
    this.#type = { revision: status.revision, view: known.value.type };
  }

  async #perform(step: Exclude<LoopStep, { do: "rest" | "wait" }>): Promise<void> {
    switch (step.do) {
      case "await-run":
        return this.#awaitRun();
      case "apply-update":
        return this.#applyUpdate(step.update);
      case "continue":
        return this.#recover();
      case "take-snapshot":
        return this.#session === undefined ? this.#recover() : this.#takeSnapshot(this.#session);
      case "save-for-update":
        return this.#session === undefined
          ? this.#recover()
          : this.#saveForUpdate(this.#session, step.pending);
      case "invoke":
        return this.#session === undefined ? this.#recover() : this.#runPending(this.#session);
    }
  }

  async #awaitRun(): Promise<void> {
    const noticed = new Promise<void>((resolve) => {
      this.#notice = resolve;
    });
    await Promise.race([this.#run?.over, noticed]);
  }

  // Invocations

  #room(status: Status): number {
    if (this.#isCareful) return 1;
    const policy = this.#policy(status);
    if (policy === "disabled" || "everySeconds" in policy) return BATCH;
    return Math.min(BATCH, Math.max(1, policy.everyInvocations - status.snapshots.finishedSince));
  }

  #runInbox(session: Session): void {
    const { status, inbox } = this.ledger;
    const room = status === undefined ? 0 : this.#room(status);
    const calls: InvocationCall[] = [];
    for (const { idempotencyKey, invocation } of inbox.values()) {
      if (calls.length === room) break;
      if (invocation.type === "method") {
        const { method, args } = invocation;
        calls.push({ idempotencyKey, pendingIndex: 0, method, args, seed: this.#seed() });
      }
    }
    this.#begin(session, session.run(calls, this.#isCareful));
  }

  #seed(): string {
    return this.#ports.environment.uuid();
  }

  #runPending(session: Session): Promise<void> {
    const { status } = this.ledger;
    const calls = status === undefined ? [] : this.#dueCalls(status);
    this.#begin(session, session.run(calls, this.#isCareful));
    return Promise.resolve();
  }

  /** The first requests that are due, in order, as far as they are method calls. */
  #dueCalls(status: Status): InvocationCall[] {
    const first = firstDue(status, this.#now);
    if (first === undefined) return [];
    const calls = [this.#callOf(first)];
    if (first.request.type !== "method" || first !== status.pending[0]) return calls;
    const room = this.#room(status);
    for (const pending of status.pending.slice(1)) {
      const isNext = pending.request.type === "method" && pending.scheduledFor === undefined;
      if (calls.length >= room || !isNext) break;
      calls.push(this.#callOf(pending));
    }
    return calls;
  }

  #callOf({ index, idempotencyKey, request }: PendingInvocation): InvocationCall {
    const seed = this.#seed();
    const shared = { idempotencyKey, pendingIndex: index, seed };
    if (request.type !== "method") return { ...shared, method: "onCreate", args: "[]" };
    const entry = this.ledger.journal?.entry(index);
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
    this.#run = { session, over };
  }

  #end(session: Session, reply: RunReply): void {
    if (this.#run?.session !== session) return;
    this.#run = undefined;
    this.#isCareful = false;
    if (reply.state === "suspended") {
      this.ledger.append([{ kind: "Suspend", at: this.#now, until: reply.until }]);
      this.#discard("the agent sleeps");
    }
    if (reply.state === "failed") {
      this.#discard("the initialization failed");
      this.#fail(reply.error);
    }
  }

  /** The code cannot go on: its isolate died, or the host is at fault. Nothing of the batch can have been seen. */
  #crash(session: Session, error: unknown): void {
    if (this.#run?.session !== session || error instanceof SessionDropped) return;
    this.#run = undefined;
    this.#discard("the instance died");
    this.ledger.append([]);
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    if (this.ledger.status?.current === undefined && !this.#isCareful) this.#isCareful = true;
    else this.#retry({ name, message });
  }

  #discard(reason: string): void {
    this.#session?.drop(reason);
    this.#session = undefined;
  }

  /** Counts from the oplog, so a restart does not refill the budget. */
  #retry(error: ErrorData): void {
    const { status } = this.ledger;
    if (status === undefined) return;
    const retryFrom = status.current?.startedIndex ?? status.lastIndex;
    const attempt = (status.failure?.attempt ?? 0) + 1;
    const { environment } = this.#ports;
    const delay = retryDelay(defaultRetryPolicy, attempt, environment.random());
    if (delay === undefined) {
      this.#fail(error, attempt);
      return;
    }
    const at = this.#now;
    this.ledger.append([{ kind: "Error", at, error, retryFrom, attempt, retryAt: at + delay }]);
  }

  #fail(error: ErrorData, attempt = 1): void {
    const { status } = this.ledger;
    if (status === undefined) return;
    const retryFrom = status.current?.startedIndex ?? status.lastIndex;
    this.ledger.append([{ kind: "Error", at: this.#now, error, retryFrom, attempt }]);
    const detail = `The agent has failed: ${error.message} Resume it, revert it, or update it to code that gets past this.`;
    this.ledger.callers.wakeAll(
      refuse("agent-failed", detail, { lastError: showError(error) }).refusal,
    );
    this.ledger.callers.wake(INITIALIZATION_KEY, "ended");
  }

  // Recovery and updates

  #adopt(start: Extract<Start, { ok: true }>): void {
    const { session, reply } = start;
    session.adopt();
    this.#session = session;
    this.#run = undefined;
    if (reply.state === "open") this.#begin(session, session.proceed());
  }

  async #recover(): Promise<void> {
    this.#discard("the agent recovers");
    const distrusted = new Set<number>();
    for (;;) {
      const { status } = this.ledger;
      if (status === undefined) return;
      const plan = planRecovery(status, distrusted);
      const start = await this.#recovery.start(status, plan, "left");
      if (this.ledger.status?.identity.incarnation !== status.identity.incarnation) {
        if (start.ok) start.session.drop("the agent was deleted");
        return;
      }
      if (start.ok) return this.#adopt(start);
      if (start.isHostFault) return this.#retry(start.error);
      if (plan.base.kind !== "automatic") return this.#fail(start.error);
      distrusted.add(plan.base.index);
      this.ledger.append([
        {
          kind: "SnapshotRecoveryFailed",
          at: this.#now,
          snapshotIndex: plan.base.index,
          detail: start.error.message,
        },
      ]);
    }
  }

  /** The trial of a pending update, beside the living instance: it becomes the agent or leaves no trace. */
  async #applyUpdate(update: PendingUpdateState): Promise<void> {
    this.ledger.append([]);
    const { status } = this.ledger;
    if (status === undefined) return;
    const old = this.#session;
    old?.freeze();
    const slot = old?.slot === "left" ? "right" : "left";
    const start = await this.#recovery.start(status, planTrial(status, update), slot);
    if (this.ledger.status?.identity.incarnation !== status.identity.incarnation) {
      if (start.ok) start.session.drop("the agent was deleted");
      return;
    }
    const failure = failureOf(start);
    const concluded = { at: this.#now, updateId: update.id, revision: update.revision };
    if (start.ok && failure === undefined) {
      this.ledger.append([{ kind: "SuccessfulUpdate", ...concluded }]);
      old?.drop("the agent was updated");
      this.#adopt(start);
    } else {
      if (start.ok) start.session.drop("the update failed");
      this.ledger.append([{ kind: "FailedUpdate", ...concluded, ...detailOf(failure) }]);
      old?.thaw();
    }
  }

  async #saveForUpdate(session: Session, { request, at }: PendingInvocation): Promise<void> {
    if (request.type !== "manual-update") return;
    const { updateId, revision } = request;
    const reply = await this.#save(session);
    if (session.isDropped) return;
    if (!reply.ok) {
      this.#discard("the snapshot could not be saved");
      const detail = `The snapshot could not be saved: ${reply.error.message}`;
      this.ledger.append([{ kind: "FailedUpdate", at: this.#now, updateId, revision, detail }]);
      return;
    }
    const { mime, bytes, payload } = reply.snapshot;
    this.ledger.append(
      [
        {
          kind: "PendingUpdate",
          at: this.#now,
          updateId,
          mode: "manual",
          revision,
          requestedAt: at,
          wake: true,
          snapshot: { mime, bytes },
          savedBy: session.revision,
        },
      ],
      (first) => this.#ports.store.putSnapshot(first, payload),
    );
  }

  async #save(session: Session): ReturnType<Session["save"]> {
    try {
      return await session.save();
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      return { ok: false, error: { name, message } };
    }
  }

  async #takeSnapshot(session: Session): Promise<void> {
    const reply = await this.#save(session);
    const { status } = this.ledger;
    if (session.isDropped || status === undefined) return;
    if (!reply.ok) {
      this.#holdSnapshots(status);
      this.#discard("the snapshot could not be saved");
      const message = `The automatic snapshot could not be saved: ${reply.error.message}`;
      this.ledger.append([{ kind: "Log", at: this.#now, level: "error", message }]);
      return;
    }
    const { mime, bytes, payload } = reply.snapshot;
    this.ledger.appendWithCheckpoint(
      { kind: "Snapshot", at: this.#now, mime, revision: session.revision, bytes },
      (first) => {
        this.#ports.store.putSnapshot(first, payload);
        this.#collect();
      },
    );
  }

  /** The next try comes after the same interval again. */
  #holdSnapshots({ snapshots }: Status): void {
    const policy = this.#type?.view.snapshots ?? "disabled";
    if (policy === "disabled") return;
    this.#snapshotHold =
      "everySeconds" in policy
        ? { finished: 0, until: this.#now + policy.everySeconds * 1000 }
        : { finished: snapshots.finishedSince + policy.everyInvocations, until: 0 };
  }

  /** Drops automatic snapshots that have two newer ones. */
  #collect(): void {
    const { store } = this.#ports;
    const automatic = store
      .snapshotIndices()
      .filter((index) => this.ledger.journal?.entry(index)?.kind === "Snapshot");
    for (const index of automatic.slice(0, -2)) store.dropSnapshot(index);
  }
}

/** Why a trial must not become the agent: it did not start, or its initialization throws. */
function failureOf(start: Start): ErrorData | undefined {
  if (!start.ok) return start.error;
  return start.reply.state === "open" ? start.reply.failure : undefined;
}

function detailOf(failure: ErrorData | undefined): { detail?: string } {
  return failure === undefined ? {} : { detail: failure.message };
}
