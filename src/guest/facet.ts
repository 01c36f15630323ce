/** The class of the facet in which an instance runs: what the host calls over RPC. */
import { DurableObject } from "cloudflare:workers";
import creation from "perdure:creation";
import { ISOLATE_IN_USE } from "../core/protocol.ts";
import type {
  Boot,
  BootReply,
  InvocationCall,
  ReadCall,
  ReadReply,
  RunReply,
  SaveReply,
} from "../core/protocol.ts";
import type { FacetPort, PackedHost } from "../transport/facet.ts";
import { pack, unpack, type Packed } from "../transport/packing.ts";
import type { AuthorModule } from "./code/describe.ts";
import { Instance } from "./instance.ts";
import { LentHost } from "./lent-host.ts";

/** Set once an instance has run here: what it left in module variables must not meet another one. */
let isUsed = false;

const inUse: BootReply = {
  state: "refused",
  error: { name: "Error", message: "The isolate has been used.", code: ISOLATE_IN_USE },
};

/** The class of the facet that runs the agent types of `module`. */
export function instanceClass(module: AuthorModule): typeof DurableObject<Cloudflare.Env> {
  return class InstanceFacet extends DurableObject implements FacetPort {
    readonly #host = new LentHost();
    readonly #instance = new Instance(module);

    async boot(host: PackedHost, boot: Packed<Boot>): Promise<Packed<BootReply>> {
      if (isUsed && creation.isExclusive) return inUse;
      isUsed = true;
      return this.#host.during(host, async () =>
        this.#instance.boot(this.#host, await unpack(boot)),
      );
    }

    run(
      host: PackedHost,
      calls: Packed<readonly InvocationCall[]>,
      careful: boolean,
    ): Promise<Packed<RunReply>> {
      return this.#host.during(host, async () => this.#instance.run(await unpack(calls), careful));
    }

    proceed(host: PackedHost): Promise<Packed<RunReply>> {
      return this.#host.during(host, () => this.#instance.proceed());
    }

    save(host: PackedHost, isTrial: boolean): Promise<Packed<SaveReply>> {
      return this.#host.during(host, () => this.#instance.save(isTrial));
    }

    async read(call: Packed<ReadCall>): Promise<Packed<ReadReply>> {
      return pack(await this.#instance.read(await unpack(call)));
    }

    cancel(): Promise<void> {
      return this.#instance.cancel();
    }
  };
}
