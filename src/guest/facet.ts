/** The class of the facet in which an instance runs: what the host calls over RPC. */
import { DurableObject } from "cloudflare:workers";
import creation from "perdure:creation";
import { ISOLATE_IN_USE } from "../core/protocol.ts";
import type {
  Boot,
  BootReply,
  FacetPort,
  HostPort,
  InvocationCall,
  ReadCall,
  ReadReply,
  RunReply,
  SaveReply,
} from "../core/protocol.ts";
import type { AuthorModule } from "./describe.ts";
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

    async boot(host: HostPort, boot: Boot): Promise<BootReply> {
      if (isUsed && creation.isExclusive) return inUse;
      isUsed = true;
      return this.#host.during(host, () => this.#instance.boot(this.#host, boot));
    }

    run(host: HostPort, calls: readonly InvocationCall[], careful: boolean): Promise<RunReply> {
      return this.#host.during(host, () => this.#instance.run(calls, careful));
    }

    proceed(host: HostPort): Promise<RunReply> {
      return this.#host.during(host, () => this.#instance.proceed());
    }

    save(host: HostPort, isTrial: boolean): Promise<SaveReply> {
      return this.#host.during(host, () => this.#instance.save(isTrial));
    }

    read(call: ReadCall): Promise<ReadReply> {
      return this.#instance.read(call);
    }

    cancel(): Promise<void> {
      return this.#instance.cancel();
    }
  };
}
