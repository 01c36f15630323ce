/**
 * One instance from its boot to its end, and its side of the conversation with the host.
 * S1. A session that is not adopted writes nothing: a trial leaves no trace.
 * S2. A frozen session waits: what it sends is taken once it is thawed, or never if it is dropped.
 * S3. Nothing that a dropped session sends is taken.
 */
import type {
  Boot,
  BootReply,
  EffectCall,
  EffectResult,
  HostPort,
  InvocationCall,
  LiveRecord,
  ReadCall,
  ReadReply,
  RecordPage,
  RunReply,
  SaveReply,
} from "../core/protocol.ts";
import type { EffectsUnderWay } from "./effects-under-way.ts";
import { PAGE_CHARACTERS } from "./journal.ts";
import type { Ledger } from "./ledger.ts";
import type { AgentStore, Effects, InstanceHandle, Slot } from "./ports.ts";

export interface SessionParts {
  readonly ledger: Ledger;
  readonly store: AgentStore;
  readonly effects: Effects;
  readonly underWay: EffectsUnderWay;
}

/** The session was dropped: what was under way in it is of no interest any more. */
export class SessionDropped extends Error {}

const outcomeUnknown: EffectResult = {
  ok: false,
  error: {
    name: "AgentError",
    message:
      "The host stopped while this write was under way, and it must not be sent again; find out whether it was done, then go on or repeat it yourself.",
    code: "outcome-unknown",
  },
};

export class Session implements HostPort {
  readonly slot: Slot;
  readonly revision: number;
  readonly #handle: InstanceHandle;
  readonly #parts: SessionParts;
  readonly #refs = new Map<number, number>();
  #isAdopted = false;
  #isDropped = false;
  #thawed: Promise<void> | undefined;
  #thaw: () => void = () => {};

  constructor(slot: Slot, revision: number, handle: InstanceHandle, parts: SessionParts) {
    this.slot = slot;
    this.revision = revision;
    this.#handle = handle;
    this.#parts = parts;
  }

  boot(boot: Boot): Promise<BootReply> {
    return this.#handle.boot(this, boot);
  }

  /** From now on this instance is the agent. */
  adopt(): void {
    this.#isAdopted = true;
  }

  async run(calls: readonly InvocationCall[], careful: boolean): Promise<RunReply> {
    return this.#take(await this.#handle.run(calls, careful));
  }

  async proceed(): Promise<RunReply> {
    return this.#take(await this.#handle.proceed());
  }

  async save(isTrial: boolean): Promise<SaveReply> {
    return this.#handle.save(isTrial);
  }

  /** While the session is frozen it is not known whether its state is the agent's. */
  async read(call: ReadCall): Promise<ReadReply> {
    while (this.#thawed !== undefined) await this.#thawed;
    if (this.#isDropped) throw new SessionDropped("the instance was replaced");
    return this.#handle.read(call);
  }

  /** The code of the invocation in progress hears that it is cancelled, if it still runs. */
  cancel(): void {
    this.#handle.cancel().catch(() => {
      // The instance is gone, and the invocation with it.
    });
  }

  async #take(reply: RunReply): Promise<RunReply> {
    await this.#ready();
    this.#parts.ledger.appendRecords(reply.records, this.#refs);
    return reply;
  }

  get isDropped(): boolean {
    return this.#isDropped;
  }

  freeze(): void {
    this.#thawed = new Promise((resolve) => {
      this.#thaw = resolve;
    });
  }

  thaw(): void {
    this.#thawed = undefined;
    this.#thaw();
  }

  drop(reason: string): void {
    if (this.#isDropped) return;
    this.#isDropped = true;
    this.thaw();
    this.#handle.drop(reason);
  }

  async #ready(): Promise<void> {
    while (this.#thawed !== undefined) await this.#thawed;
    if (this.#isDropped || !this.#isAdopted) throw new SessionDropped("the instance was replaced");
  }

  /** Requests that were accepted meanwhile go along: the invocation will take longer than a turn. */
  #append(records: readonly LiveRecord[]): void {
    this.#parts.ledger.appendRecords(records, this.#refs);
    this.#parts.ledger.append([]);
  }

  async commit(records: readonly LiveRecord[]): Promise<void> {
    await this.#ready();
    this.#append(records);
  }

  async perform(records: readonly LiveRecord[], call: EffectCall): Promise<EffectResult> {
    await this.#ready();
    this.#append(records);
    const start = call.start > 0 ? call.start : this.#refs.get(call.start);
    if (start === undefined) throw new Error(`no call is known by the ref ${call.start}`);
    // A call that the instance knows by its index is recorded; with nothing under way for it, its process died.
    const isUnknown = call.once === true && call.start > 0 && !this.#parts.underWay.has(start);
    if (isUnknown) return outcomeUnknown;
    const result = await this.#parts.underWay.perform(start, call);
    await this.#ready();
    return result;
  }

  /** What a step sends must not overtake the `Start` of the step; hooks of a trial may send. */
  async performUnrecorded(call: Omit<EffectCall, "start">): Promise<EffectResult> {
    if (this.#isAdopted) await this.#ready();
    if (this.#isDropped) throw new SessionDropped("the instance was replaced");
    return this.#parts.effects.perform(call);
  }

  async page(from: number, to: number): Promise<RecordPage> {
    return this.#parts.store.readPage(from, to, PAGE_CHARACTERS);
  }
}
