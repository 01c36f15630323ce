/**
 * Replaces the session: recovery of the agent, and the trial of an update beside it. A replacement
 * is in the oplog before anything of the new session can be seen, or it leaves no trace.
 */
import { frontUpdate } from "../../core/decide/next.ts";
import { planRecovery, planTrial, regionToRepeat } from "../../core/decide/recovery.ts";
import { failureDetail } from "../../core/decide/update.ts";
import type { FailedUpdate } from "../../core/oplog/entry.ts";
import type { PendingUpdateState, Status } from "../../core/status/status.ts";
import type { Failures } from "./failures.ts";
import type { Present } from "./present.ts";
import type { Start } from "./recovery.ts";
import type { Runs } from "./runs.ts";

/** Why a trial must not become the agent: it did not start, or what is unfinished in it throws at once. */
export function failureOf(start: Start): Pick<FailedUpdate, "detail" | "report"> | undefined {
  if (!start.ok) {
    const { error, report } = start;
    return report === undefined
      ? { detail: failureDetail(error.message) }
      : { detail: `${report.message} ${report.advice}`, report };
  }
  const failure = start.reply.state === "open" ? start.reply.failure : undefined;
  return failure && { detail: failureDetail(failure.message) };
}

export class Replacing {
  readonly #present: Present;
  readonly #runs: Runs;
  readonly #failures: Failures;

  constructor(present: Present, runs: Runs, failures: Failures) {
    this.#present = present;
    this.#runs = runs;
    this.#failures = failures;
  }

  /** Whether the agent was deleted or reverted while an instance was being started for it. */
  #isGone({ identity, deleted }: Status, start: Start): boolean {
    const present = this.#present.ledger.status;
    // Only a revert makes other deleted regions.
    const isSame = present?.identity.incarnation === identity.incarnation;
    if (isSame && present.deleted === deleted) return false;
    if (start.ok) start.session.drop("what the agent was is no more");
    return true;
  }

  /** Whether the agent was interrupted during the trial, and the update may not wake it: it stays pending. */
  #mustWait(start: Start): boolean {
    const { status } = this.#present.ledger;
    if (status === undefined || frontUpdate(status) !== undefined) return false;
    if (start.ok) start.session.drop("the agent was interrupted");
    return true;
  }

  /** Goes back over what has to be done again, if anything. */
  #goBack(): void {
    const { ledger, now: at } = this.#present;
    // What waits in the inbox would take the place of the jump, which names its own index.
    ledger.append([]);
    const region = ledger.status && regionToRepeat(ledger.status);
    if (region !== undefined) ledger.append([{ kind: "Jump", at, region }]);
  }

  /** From the latest base that can be loaded: an automatic snapshot that cannot is passed over. */
  async recover(): Promise<void> {
    const { ledger, recovery } = this.#present;
    this.#present.discard("the agent recovers");
    this.#goBack();
    const distrusted = new Set<number>();
    for (;;) {
      const { status } = ledger;
      if (status === undefined || status.name === "interrupted") return;
      for (const index of recovery.missing(status)) distrusted.add(index);
      const plan = planRecovery(status, distrusted);
      const start = await recovery.start(status, plan, "left");
      if (this.#isGone(status, start)) return;
      if (ledger.status?.name === "interrupted") {
        if (start.ok) start.session.drop("the agent was interrupted");
        return;
      }
      if (start.ok) return this.#runs.adopt(start);
      if (start.isHostFault) return this.#failures.retry(start.error);
      if (plan.base.kind !== "automatic") return this.#failures.fail(start.error);
      const { index: snapshotIndex } = plan.base;
      const detail = start.error.message;
      distrusted.add(snapshotIndex);
      const at = this.#present.now;
      ledger.append([{ kind: "SnapshotRecoveryFailed", at, snapshotIndex, detail }]);
    }
  }

  /** The trial runs beside the living session, which is frozen meanwhile: one of the two goes on. */
  async applyUpdate(update: PendingUpdateState): Promise<void> {
    const { ledger, recovery, session: old } = this.#present;
    ledger.append([]);
    if (old === undefined && ledger.status?.name === "running") this.#goBack();
    const { status } = ledger;
    if (status === undefined) return;
    old?.freeze();
    const slot = old?.slot === "left" ? "right" : "left";
    const start = await recovery.start(status, planTrial(status, update), slot);
    if (this.#isGone(status, start) || this.#mustWait(start)) return;
    const failure = failureOf(start);
    const { id: updateId, revision } = update;
    const at = this.#present.now;
    if (start.ok && failure === undefined) {
      ledger.append([{ kind: "SuccessfulUpdate", at, updateId, revision }]);
      old?.drop("the agent was updated");
      this.#runs.adopt(start);
      return;
    }
    if (start.ok) start.session.drop("the update failed");
    ledger.append([{ kind: "FailedUpdate", at, updateId, revision, ...failure }]);
    old?.thaw();
  }
}
