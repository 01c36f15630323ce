/**
 * Tells what an update would come to, in an instance that never becomes the agent. The agent goes on
 * meanwhile; at most its saved state is asked for, between two invocations.
 */
import type { DryRunView } from "../../core/api/views.ts";
import { planDryRun } from "../../core/decide/recovery.ts";
import {
  busyFor,
  nothingToSave,
  unsavedDetail,
  type UpdateTarget,
} from "../../core/decide/update.ts";
import { accept, type Result } from "../../core/errors.ts";
import type { SaveReply } from "../../core/protocol.ts";
import type { Status } from "../../core/status/status.ts";
import { Errands } from "../errands.ts";
import type { Present } from "./present.ts";
import type { Start } from "./recovery.ts";
import { noAgent, refused } from "../operations/refusals.ts";
import { failureOf } from "./replacing.ts";
import type { Session } from "./session.ts";
import { save } from "./snapshotting.ts";

/** What the living instance has saved, and the revision that it is of. */
interface Saved {
  readonly reply: SaveReply;
  readonly revision: number;
}

export class DryRunning {
  readonly #present: Present;
  readonly #drive: () => void;
  /** Answered with "again" when the instance was replaced under the save. */
  readonly #savesWanted = new Errands<Result<Saved> | "again">();
  /** Dry runs of one agent go one after the other: there is one place for them. */
  #last: Promise<unknown> = Promise.resolve();

  /** `drive` lets the loop see what is wanted of it. */
  constructor(present: Present, drive: () => void) {
    this.#present = present;
    this.#drive = drive;
  }

  dryRun(target: UpdateTarget): Promise<Result<DryRunView>> {
    const view = this.#last.then(() =>
      target.mode === "manual" ? this.#load(target) : this.#replay(target),
    );
    this.#last = view.catch(() => {});
    return view;
  }

  async #replay(target: UpdateTarget): Promise<Result<DryRunView>> {
    const { ledger, recovery, session } = this.#present;
    const { status } = ledger;
    if (status === undefined) return noAgent;
    const plan = planDryRun(status, target, session !== undefined);
    return this.#judge(status, await recovery.start(status, plan, "dry"), true);
  }

  async #load({ revision }: UpdateTarget): Promise<Result<DryRunView>> {
    const saved = await this.#saved();
    if (!saved.ok) return saved;
    const { reply, revision: savedBy } = saved.value;
    if (!reply.ok) {
      const detail = unsavedDetail(reply.error.message, savedBy);
      return accept({ compatible: false, detail });
    }
    const { status } = this.#present.ledger;
    if (status === undefined) return noAgent;
    const base = { snapshot: reply.snapshot, revision: savedBy };
    const start = await this.#present.recovery.load(status, revision, base, "dry");
    return this.#judge(status, start, false);
  }

  #judge(before: Status, start: Start, isReplay: boolean): Result<DryRunView> {
    if (start.ok) start.session.drop("the dry run is over");
    const { status } = this.#present.ledger;
    if (status?.identity.incarnation !== before.identity.incarnation) return noAgent;
    const entriesReplayed = start.ok ? start.reply.entriesReplayed : start.entriesReplayed;
    const shown = isReplay ? { entriesReplayed } : {};
    const failure = failureOf(start);
    if (failure === undefined) return accept({ compatible: true, ...shown });
    const { report, detail } = failure;
    return accept({
      compatible: false,
      ...shown,
      ...(report === undefined ? {} : { divergence: report }),
      ...(detail === undefined ? {} : { detail }),
    });
  }

  /** What the agent saves at its next clean boundary, if there is one soon. */
  async #saved(): Promise<Result<Saved>> {
    const { dryRunSaveMs } = this.#present.ports.settings.limits;
    const timer = setTimeout(() => {
      const { status } = this.#present.ledger;
      this.#savesWanted.settle(
        status === undefined ? noAgent : refused(busyFor(status, dryRunSaveMs)),
      );
    }, dryRunSaveMs);
    try {
      for (;;) {
        const saved = this.#savesWanted.add();
        this.#drive();
        const answer = await saved;
        if (answer !== "again") return answer;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether a dry run waits for the state of the agent. */
  get wantsSave(): boolean {
    return !this.#savesWanted.isEmpty;
  }

  /** Saves between two invocations. An instance whose save failed may be damaged: the next step works on a fresh one. */
  saveNow(session: Session): Promise<void> {
    return this.#savesWanted.perform(async () => {
      const reply = await save(session, true);
      if (session.isDropped) return "again";
      if (!reply.ok) this.#present.discard("the snapshot could not be saved");
      return accept({ reply, revision: session.revision });
    });
  }

  /** There is nothing to do now: an agent that is no more, or has failed, does not come to save by itself. */
  loopRests(): void {
    const { status } = this.#present.ledger;
    if (status === undefined) this.#savesWanted.settle(noAgent);
    else if (status.name === "failed") this.#savesWanted.settle(refused(nothingToSave(status)));
  }

  fail(error: unknown): void {
    this.#savesWanted.fail(error);
  }
}
