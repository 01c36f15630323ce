/** The class of the facet in which an instance runs: what the host calls over RPC. */
import { DurableObject } from "cloudflare:workers";
import creation from "perdure:creation";
import { ISOLATE_IN_USE } from "../core/protocol.ts";
import type {
  Boot,
  BootReply,
  HostPort,
  InstancePort,
  InvocationCall,
  RunReply,
  SaveReply,
} from "../core/protocol.ts";
import type { AuthorModule } from "./describe.ts";
import { Instance } from "./instance.ts";

/** Set once an instance has run here: what it left in module variables must not meet another one. */
let isUsed = false;

const inUse: BootReply = {
  state: "refused",
  error: { name: "Error", message: "The isolate has been used.", code: ISOLATE_IN_USE },
};

/** The class of the facet that runs the agent types of `module`. */
export function instanceClass(module: AuthorModule): typeof DurableObject<Cloudflare.Env> {
  return class InstanceFacet extends DurableObject implements InstancePort {
    readonly #instance = new Instance(module);

    async boot(host: HostPort, boot: Boot): Promise<BootReply> {
      if (isUsed && creation.isExclusive) return inUse;
      isUsed = true;
      // A stub that came as an argument lives only as long as the call, unless it is duplicated.
      return this.#instance.boot((host as HostPort & { dup(): HostPort }).dup(), boot);
    }

    run(calls: readonly InvocationCall[], careful: boolean): Promise<RunReply> {
      return this.#instance.run(calls, careful);
    }

    proceed(): Promise<RunReply> {
      return this.#instance.proceed();
    }

    save(): Promise<SaveReply> {
      return this.#instance.save();
    }
  };
}
