/** Instances as facets of the agent's object: the author's class beside it, in an isolate of its own. */
import { RpcTarget } from "cloudflare:workers";
import type { ComponentCode } from "../core/api/operations.ts";
import type {
  Boot,
  BootReply,
  EffectCall,
  EffectResult,
  FacetPort,
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
import type { InstanceHandle, Instances, Slot } from "../runtime/ports.ts";
import type { Isolates } from "./isolates.ts";

/** The only thing of the host that code in an isolate can reach. */
class HostTarget extends RpcTarget implements HostPort {
  readonly #host: HostPort;

  constructor(host: HostPort) {
    super();
    this.#host = host;
  }

  commit(records: readonly LiveRecord[]): Promise<void> {
    return this.#host.commit(records);
  }

  perform(records: readonly LiveRecord[], call: EffectCall): Promise<EffectResult> {
    return this.#host.perform(records, call);
  }

  performUnrecorded(call: Omit<EffectCall, "start">): Promise<EffectResult> {
    return this.#host.performUnrecorded(call);
  }

  page(from: number, to: number): Promise<RecordPage> {
    return this.#host.page(from, to);
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
    return this.#stub.boot(this.#host, boot);
  }

  run(calls: readonly InvocationCall[], careful: boolean): Promise<RunReply> {
    return this.#stub.run(this.#lent(), calls, careful);
  }

  proceed(): Promise<RunReply> {
    return this.#stub.proceed(this.#lent());
  }

  save(isTrial: boolean): Promise<SaveReply> {
    return this.#stub.save(this.#lent(), isTrial);
  }

  read(call: ReadCall): Promise<ReadReply> {
    return this.#stub.read(call);
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
