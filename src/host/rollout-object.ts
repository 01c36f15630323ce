/**
 * The Durable Object of one component's rollouts: one object, so that their list is at one place and
 * an agent of two rollouts is updated by the ordinary rules.
 */
import { DurableObject } from "cloudflare:workers";
import type {
  RolloutAgentsRequest,
  RolloutCommand,
  RolloutOperations,
  RolloutRequest,
} from "../core/api/rollouts.ts";
import { accept, type Result } from "../core/errors.ts";
import { Rollouts } from "../runtime/fleet/rollouts.ts";
import { ComponentClient } from "./component-client.ts";
import { directoryOf } from "./directory-client.ts";
import type { Env } from "./env.ts";
import { FleetClient } from "./fleet-agents.ts";
import { Isolates } from "./isolates.ts";
import { SqlRolloutStore } from "./rollout-store.ts";

async function revisionOf(
  env: Env,
  component: string,
  revision: number | "latest",
  type: string | undefined,
): Promise<Result<number>> {
  if (type === undefined) {
    const found = await env.COMPONENTS.getByName(component).revision(revision);
    return found.ok ? accept(found.value.revision) : found;
  }
  const components = new ComponentClient(env.COMPONENTS, new Isolates(env.LOADER, "anonymous"));
  const found = await components.agentType(component, revision, type);
  return found.ok ? accept(found.value.revision) : found;
}

function rolloutsOf(ctx: DurableObjectState, env: Env): Rollouts {
  const directory = directoryOf(env);
  return new Rollouts({
    store: new SqlRolloutStore(ctx.storage),
    agents: new FleetClient(env.AGENTS),
    list: (request) => directory.list(request),
    revision: (component, revision, type) => revisionOf(env, component, revision, type),
    now: () => Date.now(),
    uuid: () => crypto.randomUUID(),
    wait: (ms) =>
      new Promise((resolve) => {
        setTimeout(resolve, ms);
      }),
  });
}

export class RolloutObject extends DurableObject<Env> implements RolloutOperations {
  readonly #rollouts = rolloutsOf(this.ctx, this.env);

  start(component: string, request: RolloutRequest) {
    return this.#rollouts.start(component, request);
  }

  show(id: string) {
    return this.#rollouts.show(id);
  }

  list(limit: number, before?: number) {
    return this.#rollouts.list(limit, before);
  }

  command(id: string, command: RolloutCommand) {
    return this.#rollouts.command(id, command);
  }

  agents(id: string, request: RolloutAgentsRequest) {
    return this.#rollouts.agents(id, request);
  }

  override async alarm(): Promise<void> {
    await this.#rollouts.wake();
  }
}
