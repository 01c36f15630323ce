/** Reaches the agents of a rollout through their objects; see `FleetAgents`. */
import { nameOf } from "../core/api/agent-name.ts";
import type { AgentOperations } from "../core/api/operations.ts";
import type { AgentAddress } from "../core/api/views.ts";
import type { FleetAgents, FleetUpdate } from "../runtime/fleet/rollout-ports.ts";
import { reach, type Packing } from "../transport/packing.ts";
import type { ObjectNamespace } from "./env.ts";

export class FleetClient implements FleetAgents {
  readonly #namespace: ObjectNamespace<Packing<AgentOperations>>;

  constructor(namespace: ObjectNamespace<Packing<AgentOperations>>) {
    this.#namespace = namespace;
  }

  #agent(address: AgentAddress): AgentOperations {
    return reach<AgentOperations>(this.#namespace.getByName(nameOf(address)));
  }

  update(address: AgentAddress, id: string, request: FleetUpdate) {
    return this.#agent(address).update({ ...request, id });
  }

  updates(address: AgentAddress) {
    return this.#agent(address).updates();
  }

  dryRun(address: AgentAddress, request: FleetUpdate) {
    return this.#agent(address).dryRun(request);
  }
}
