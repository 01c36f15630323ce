/** What operators do to an agent: interrupt, resume, update, delete. */
import type { UpdateRequest } from "../../core/api/operations.ts";
import { showAgent, showUpdates } from "../../core/api/show.ts";
import type { AgentView, DryRunView, UpdateView } from "../../core/api/views.ts";
import {
  checkResume,
  interruption,
  isInterruptible,
  resumption,
  resumptionOf,
} from "../../core/decide/lifecycle.ts";
import { checkUpdate, type UpdateTarget } from "../../core/decide/update.ts";
import { accept, refuse, type Result } from "../../core/errors.ts";
import type { Entry } from "../../core/oplog/entry.ts";
import type { Status } from "../../core/status/status.ts";
import type { Loop } from "../loop.ts";
import type { Ports } from "../ports.ts";
import { noAgent, refused } from "./refusals.ts";
import type { Registering } from "./registering.ts";
import { openRich } from "../books/rich.ts";

export class Controlling {
  readonly #ports: Ports;
  readonly #loop: Loop;
  readonly #registering: Registering;

  constructor(ports: Ports, loop: Loop, registering: Registering) {
    this.#ports = ports;
    this.#loop = loop;
    this.#registering = registering;
  }

  get #now(): number {
    return this.#ports.environment.now();
  }

  get #status(): Status | undefined {
    return this.#loop.ledger.status;
  }

  async interrupt(recover: boolean): Promise<Result<AgentView>> {
    const status = this.#status;
    if (status === undefined) return noAgent;
    if (recover) this.#loop.restart();
    else if (isInterruptible(status)) {
      this.#loop.stop("the agent was interrupted");
      this.#loop.ledger.append([{ kind: "Interrupted", at: this.#now }]);
      this.#loop.ledger.callers.wakeAll(interruption);
    }
    return this.#shown();
  }

  async resume(): Promise<Result<AgentView>> {
    const status = this.#status;
    if (status === undefined) return noAgent;
    const refusal = checkResume(status);
    if (refusal !== undefined) return refused(refusal);
    this.#loop.ledger.append([resumption(this.#now)]);
    const view = this.#shown();
    void this.#loop.drive();
    return view;
  }

  #shown(): Result<AgentView> {
    const status = this.#status;
    return status === undefined ? noAgent : accept(showAgent(status, this.#now, openRich));
  }

  /** What is to be updated to, checked against the agent as it is now. */
  async #target(request: UpdateRequest): Promise<Result<{ status: Status; target: UpdateTarget }>> {
    const before = this.#status;
    if (before === undefined) return noAgent;
    const { component, type } = before.identity;
    const known = await this.#ports.components.agentType(component, request.revision, type);
    if (!known.ok) return known;
    const status = this.#status;
    if (status === undefined) return noAgent;
    const { mode, check } = request;
    const { revision } = known.value;
    const target = { mode, revision, ...(check === undefined ? {} : { check }) };
    const refusal = checkUpdate(status, target);
    return refusal === undefined ? accept({ status, target }) : refused(refusal);
  }

  async dryRun(request: UpdateRequest): Promise<Result<DryRunView>> {
    const found = await this.#target(request);
    return found.ok ? this.#loop.dryRunning.dryRun(found.value.target) : found;
  }

  async #update(wanted: UpdateRequest): Promise<Result<UpdateView>> {
    const found = await this.#target(wanted);
    if (!found.ok) return found;
    const { status, target: request } = found.value;
    const { mode, wake } = wanted;
    const id = wanted.id ?? this.#ports.environment.uuid();
    // A manual update waits its turn behind the interrupted invocation, which goes on if it may.
    const resumed = wake && mode === "manual" ? resumptionOf(status, this.#now) : [];
    this.#loop.ledger.append([...resumed, updateRequest(id, request, wake, this.#now)]);
    const view =
      this.#status && showUpdates(this.#status).pending.find((update) => update.id === id);
    void this.#loop.drive();
    return view === undefined ? noAgent : accept(view);
  }

  /** The update that a request with an id was when it was first sent, concluded or not, or the new one. */
  async update(request: UpdateRequest): Promise<Result<UpdateView>> {
    if (this.#status === undefined || request.id === undefined) return this.#update(request);
    const { pending, successful, failed } = showUpdates(this.#status);
    const known = [...pending, ...successful, ...failed].find(({ id }) => id === request.id);
    return known === undefined ? this.#update(request) : accept(known);
  }

  async destroy(): Promise<Result<null>> {
    if (this.#status === undefined) return noAgent;
    const { identity } = this.#status;
    this.#loop.stop("the agent was deleted");
    this.#loop.forget();
    await this.#ports.store.destroy();
    const detail = "The agent was deleted while this was waiting; invoke again to make a new one.";
    this.#loop.ledger.callers.wakeAll(refuse("agent-deleted", detail).refusal);
    this.#loop.following.changed();
    await this.#registering.leave(identity, identity.incarnation);
    return accept(null);
  }
}

function updateRequest(
  updateId: string,
  { mode, revision, check }: UpdateTarget,
  wake: boolean,
  at: number,
): Entry {
  if (mode === "automatic") {
    const strictness = check === "calls" ? { check } : {};
    const update = { updateId, mode, revision, requestedAt: at, wake, ...strictness };
    return { kind: "PendingUpdate", at, ...update };
  }
  // A blank keeps the key apart from every key that a caller can send.
  const idempotencyKey = `update ${updateId}`;
  const invocation = { type: "manual-update", updateId, revision } as const;
  return { kind: "PendingAgentInvocation", at, idempotencyKey, invocation };
}
