/**
 * The loop: asks `nextStep` what to do, performs it, and asks again, until there is nothing to do
 * now. At most one loop runs, and at most one invocation is in progress, in the session that is the
 * agent.
 */
import {
  cancelBy,
  endOfCancelled,
  hearsCancellation,
  resumption,
} from "../core/decide/lifecycle.ts";
import {
  alarmAt,
  firstDue,
  frontUpdate,
  nextStep,
  type InForce,
  type Step,
} from "../core/decide/next.ts";
import { checkSnapshot } from "../core/decide/snapshot.ts";
import type { SnapshotView } from "../core/api/views.ts";
import type { Result } from "../core/errors.ts";
import type { Limits } from "../core/limits.ts";
import type { ReadCall, ReadReply } from "../core/protocol.ts";
import type { Status } from "../core/status/status.ts";
import { Answering } from "./instances/answering.ts";
import { DryRunning } from "./instances/dry-running.ts";
import { EffectsUnderWay } from "./effects/effects-under-way.ts";
import { Errands } from "./errands.ts";
import { Failures } from "./instances/failures.ts";
import { Following } from "./books/following.ts";
import { Ledger } from "./books/ledger.ts";
import { Performing } from "./effects/performing.ts";
import type { Ports } from "./ports.ts";
import { Present } from "./instances/present.ts";
import { Promises } from "./effects/promises.ts";
import { Recovery } from "./instances/recovery.ts";
import { noAgent, refused } from "./operations/refusals.ts";
import { Replacing } from "./instances/replacing.ts";
import { Runs } from "./instances/runs.ts";
import type { Session } from "./instances/session.ts";
import { Snapshotting } from "./instances/snapshotting.ts";
import { Trying } from "./effects/trying.ts";

/** While the loop works, the alarm stands this far ahead: it takes over if the process dies. */
const WATCHDOG_MS = 1000;

type LoopStep =
  | Step
  | { readonly do: "await-run" | "recover" | "snapshot-now" | "save-for-dry-run" };
type Work = Exclude<LoopStep, { do: "rest" | "wait" }>;

export class Loop {
  readonly ledger: Ledger;
  readonly following: Following;
  readonly promises: Promises;
  readonly dryRunning: DryRunning;
  readonly #underWay: EffectsUnderWay;
  readonly #present: Present;
  readonly #runs: Runs;
  readonly #replacing: Replacing;
  readonly #snapshotting: Snapshotting;
  readonly #answering: Answering;
  readonly #snapshotsWanted = new Errands<Result<SnapshotView>>();
  #isDriving = false;
  #mustRecover = false;
  #driven: Promise<void> = Promise.resolve();
  #notice: () => void = () => {};

