/**
 * Answers calls of read-only methods: without an entry, beside the invocation in progress if there is
 * one. A sleeping, interrupted or retrying agent stays as it is: an instance that is not the agent
 * answers for it, and writes nothing.
 */
import { thrownData } from "../../core/oplog/thrown.ts";
import { checkFailure } from "../../core/decide/invoke.ts";
import { planReading } from "../../core/decide/recovery.ts";
import { accept, type Result } from "../../core/errors.ts";
import type { ErrorData } from "../../core/oplog/entry.ts";
import type { ReadCall, ReadReply } from "../../core/protocol.ts";
import type { Status } from "../../core/status/status.ts";
import { Errands } from "../errands.ts";
import type { Present } from "./present.ts";
import type { Start } from "./recovery.ts";
import { noAgent, refused } from "../operations/refusals.ts";
import type { Session } from "./session.ts";

/** How often a read is tried whose instance dies under it. */
const TRIES = 3;

/** What the loop does for those who read. */
export interface Looping {
  /** Lets the loop bring an instance of an agent that has nothing to do. */
  drive(): void;
  /** Drops the session that there is, and recovers. */
  restart(): void;
}

function failed({ name, message, code }: ErrorData): ReadReply {
  const error = { name, message, ...(code === undefined ? {} : { code }) };
  return { outcome: { ok: false, error }, isSpoiled: false };
}

export class Answering {
  readonly #present: Present;
  readonly #loop: Looping;
  readonly #sessionWanted = new Errands<void>();
  /** Reads aside run one after the other: there is one place for them. */
  #aside: Promise<unknown> = Promise.resolve();

  constructor(present: Present, loop: Looping) {
    this.#present = present;
    this.#loop = loop;
  }

  /** Whether someone waits for an instance of an agent that needs none otherwise. */
  get wantsSession(): boolean {
    return !this.#sessionWanted.isEmpty && this.#present.session === undefined;
  }

  /** Lets those go on who wait for an instance: it is there, or will not come now. */
  sessionChanged(): void {
    this.#sessionWanted.settle();
  }

  async read(call: ReadCall): Promise<Result<ReadReply>> {
    for (let deaths = 0; ;) {
      const { status } = this.#present.ledger;
      if (status === undefined) return noAgent;
      const refusal = checkFailure(status);
      if (refusal !== undefined) return refused(refusal);
      const { session } = this.#present;
      if (session === undefined && status.name !== "idle" && status.name !== "running") {
        return accept(await this.#readAside(call));
      }
      if (session === undefined) {
        const wanted = this.#sessionWanted.add();
        this.#loop.drive();
        await wanted;
        continue;
      }
      const reply = await this.#readIn(session, call);
      if (reply.ok) return accept(reply.value);
      if (reply.hasDied) deaths += 1;
      if (deaths === TRIES) return accept(failed(reply.error));
    }
  }

  async #readIn(
    session: Session,
    call: ReadCall,
  ): Promise<{ ok: true; value: ReadReply } | { ok: false; hasDied: boolean; error: ErrorData }> {
    try {
      const value = await session.read(call);
      if (value.isSpoiled && !session.isDropped) this.#loop.restart();
      return { ok: true, value };
    } catch (thrown) {
      const hasDied = !session.isDropped;
      // A run in the session learns of the death by itself.
      if (hasDied && this.#present.run === undefined) this.#present.discard("the instance died");
      return { ok: false, hasDied, error: thrownData(thrown) };
    }
  }

  #readAside(call: ReadCall): Promise<ReadReply> {
    const reply = this.#aside.then(() => this.#answerAside(call));
    this.#aside = reply.catch(() => {});
    return reply;
  }

  async #answerAside(call: ReadCall): Promise<ReadReply> {
    const status: Status | undefined = this.#present.ledger.status;
    if (status === undefined) return failed({ name: "Error", message: noAgent.refusal.detail });
    const start = await this.#startAside(status);
    if (!start.ok) return failed(start.error);
    try {
      return await start.session.read(call);
    } finally {
      start.session.drop("the read is answered");
    }
  }

  /** From the latest base that can be loaded, as a recovery would; that one is passed over is not written. */
  async #startAside(status: Status): Promise<Start> {
    const { recovery } = this.#present;
    const distrusted = new Set(recovery.missing(status));
    for (;;) {
      const plan = planReading(status, distrusted);
      const start = await recovery.start(status, plan, "aside");
      if (start.ok || start.isHostFault || plan.base.kind !== "automatic") return start;
      distrusted.add(plan.base.index);
    }
  }
}
