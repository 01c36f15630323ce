/** The Durable Object of one agent: hands what the platform calls to the runtime, and nothing else. */
import { DurableObject } from "cloudflare:workers";
import type { Departure, Until } from "../core/copies/history.ts";
import type { RevertTarget } from "../core/decide/revert.ts";
import type {
  AgentOperations,
  CreateRequest,
  ForkRequest,
  InvocationsRequest,
  InvokeRequest,
  OplogRequest,
  Position,
  PromiseOutcome,
  ScheduleRequest,
  SchedulesRequest,
  UpdateRequest,
} from "../core/api/operations.ts";
import { accept } from "../core/errors.ts";
import type { AgentAddress } from "../core/api/views.ts";
import { AgentRuntime } from "../runtime/agent.ts";
import { byteStreamOf } from "../transport/byte-stream.ts";
import { sha256 } from "../transport/digest.ts";
import { pack, unpack, type Packed, type Packing } from "../transport/packing.ts";
import { AgentCalls } from "./agent-calls.ts";
import { AgentSockets, SocketListener } from "./agent-sockets.ts";
import { AgentHistories } from "./agent-histories.ts";
import { SqlAgentStore } from "./agent-store.ts";
import { HostBindings } from "./bindings.ts";
import { ComponentClient } from "./component-client.ts";
import { configOf, settingsOf } from "./config.ts";
import { DirectoryClient } from "./directory-client.ts";
import { NetworkEffects } from "./effects.ts";
import type { Env } from "./env.ts";
import { FacetInstances } from "./instances.ts";
import { Isolates } from "./isolates.ts";

function runtimeOf(ctx: DurableObjectState, env: Env, listeners: AgentSockets): AgentRuntime {
  const config = configOf(env);
  const isolates = new Isolates(env.LOADER, config.loading);
  return new AgentRuntime({
    environment: {
      now: () => Date.now(),
      uuid: () => crypto.randomUUID(),
      random: () => Math.random(),
      sha256,
    },
    store: new SqlAgentStore(ctx.storage),
    instances: new FacetInstances(ctx.facets, isolates),
    components: new ComponentClient(env.COMPONENTS, isolates),
    effects: new NetworkEffects(config.limits.recordedBodyBytes),
    agents: new AgentCalls(env.AGENTS),
    histories: new AgentHistories(env.AGENTS),
    bindings: new HostBindings(env, config.bindings, config.limits.recordedBodyBytes),
    registry: new DirectoryClient(env.DIRECTORY, config.directoryShards),
    listeners,
    settings: settingsOf(config),
  });
}

export class AgentObject extends DurableObject<Env> implements Packing<AgentOperations> {
  readonly #sockets = new AgentSockets(this.ctx);
  readonly #agent = runtimeOf(this.ctx, this.env, this.#sockets);

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    if (!this.#sockets.isEmpty) this.#agent.tell();
  }

  async create(address: AgentAddress, request: Packed<CreateRequest>) {
    return pack(await this.#agent.create(address, await unpack(request)));
  }

  async describe() {
    return pack(await this.#agent.describe());
  }

  presence() {
    return this.#agent.presence();
  }

  destroy() {
    return this.#agent.destroy();
  }

  async invoke(address: AgentAddress, request: Packed<InvokeRequest>) {
    return pack(await this.#agent.invoke(address, await unpack(request)));
  }

  async invocation(idempotencyKey: string, waitMs: number) {
    return pack(await this.#agent.invocation(idempotencyKey, waitMs));
  }

  async invocations(request: InvocationsRequest) {
    return pack(await this.#agent.invocations(request));
  }

  cancel(idempotencyKey: string, force: boolean) {
    return this.#agent.cancel(idempotencyKey, force);
  }

  async interrupt(recover: boolean) {
    return pack(await this.#agent.interrupt(recover));
  }

  async resume() {
    return pack(await this.#agent.resume());
  }

  revert(target: RevertTarget) {
    return this.#agent.revert(target);
  }

  async fork(address: AgentAddress, request: ForkRequest) {
    return pack(await this.#agent.fork(address, request));
  }

  /** The file comes as a stream, which crosses as it is. */
  async import(address: AgentAddress, incarnation: string, file: AsyncIterable<Uint8Array>) {
    return pack(await this.#agent.import(address, incarnation, file));
  }

  async export() {
    const file = await this.#agent.export();
    return file.ok ? accept(byteStreamOf(file.value)) : file;
  }

  depart(until: Until) {
    return this.#agent.depart(until);
  }

  async historyPage(departure: Departure, from: number) {
    return pack(await this.#agent.historyPage(departure, from));
  }

  async snapshotPayload(departure: Departure, index: number) {
    return pack(await this.#agent.snapshotPayload(departure, index));
  }

  update(request: UpdateRequest) {
    return this.#agent.update(request);
  }

  dryRun(request: UpdateRequest) {
    return this.#agent.dryRun(request);
  }

  updates() {
    return this.#agent.updates();
  }

  async oplog(request: OplogRequest) {
    return pack(await this.#agent.oplog(request));
  }

  async follow(position: Position, waitMs: number) {
    return pack(await this.#agent.follow(position, waitMs));
  }

  takeSnapshot() {
    return this.#agent.takeSnapshot();
  }

  async snapshot(index: number) {
    return pack(await this.#agent.snapshot(index));
  }

  async completePromise(id: string, outcome: Packed<PromiseOutcome>) {
    return this.#agent.completePromise(id, await unpack(outcome));
  }

  async createSchedule(address: AgentAddress, request: Packed<ScheduleRequest>) {
    return pack(await this.#agent.createSchedule(address, await unpack(request)));
  }

  async schedules(request: SchedulesRequest) {
    return pack(await this.#agent.schedules(request));
  }

  async schedule(id: string) {
    return pack(await this.#agent.schedule(id));
  }

  deleteSchedule(id: string) {
    return this.#agent.deleteSchedule(id);
  }

  async callFrom(address: AgentAddress, request: Packed<InvokeRequest>) {
    return pack(await this.#agent.callFrom(address, await unpack(request)));
  }

  isBehind(chain: readonly string[], idempotencyKey: string, seen: readonly string[]) {
    return this.#agent.isBehind(chain, idempotencyKey, seen);
  }

  override fetch(request: Request): Response {
    const response = this.#sockets.accept(request);
    this.#agent.tell();
    return response;
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const text = typeof message === "string" ? message : "";
    this.#agent.hear(new SocketListener(socket), text);
  }

  /** The client has closed it: the platform does not answer that by itself for sockets that hibernate. */
  override webSocketClose(socket: WebSocket): void {
    socket.close(1000, "closed by the client");
  }

  override async alarm(): Promise<void> {
    await this.#agent.wake();
  }
}
