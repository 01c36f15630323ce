/**
 * The instance's end of the connection to its host. What need not be committed before the code goes
 * on is held in the outbox and travels with the next call or with the result.
 */
import type { Entry } from "../core/oplog/entry.ts";
import type { EffectCall, EffectResult, HostPort, LiveRecord } from "../core/protocol.ts";

export class HostLink {
  readonly host: HostPort;
  #outbox: LiveRecord[] = [];
  #lastRef = 0;
  #lost: Error | undefined;

  constructor(host: HostPort) {
    this.host = host;
  }

  /** How often something was sent before the result: zero for an invocation that commits once. */
  sent = 0;

  record(entry: Entry): void {
    this.#outbox.push({ entry });
  }

  /** Records a `Start` or a region's begin; answers the ref that it is known by from now on. */
  recordStart(entry: Entry): number {
    this.#lastRef -= 1;
    this.#outbox.push({ entry, ref: this.#lastRef });
    return this.#lastRef;
  }

  get hasUnsent(): boolean {
    return this.#outbox.length > 0;
  }

  drain(): LiveRecord[] {
    const records = this.#outbox;
    this.#outbox = [];
    return records;
  }

  /** Sends the outbox without waiting: the host takes messages in order, and drops an instance that it lost. */
  flush(): void {
    if (!this.hasUnsent) return;
    this.sent += 1;
    this.host.commit(this.drain()).catch((error: Error) => {
      this.#lost = error;
    });
  }

  perform(call: EffectCall): Promise<EffectResult> {
    this.sent += 1;
    return this.host.perform(this.drain(), call);
  }

  performUnrecorded(call: Omit<EffectCall, "start">): Promise<EffectResult> {
    this.sent += 1;
    return this.host.performUnrecorded(this.drain(), call);
  }

  /** Throws when the host has refused what the instance did: nothing more may run here. */
  checkHeld(): void {
    if (this.#lost !== undefined) throw this.#lost;
  }
}
