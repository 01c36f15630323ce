/**
 * The host as an instance knows it for its whole life, though each call from the host lends it only
 * for as long as the call is under way.
 */
import type {
  Effect,
  EffectCall,
  EffectResult,
  HostPort,
  LiveRecord,
  RecordPage,
} from "../core/protocol.ts";
import type { PackedHost } from "../transport/facet.ts";
import { pack, reach, type Packed } from "../transport/packing.ts";
import { outsideScopes } from "./scopes/scope.ts";

export class LentHost implements HostPort {
  #lent: HostPort | undefined;

  /** Does `work` with the host that came with a call. Calls that bring a host never overlap. */
  async during<T>(host: PackedHost, work: () => Promise<T>): Promise<Packed<T>> {
    this.#lent = reach<HostPort>(host);
    try {
      return pack(await work());
    } finally {
      this.#lent = undefined;
    }
  }

  get #host(): HostPort {
    if (this.#lent !== undefined) return this.#lent;
    throw new Error("The invocation has ended; await what it starts before it returns.");
  }

  async commit(records: readonly LiveRecord[]): Promise<void> {
    return outsideScopes(() => this.#host.commit(records));
  }

  async perform(records: readonly LiveRecord[], call: EffectCall): Promise<EffectResult> {
    return outsideScopes(() => this.#host.perform(records, call));
  }

  async performUnrecorded(effect: Effect, id: number): Promise<EffectResult> {
    return outsideScopes(() => this.#host.performUnrecorded(effect, id));
  }

  async abandon(id: number): Promise<void> {
    return outsideScopes(() => this.#host.abandon(id));
  }

  async page(from: number, to: number): Promise<RecordPage> {
    return outsideScopes(() => this.#host.page(from, to));
  }
}
