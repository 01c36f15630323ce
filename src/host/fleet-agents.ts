/** Reaches the agents of a rollout through their objects; see `FleetAgents`. */
import { nameOf } from "../core/api/agent-name.ts";
import type { AgentOperations } from "../core/api/operations.ts";
import type { AgentAddress } from "../core/api/views.ts";
import type { Result } from "../core/errors.ts";
import type { DryRun, FleetAgents, FleetUpdate } from "../runtime/rollout-ports.ts";
import type { ObjectNamespace } from "./env.ts";

/** An agent that can be asked what an update would come to. */
type DryRunning = AgentOperations & {
  dryRun(request: FleetUpdate): Promise<Result<DryRun>>;
};

export class FleetClient implements FleetAgents {
  readonly #namespace: ObjectNamespace<AgentOperations>;

  constructor(namespace: ObjectNamespace<AgentOperations>) {
    this.#namespace = namespace;
  }

  #agent(address: AgentAddress): AgentOperations {
    return this.#namespace.getByName(nameOf(address));
  }

  update(address: AgentAddress, id: string, request: FleetUpdate) {
    return this.#agent(address).update({ ...request, id });
  }

  updates(address: AgentAddress) {
    return this.#agent(address).updates();
  }

  dryRun(address: AgentAddress, request: FleetUpdate): Promise<Result<DryRun>> {
    return (this.#agent(address) as DryRunning).dryRun(request);
  }
}
