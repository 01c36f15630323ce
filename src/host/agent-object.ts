/** The Durable Object of one agent: hands what the platform calls to the runtime, and nothing else. */
import { DurableObject } from "cloudflare:workers";
import type {
  AgentOperations,
  CreateRequest,
  InvocationsRequest,
  InvokeRequest,
  OplogRequest,
  PromiseOutcome,
  UpdateRequest,
} from "../core/api/operations.ts";
import type { AgentAddress } from "../core/api/views.ts";
import { AgentRuntime } from "../runtime/agent.ts";
import { AgentCalls } from "./agent-calls.ts";
import { SqlAgentStore } from "./agent-store.ts";
import { ComponentClient } from "./component-client.ts";
import { DirectoryClient } from "./directory-client.ts";
import { NetworkEffects } from "./effects.ts";
import type { Env } from "./env.ts";
import { FacetInstances } from "./instances.ts";
import { Isolates } from "./isolates.ts";

function runtimeOf(ctx: DurableObjectState, env: Env): AgentRuntime {
  const isolates = new Isolates(
    env.LOADER,
    env.PERDURE_LOADING === "named" ? "named" : "anonymous",
  );
  return new AgentRuntime({
    environment: {
      now: () => Date.now(),
      uuid: () => crypto.randomUUID(),
      random: () => Math.random(),
    },
    store: new SqlAgentStore(ctx.storage),
    instances: new FacetInstances(ctx.facets, isolates),
    components: new ComponentClient(env.COMPONENTS, isolates),
    effects: new NetworkEffects(),
    agents: new AgentCalls(env.AGENTS),
    registry: new DirectoryClient(env),
  });
}

export class AgentObject extends DurableObject<Env> implements AgentOperations {
  readonly #agent = runtimeOf(this.ctx, this.env);

  create(address: AgentAddress, request: CreateRequest) {
    return this.#agent.create(address, request);
  }

  describe() {
    return this.#agent.describe();
  }

  presence() {
    return this.#agent.presence();
  }

  destroy() {
    return this.#agent.destroy();
  }

  invoke(address: AgentAddress, request: InvokeRequest) {
    return this.#agent.invoke(address, request);
  }

  invocation(idempotencyKey: string, waitMs: number) {
    return this.#agent.invocation(idempotencyKey, waitMs);
  }

  invocations(request: InvocationsRequest) {
    return this.#agent.invocations(request);
  }

  cancel(idempotencyKey: string, force: boolean) {
    return this.#agent.cancel(idempotencyKey, force);
  }

  interrupt(recover: boolean) {
    return this.#agent.interrupt(recover);
  }

  resume() {
    return this.#agent.resume();
  }

  update(request: UpdateRequest) {
    return this.#agent.update(request);
  }

  updates() {
    return this.#agent.updates();
  }

  oplog(request: OplogRequest) {
    return this.#agent.oplog(request);
  }

  takeSnapshot() {
    return this.#agent.takeSnapshot();
  }

  snapshot(index: number) {
    return this.#agent.snapshot(index);
  }

  completePromise(id: string, outcome: PromiseOutcome) {
    return this.#agent.completePromise(id, outcome);
  }

  callFrom(address: AgentAddress, request: InvokeRequest) {
    return this.#agent.callFrom(address, request);
  }

  isBehind(chain: readonly string[], idempotencyKey: string, seen: readonly string[]) {
    return this.#agent.isBehind(chain, idempotencyKey, seen);
  }

  override async alarm(): Promise<void> {
    await this.#agent.wake();
  }
}
