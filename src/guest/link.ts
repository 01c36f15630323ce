/**
 * The instance's end of the connection to its host. What need not be committed before the code goes
 * on is held in the outbox and travels with the next call or with the result.
 */
import type { Entry } from "../core/oplog/entry.ts";
import { isHeavierThan } from "../core/weight.ts";
import type { Effect, EffectResult, HostPort, LiveRecord } from "../core/protocol.ts";

/** An entry of this weight is sent on its own. */
const HEAVY_BYTES = 1024 * 1024;

export class HostLink {
  readonly host: HostPort;
  #outbox: LiveRecord[] = [];
  #lastRef = 0;
  #lastUnrecorded = 0;
  #lost: Error | undefined;
  /** Effects that the host has been asked for and has not answered. */
  #performing = 0;
  #taken: Promise<unknown> = Promise.resolve();

  constructor(host: HostPort) {
    this.host = host;
  }

  /** False until the instance is the agent: a trial writes nothing. */
  isLive = false;

  /** How often something was sent before the result: zero for an invocation that commits once. */
  sent = 0;

  /** What is heavy is sent at once, for messages should not grow without bounds. */
  record(entry: Entry): void {
    this.#outbox.push({ entry });
    if (isHeavierThan(entry, HEAVY_BYTES)) this.flush();
  }

  /** Records a `Start` or a region's begin; answers the ref that it is known by from now on. */
  recordStart(entry: Entry): number {
    this.#lastRef -= 1;
    this.#outbox.push({ entry, ref: this.#lastRef });
    return this.#lastRef;
  }

  drain(): LiveRecord[] {
    const records = this.#outbox;
    this.#outbox = [];
    return records;
  }

  /** Sends the outbox without waiting: the host takes messages in order, and drops an instance that it lost. */
  flush(): void {
    if (!this.isLive || this.#outbox.length === 0) return;
    this.sent += 1;
    const taken = this.host.commit(this.drain()).catch((error: Error) => {
      this.#lost = error;
    });
    this.#taken = Promise.all([this.#taken, taken]);
  }

  /** Sends the outbox; resolves once that is in the oplog. */
  async commit(): Promise<void> {
    this.flush();
    await this.#taken;
    this.checkHeld();
  }

  /** What goes with a result: a result may overtake messages, so the host must have taken those. */
  async drainForResult(): Promise<LiveRecord[]> {
    await this.#taken;
    // Calls that nobody awaits: the host takes their records before it answers what was sent after.
    if (this.#performing > 0) await this.host.commit([]);
    this.checkHeld();
    return this.drain();
  }

  /** The request of a recorded call is in its `Start`: it is not sent twice. */
  async perform(effect: Effect & { readonly start: number }): Promise<EffectResult> {
    const { request: _, ...call } = effect;
    this.sent += 1;
    this.#performing += 1;
    try {
      return await this.host.perform(this.drain(), call);
    } finally {
      this.#performing -= 1;
    }
  }

  async performUnrecorded(effect: Effect, cancelled?: AbortSignal): Promise<EffectResult> {
    this.flush();
    this.sent += 1;
    const id = ++this.#lastUnrecorded;
    const abandon = (): void => void this.host.abandon(id).catch(() => {});
    cancelled?.addEventListener("abort", abandon, { once: true });
    return this.host.performUnrecorded(effect, id);
  }

  /** Throws when the host has refused what the instance did: nothing more may run here. */
  checkHeld(): void {
    if (this.#lost !== undefined) throw this.#lost;
  }
}
