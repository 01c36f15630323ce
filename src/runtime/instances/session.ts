/**
 * One instance from its boot to its end, and its side of the conversation with the host.
 * S1. A session that is not adopted writes nothing: a trial leaves no trace.
 * S2. A frozen session waits: what it sends is taken once it is thawed, or never if it is dropped.
 * S3. Nothing that a dropped session sends is taken.
 * S4. No binding is reached that the code of this instance is not granted at this time.
 */
import type { Grants } from "../../core/bindings/kinds.ts";
import type {
  Boot,
  BootReply,
  Effect,
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
} from "../../core/protocol.ts";
import type { Payload } from "../../core/oplog/payload.ts";
import type { EffectsUnderWay } from "../effects/effects-under-way.ts";
import { PAGE_CHARACTERS } from "../books/journal.ts";
import type { Ledger } from "../books/ledger.ts";
import type { AgentStore, InstanceHandle, Slot } from "../ports.ts";

export interface SessionParts {
  readonly ledger: Ledger;
  readonly store: AgentStore;
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

/** A call that was recorded under a grant may go on after the grant is gone. */
function notGranted(name: string): EffectResult {
  const message = `The host does not grant the binding ${name} to this component; ask for it in \`perdure.bindings\` of the upload or grant it in PERDURE_BINDINGS, and see that the host has it.`;
  return { ok: false, error: { name: "AgentError", message, code: "binding-not-granted" } };
}

export class Session implements HostPort {
  readonly slot: Slot;
  readonly revision: number;
  readonly #handle: InstanceHandle;
  readonly #parts: SessionParts;
  readonly #grants: Grants;
  readonly #refs = new Map<number, number>();
  readonly #unrecorded = new Map<number, AbortController>();
  #isAdopted = false;
  #isDropped = false;
  #thawed: Promise<void> | undefined;
  #thaw: () => void = () => {};

  constructor(
    slot: Slot,
    revision: number,
    handle: InstanceHandle,
    parts: SessionParts,
    grants: Grants,
  ) {
    this.slot = slot;
    this.revision = revision;
    this.#handle = handle;
    this.#parts = parts;
    this.#grants = grants;
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
    for (const abort of this.#unrecorded.values()) abort.abort();
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
    const refusal = this.#refusal(call);
    if (refusal !== undefined && !this.#parts.underWay.has(start)) return refusal;
    const effect = { ...call, request: this.#requestOf(call.start, start, records) };
    const result = await this.#parts.underWay.perform(start, effect);
    await this.#ready();
    return result;
  }

  #refusal({ binding }: Pick<Effect, "binding">): EffectResult | undefined {
    if (binding === undefined || Object.hasOwn(this.#grants, binding.name)) return undefined;
    return notGranted(binding.name);
  }

  /** What a call asks for stands in its `Start`: among the records that it came with, or in the oplog. */
  #requestOf(id: number, start: number, records: readonly LiveRecord[]): Payload {
    const placed = records.find(({ ref }) => ref === id)?.entry;
    const entry = placed ?? this.#parts.ledger.journal?.entry(start);
    if (entry?.kind === "Start" && entry.request !== undefined) return entry.request;
    throw new Error(`no request is recorded at ${start}`);
  }

  /** What a step sends must not overtake the `Start` of the step; hooks of a trial may send. */
  async performUnrecorded(effect: Effect, id: number): Promise<EffectResult> {
    const abort = new AbortController();
    this.#unrecorded.set(id, abort);
    try {
      if (this.#isAdopted) await this.#ready();
      if (this.#isDropped) throw new SessionDropped("the instance was replaced");
      const refusal = this.#refusal(effect);
      return refusal ?? (await this.#parts.underWay.performUnrecorded(effect, abort.signal));
    } finally {
      this.#unrecorded.delete(id);
    }
  }

  async abandon(id: number): Promise<void> {
    this.#unrecorded.get(id)?.abort();
  }

  async page(from: number, to: number): Promise<RecordPage> {
    return this.#parts.store.readPage(from, to, PAGE_CHARACTERS);
  }
}
