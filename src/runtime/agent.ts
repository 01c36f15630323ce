/**
 * The operations on one agent, as the router asks for them: each decides, appends, and drives the
 * loop. What they answer are values; nothing here throws for a user's mistake or an agent's own
 * failure.
 */
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
import type { Presence } from "../core/api/directory.ts";
import { showAgent, showSummary, showUpdates } from "../core/api/show.ts";
import type {
  AgentAddress,
  AgentView,
  InvocationsPage,
  OplogPage,
  SnapshotContent,
  SnapshotView,
  UpdatesView,
} from "../core/api/views.ts";
import type { RevertTarget } from "../core/decide/revert.ts";
import type { Departure, Until } from "../core/copies/history.ts";
import { checkSnapshot } from "../core/decide/snapshot.ts";
import { accept, type Result } from "../core/errors.ts";
import { Arriving } from "./copies/arriving.ts";
import { Departing } from "./copies/departing.ts";
import { Exporting } from "./copies/exporting.ts";
import { Forking } from "./copies/forking.ts";
import { Calls } from "./operations/calls.ts";
import { Cancelling } from "./operations/cancelling.ts";
import { Controlling } from "./operations/controlling.ts";
import { Creating } from "./operations/creating.ts";
import { Importing } from "./copies/importing.ts";
import { Invoking } from "./operations/invoking.ts";
import { listInvocations } from "./books/listing.ts";
import { Loop } from "./loop.ts";
import type { Listener, Ports } from "./ports.ts";
import { noAgent, refused } from "./operations/refusals.ts";
import { Scheduling } from "./operations/scheduling.ts";
import { storedSnapshot } from "./books/stored-snapshot.ts";
import { readOplog } from "./books/reading.ts";
import { Registering } from "./operations/registering.ts";
import { Reverting } from "./operations/reverting.ts";
import { openRich } from "./books/rich.ts";

export class AgentRuntime implements AgentOperations {
  readonly #ports: Ports;
  readonly #loop: Loop;
  readonly #creating: Creating;
  readonly #invoking: Invoking;
  readonly #cancelling: Cancelling;
  readonly #controlling: Controlling;
  readonly #reverting: Reverting;
  readonly #arriving: Arriving;
  readonly #forking: Forking;
  readonly #importing: Importing;
  readonly #departing: Departing;
  readonly #exporting: Exporting;
  readonly #calls: Calls;
  readonly #scheduling: Scheduling;
  readonly #registering: Registering;

  constructor(ports: Ports) {
    this.#ports = ports;
    this.#loop = new Loop(ports);
    const { ledger } = this.#loop;
    const { components, environment } = ports;
    this.#registering = new Registering(ports.registry, this.#loop.ledger);
    this.#creating = new Creating(ports, this.#loop, this.#registering);
    this.#invoking = new Invoking(ports, this.#loop, this.#creating);
    this.#cancelling = new Cancelling(ports, this.#loop);
    this.#controlling = new Controlling(ports, this.#loop, this.#registering);
    this.#scheduling = new Scheduling(ports, this.#loop, this.#creating, this.#invoking);
    this.#reverting = new Reverting(ports, this.#loop);
    this.#arriving = new Arriving(ports, this.#loop, this.#registering);
    this.#forking = new Forking(ports.histories, environment, this.#arriving);
    this.#importing = new Importing(components, environment, this.#arriving);
    this.#departing = new Departing(ledger, ports.store);
    this.#exporting = new Exporting(ledger, this.#departing, components, environment);
    this.#calls = new Calls(this.#loop.ledger, ports.agents, this.#invoking);
  }

  /** Takes up whatever is to be done; called when the alarm fires. */
  async wake(): Promise<void> {
    await this.#arriving.clear();
    const { journal } = this.#loop.ledger;
    if (journal === undefined) return;
    journal.alarmFired();
    const driven = this.#loop.drive();
    journal.arm();
    this.#registering.confirm();
    await driven;
  }

  create(address: AgentAddress, request: CreateRequest) {
    return this.#creating.create(address, request);
  }

  invoke(address: AgentAddress, request: InvokeRequest) {
    this.#registering.confirm();
    return this.#invoking.invoke(address, request);
  }

  invocation(idempotencyKey: string, waitMs: number) {
    return this.#invoking.invocation(idempotencyKey, waitMs);
  }