  constructor(ports: Ports) {
    const { store, environment, settings } = ports;
    const alarmFor = (status: Status): number | undefined => this.#alarmFor(status);
    this.ledger = new Ledger(store, environment, alarmFor, (entries) => {
      underWay.forget(entries);
      this.#giveWay();
      this.promises.appended(entries);
      this.following.changed();
    });
    const { ledger } = this;
    this.following = new Following(ledger, store, ports.listeners);
    this.promises = new Promises(ledger);
    const effects = new Performing(ports, ledger, this.promises);
    const underWay = new EffectsUnderWay(new Trying(effects, ledger, environment, settings.retry));
    this.#underWay = underWay;
    const recovery = new Recovery({ ...ports, ledger, underWay });
    const present = new Present(ports, ledger, recovery);
    const failures = new Failures(present);
    this.#present = present;
    this.#runs = new Runs(present, failures);
    this.#replacing = new Replacing(present, this.#runs, failures);
    this.#snapshotting = new Snapshotting(present);
    this.dryRunning = new DryRunning(present, () => void this.drive());
    this.#answering = new Answering(present, {
      drive: () => void this.drive(),
      restart: () => this.restart(),
    });
  }

  /** Starts the loop, or lets the one that runs see what is new. Resolves when there is nothing to do now. */
  drive(): Promise<void> {
    this.#notice();
    if (!this.#isDriving) {
      this.#isDriving = true;
      this.#driven = this.#loop().catch((error: unknown) => this.#break(error));
    }
    return this.#driven;
  }

  /** The host is at fault: the alarm takes the work up again. */
  #break(error: unknown): void {
    console.error("the loop of an agent broke off", error);
    this.#present.discard("the loop broke off");
    this.#isDriving = false;
    this.#snapshotsWanted.fail(error);
    this.dryRunning.fail(error);
    this.#answering.sessionChanged();
    this.ledger.append([]);
    this.ledger.journal?.arm();
  }

  /** Whether an awaited invocation that is accepted now runs within the turn, in the session there is. */
  get isFree(): boolean {
    const { status } = this.ledger;
    return (
      this.#present.session !== undefined &&
      status?.name === "idle" &&
      status.updates.pending.length === 0 &&
      firstDue(status, this.#present.now) === undefined
    );
  }

  /** Stops whatever the agent is doing: it is interrupted or deleted. */
  stop(reason: string): void {
    this.#present.clear(reason);
    this.#notice();
  }

  /** Stops for a revert: also an instance that is being started, for it comes to a state that is no more. */
  halt(reason: string): void {
    this.#present.recovery.abandon(reason);
    this.#present.cancelling = undefined;
    this.stop(reason);
  }

  /** Takes a snapshot between two invocations. */
  takeSnapshot(): Promise<Result<SnapshotView>> {
    const taken = this.#snapshotsWanted.add();
    void this.drive();
    return taken;
  }

  /** Answers a call of a read-only method. */
  read(call: ReadCall): Promise<Result<ReadReply>> {
    return this.#answering.read(call);
  }

  /** Cancels the invocation in progress: its code is told, and stopped after a grace. */
  async stopInvocation(idempotencyKey: string): Promise<void> {
    const { status, callers } = this.ledger;
    if (status === undefined) return;
    const { now } = this.#present;
    const by = hearsCancellation(status) ? now + this.#limits.cancelGraceMs : now;
    this.#present.cancelling = { idempotencyKey, by };
    if (status.name === "suspended") this.ledger.append([resumption(now)]);
    if (this.#present.run !== undefined) this.#present.session?.cancel();
    const isOver = (): boolean => this.ledger.status?.current?.idempotencyKey !== idempotencyKey;
    while (!isOver()) {
      const left = by - this.#present.now;
      const ended = callers.wait(idempotencyKey, left > 0 ? left : undefined);
      void this.drive();
      await ended;
    }
    this.#present.cancelling = undefined;
  }

  /** Stops the code of a cancelled invocation wherever it is. */
  #endCancelled(): void {
    this.#present.discard("the invocation was cancelled");
    this.#underWay.clear();
    this.ledger.append([]);
    const { status } = this.ledger;
    if (status !== undefined) this.ledger.append(endOfCancelled(status, this.#present.now));
  }

  /** An invocation that goes on for longer is not waited for. */
  #giveWay(): void {
    if (this.#snapshotsWanted.isEmpty) return;
    const { status } = this.ledger;
    const refusal = status?.current && checkSnapshot(status);
    if (refusal !== undefined) this.#snapshotsWanted.settle(refused(refusal));
  }

  async #snapshotNow(session: Session | undefined): Promise<void> {
    const { status } = this.ledger;
    const refusal = status && checkSnapshot(status);
    if (refusal !== undefined) return this.#snapshotsWanted.settle(refused(refusal));
    if (session === undefined) return this.#replacing.recover();
    return this.#snapshotsWanted.perform(() => this.#snapshotting.takeNow(session));
  }

  /** The agent is no more: what was under way for it is of no interest to the next one here. */
  forget(): void {
    this.ledger.forget();
    this.promises.forget();
    this.#underWay.clear();
  }

  /** Drops the session and recovers it, as after a crash; callers notice nothing. */
  restart(): void {
    this.#mustRecover = true;
    this.#present.discard("the instance is dropped and recovered");
    void this.drive();
  }

  get #limits(): Limits {
    return this.#present.ports.settings.limits;
  }

  #inForce(status: Status): InForce {
    return { policy: this.#present.policy(status), limits: this.#limits };
  }

  #alarmFor(status: Status): number | undefined {
    const { now } = this.#present;
    const at = alarmAt(status, this.#inForce(status), now);
    return at !== undefined && at <= now && this.#isDriving ? now + WATCHDOG_MS : at;
  }

  #next(): LoopStep {
    const { status } = this.ledger;
    if (status === undefined) return { do: "rest" };
    const { run, now } = this.#present;
    if (this.#mustRecover && run === undefined) return { do: "recover" };
    const update = frontUpdate(status);
    if (update !== undefined) return { do: "apply-update", update };
    if (this.#isCancelDue(status)) return { do: "end-cancelled" };
    if (run !== undefined) return { do: "await-run" };
    if (this.#answering.wantsSession && status.name === "idle") return { do: "recover" };
    if (!this.#snapshotsWanted.isEmpty) return { do: "snapshot-now" };
    if (this.dryRunning.wantsSave && status.name === "idle") return { do: "save-for-dry-run" };
    return nextStep(status, this.#inForce(status), now);
  }

  #isCancelDue(status: Status): boolean {
    const { cancelling, isCancelling, now } = this.#present;
    const by =
      (isCancelling ? cancelling?.by : undefined) ?? cancelBy(status, this.#limits.cancelGraceMs);
    return by !== undefined && by <= now;
  }

  async #loop(): Promise<void> {
    for (;;) {
      if (this.#present.needsType) await this.#present.learnType();
      const step = this.#next();
      if (step.do !== "rest" && step.do !== "wait") {
        await this.#perform(step);
        this.#answering.sessionChanged();
      } else if (this.ledger.inbox.size > 0) this.#takeInbox(this.#present.session);
      else {
        this.#isDriving = false;
        this.#answering.sessionChanged();
        if (this.ledger.status === undefined) this.#snapshotsWanted.settle(noAgent);
        this.dryRunning.loopRests();
        this.ledger.journal?.checkpointIfLong();
        this.ledger.journal?.arm();
        return;
      }
    }
  }

  /** Without a session it takes long until they run: the requests are committed first. */
  #takeInbox(session: Session | undefined): void {
    if (session === undefined) this.ledger.append([]);
    else this.#runs.runInbox(session);
  }

  async #perform(step: Work): Promise<void> {
    const { session } = this.#present;
    switch (step.do) {
      case "await-run":
        return this.#awaitRun();
      case "apply-update":
        return this.#replacing.applyUpdate(step.update);
      case "snapshot-now":
        return this.#snapshotNow(session);
      case "save-for-dry-run":
        return session ? this.dryRunning.saveNow(session) : this.#replacing.recover();
      case "end-cancelled":
        return this.#endCancelled();
      case "recover":
      case "continue":
        this.#mustRecover = false;
        return this.#replacing.recover();
      default:
        return session === undefined ? this.#replacing.recover() : this.#performIn(session, step);
    }
  }

  async #performIn(
    session: Session,
    step: Extract<Step, { do: "take-snapshot" | "save-for-update" | "invoke" }>,
  ): Promise<void> {
    switch (step.do) {
      case "take-snapshot":
        return this.#snapshotting.takeAutomatic(session);
      case "save-for-update":
        return this.#snapshotting.saveForUpdate(session, step.pending);
      case "invoke":
        this.#runs.runPending(session);
    }
  }

  async #awaitRun(): Promise<void> {
    const { status } = this.ledger;
    const by = status && cancelBy(status, this.#limits.cancelGraceMs);
    let timer: ReturnType<typeof setTimeout> | null = null;
    const noticed = new Promise<void>((resolve) => {
      this.#notice = resolve;
      if (by !== undefined) timer = setTimeout(resolve, by - this.#present.now);
    });
    await Promise.race([this.#present.run?.over, noticed]);
    clearTimeout(timer);
  }
}
