/** Instances as facets of the agent's object: the author's class beside it, in an isolate of its own. */
import { RpcTarget } from "cloudflare:workers";
import type { ComponentCode } from "../core/api/operations.ts";
import type {
  Boot,
  BootReply,
  Effect,
  EffectCall,
  EffectResult,
  HostPort,
  InstanceIdentity,
  InvocationCall,
  LiveRecord,
  ReadCall,
  ReadReply,
  RecordPage,
  RunReply,
  SaveReply,
} from "../core/protocol.ts";
import type { FacetPort, PackedHost } from "../transport/facet.ts";
import { InOrder } from "../transport/in-order.ts";
import { pack, unpack, type Packed } from "../transport/packing.ts";
import type { InstanceHandle, Instances, Slot } from "../runtime/ports.ts";
import type { Isolates } from "./isolates.ts";

/** The only thing of the host that code in an isolate can reach. */
class HostTarget extends RpcTarget implements PackedHost {
  readonly #host: HostPort;
  readonly #inOrder = new InOrder();

  constructor(host: HostPort) {
    super();
    this.#host = host;
  }

  commit(records: Packed<readonly LiveRecord[]>): Promise<void> {
    return this.#inOrder.take([records], (whole) => this.#host.commit(whole));
  }

  async perform(
    records: Packed<readonly LiveRecord[]>,
    call: Packed<EffectCall>,
  ): Promise<Packed<EffectResult>> {
    const perform = (...whole: [readonly LiveRecord[], EffectCall]): Promise<EffectResult> =>
      this.#host.perform(...whole);
    return pack(await this.#inOrder.take([records, call], perform));
  }

  async performUnrecorded(effect: Packed<Effect>, id: number): Promise<Packed<EffectResult>> {
    const perform = (whole: Effect): Promise<EffectResult> =>
      this.#host.performUnrecorded(whole, id);
    return pack(await this.#inOrder.take([effect], perform));
  }

  abandon(id: number): Promise<void> {
    return this.#inOrder.take([id], (number: number) => this.#host.abandon(number));
  }

  async page(from: number, to: number): Promise<Packed<RecordPage>> {
    return pack(await this.#host.page(from, to));
  }
}

class FacetInstance implements InstanceHandle {
  readonly #facets: DurableObjectFacets;
  readonly #slot: Slot;
  readonly #stub: FacetPort;
  #host: HostTarget | undefined;

  constructor(facets: DurableObjectFacets, slot: Slot, stub: FacetPort) {
    this.#facets = facets;
    this.#slot = slot;
    this.#stub = stub;
  }

  boot(host: HostPort, boot: Boot): Promise<BootReply> {
    this.#host = new HostTarget(host);
    return this.#stub.boot(this.#host, pack(boot)).then(unpack);
  }

  run(calls: readonly InvocationCall[], careful: boolean): Promise<RunReply> {
    return this.#stub.run(this.#lent(), pack(calls), careful).then(unpack);
  }

  proceed(): Promise<RunReply> {
    return this.#stub.proceed(this.#lent()).then(unpack);
  }

  save(isTrial: boolean): Promise<SaveReply> {
    return this.#stub.save(this.#lent(), isTrial).then(unpack);
  }

  read(call: ReadCall): Promise<ReadReply> {
    return this.#stub.read(pack(call)).then(unpack);
  }

  cancel(): Promise<void> {
    return this.#stub.cancel();
  }

  #lent(): HostTarget {
    if (this.#host === undefined) throw new Error("the instance has not been booted");
    return this.#host;
  }

  drop(reason: string): void {
    this.#facets.abort(this.#slot, new Error(reason));
  }
}

export class FacetInstances implements Instances {
  readonly #facets: DurableObjectFacets;
  readonly #isolates: Isolates;

  constructor(facets: DurableObjectFacets, isolates: Isolates) {
    this.#facets = facets;
    this.#isolates = isolates;
  }

  start(
    slot: Slot,
    code: ComponentCode,
    identity: InstanceIdentity,
    attempt: number,
  ): InstanceHandle {
    const facet = this.#facets.get(slot, () => ({
      class: this.#isolates.instanceClass(code, identity, attempt),
    }));
    return new FacetInstance(this.#facets, slot, facet as unknown as FacetPort);
  }
}