  async invocations(request: InvocationsRequest): Promise<Result<InvocationsPage>> {
    const { ledger } = this.#loop;
    if (ledger.status === undefined) return noAgent;
    return accept(listInvocations(ledger, this.#ports.store, request));
  }

  cancel(idempotencyKey: string, force: boolean) {
    return this.#cancelling.cancel(idempotencyKey, force);
  }

  interrupt(recover: boolean) {
    return this.#controlling.interrupt(recover);
  }

  resume() {
    return this.#controlling.resume();
  }

  revert(target: RevertTarget) {
    return this.#reverting.revert(target);
  }

  fork(address: AgentAddress, request: ForkRequest) {
    return this.#forking.fork(address, request);
  }

  import(address: AgentAddress, incarnation: string, file: AsyncIterable<Uint8Array>) {
    return this.#importing.import(address, incarnation, file);
  }

  export() {
    return this.#exporting.export();
  }

  depart(until: Until) {
    return this.#departing.depart(until);
  }

  historyPage(departure: Departure, from: number) {
    return this.#departing.historyPage(departure, from);
  }

  snapshotPayload(departure: Departure, index: number) {
    return this.#departing.snapshotPayload(departure, index);
  }

  update(request: UpdateRequest) {
    return this.#controlling.update(request);
  }

  dryRun(request: UpdateRequest) {
    return this.#controlling.dryRun(request);
  }

  destroy() {
    return this.#controlling.destroy();
  }

  async completePromise(
    id: string,
    outcome: PromiseOutcome,
  ): Promise<Result<{ readonly completed: boolean }>> {
    const completed = this.#loop.promises.complete(id, outcome, this.#ports.environment.now());
    if (!completed.ok) return completed;
    void this.#loop.drive();
    return accept({ completed: completed.value });
  }

  callFrom(address: AgentAddress, request: InvokeRequest) {
    this.#registering.confirm();
    return this.#calls.call(address, request);
  }

  isBehind(chain: readonly string[], idempotencyKey: string, seen: readonly string[]) {
    return this.#calls.isBehind(chain, idempotencyKey, seen);
  }

  createSchedule(address: AgentAddress, request: ScheduleRequest) {
    return this.#scheduling.create(address, request);
  }

  schedules(request: SchedulesRequest) {
    return this.#scheduling.list(request);
  }

  schedule(id: string) {
    return this.#scheduling.show(id);
  }

  deleteSchedule(id: string) {
    return this.#scheduling.delete(id);
  }

  async describe(): Promise<Result<AgentView>> {
    const { status } = this.#loop.ledger;
    if (status === undefined) return noAgent;
    return accept(showAgent(status, this.#ports.environment.now(), openRich));
  }

  async presence(): Promise<Presence> {
    const { status } = this.#loop.ledger;
    if (status !== undefined) return { state: "here", agent: showSummary(status) };
    return { state: this.#registering.isComing ? "coming" : "absent" };
  }

  async updates(): Promise<Result<UpdatesView>> {
    const { status } = this.#loop.ledger;
    return status === undefined ? noAgent : accept(showUpdates(status));
  }

  async oplog(request: OplogRequest): Promise<Result<OplogPage>> {
    const { status } = this.#loop.ledger;
    if (status === undefined) return noAgent;
    return accept(readOplog(this.#ports.store, status.lastIndex, request));
  }

  follow(position: Position, waitMs: number) {
    return this.#loop.following.follow(position, waitMs);
  }

  /** Begins or goes on to send to those who listen. */
  tell(): void {
    this.#loop.following.tell();
  }

  /** Hears what one of those who listen says. */
  hear(listener: Listener, message: string): void {
    this.#loop.following.hear(listener, message);
  }

  async takeSnapshot(): Promise<Result<SnapshotView>> {
    const { status } = this.#loop.ledger;
    if (status === undefined) return noAgent;
    const refusal = checkSnapshot(status);
    return refusal === undefined ? this.#loop.takeSnapshot() : refused(refusal);
  }

  async snapshot(index: number): Promise<Result<SnapshotContent>> {
    const { journal } = this.#loop.ledger;
    return journal === undefined ? noAgent : storedSnapshot(journal, this.#ports.store, index);
  }
}
