/**
 * The operations on one agent, as the router asks for them: decide, append, drive the loop. What
 * they answer are values; nothing here throws for a user's mistake or an agent's own failure.
 */
import type { AgentTypeDescription } from "../core/api/description.ts";
import type {
  AgentOperations,
  CreateRequest,
  InvokeRequest,
  OplogRequest,
  UpdateRequest,
} from "../core/api/operations.ts";
import { showAgent, showEntry, showError, showUpdates } from "../core/api/show.ts";
import type {
  AgentAddress,
  AgentView,
  EntryView,
  InvocationView,
  OplogPage,
  UpdateView,
  UpdatesView,
} from "../core/api/views.ts";
import { checkAdmission, checkFailure, checkReuse, findMethod } from "../core/decide/invoke.ts";
import { checkUpdate } from "../core/decide/update.ts";
import { accept, refuse, type Refusal, type Result } from "../core/errors.ts";
import { equalJsonTexts } from "../core/json.ts";
import type { Create, Entry, PendingAgentInvocation } from "../core/oplog/entry.ts";
import { INITIALIZATION_KEY, type Status } from "../core/status/status.ts";
import type { KnownInvocation } from "./ledger.ts";
import { Loop } from "./loop.ts";
import type { Ports } from "./ports.ts";
import { openRich } from "./rich.ts";

const noAgent = refuse(
  "agent-not-found",
  "There is no agent at this address; create it with PUT, or by invoking one of its methods.",
);

function refused(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal };
}

/** A new agent that is not written yet. */
interface Draft {
  readonly create: Create;
  readonly type: AgentTypeDescription;
}

export class AgentRuntime implements AgentOperations {
  readonly #ports: Ports;
  readonly #loop: Loop;

  constructor(ports: Ports) {
    this.#ports = ports;
    this.#loop = new Loop(ports);
  }

  get #now(): number {
    return this.#ports.environment.now();
  }

  get #status(): Status | undefined {
    return this.#loop.ledger.status;
  }

  /** Takes up whatever is to be done; called when the alarm fires. */
  async wake(): Promise<void> {
    const { journal } = this.#loop.ledger;
    if (journal === undefined) return;
    journal.alarmFired();
    const driven = this.#loop.drive();
    journal.arm();
    await driven;
  }

  #view(status: Status): AgentView {
    return showAgent(status, this.#now, openRich);
  }

  async describe(): Promise<Result<AgentView>> {
    const status = this.#status;
    return status === undefined ? noAgent : accept(this.#view(status));
  }

  async updates(): Promise<Result<UpdatesView>> {
    const status = this.#status;
    return status === undefined ? noAgent : accept(showUpdates(status));
  }

  // Creation

  async #draft(
    { component, type, key }: AgentAddress,
    {
      revision = "latest",
      params,
      env,
    }: { revision?: number | "latest"; params?: string; env?: Create["env"] },
  ): Promise<Result<Draft>> {
    const known = await this.#ports.components.agentType(component, revision, type);
    if (!known.ok) return known;
    const create: Create = {
      kind: "Create",
      at: this.#now,
      component,
      type,
      key,
      revision: known.value.revision,
      incarnation: this.#ports.environment.uuid(),
      ...(params === undefined ? {} : { params }),
      ...(env === undefined ? {} : { env }),
    };
    return accept({ create, type: known.value.type });
  }

  #write({ create, type }: Draft, more: readonly Entry[]): void {
    const { at } = create;
    const initialization: Entry[] = type.initializes
      ? [
          {
            kind: "PendingAgentInvocation",
            at,
            idempotencyKey: INITIALIZATION_KEY,
            invocation: { type: "initialization" },
          },
        ]
      : [];
    this.#loop.ledger.create(create, [...initialization, ...more]);
  }

  async create(
    address: AgentAddress,
    request: CreateRequest,
  ): Promise<Result<{ readonly agent: AgentView; readonly created: boolean }>> {
    if (this.#status === undefined) {
      const draft = await this.#draft(address, request);
      if (!draft.ok) return draft;
      if (this.#status === undefined) {
        this.#write(draft.value, []);
        return this.#initialized(true);
      }
    }
    return this.#existing(this.#status, request);
  }

  async #existing(
    status: Status,
    { params, env }: CreateRequest,
  ): Promise<Result<{ agent: AgentView; created: boolean }>> {
    const { identity } = status;
    const sameParams = params === undefined || equalJsonTexts(identity.params ?? "null", params);
    const sameEnv =
      env === undefined || equalJsonTexts(JSON.stringify(identity.env ?? {}), JSON.stringify(env));
    if (sameParams && sameEnv) return this.#initialized(false);
    return refuse(
      "agent-already-exists",
      "An agent with other params or env lives at this address; use another key, or delete it first.",
    );
  }

  /** Waits until the initialization has ended, well or badly. */
  async #initialized(created: boolean): Promise<Result<{ agent: AgentView; created: boolean }>> {
    const { ledger } = this.#loop;
    const wakeup = this.#isInitializing ? ledger.callers.wait(INITIALIZATION_KEY) : "ended";
    void this.#loop.drive();
    const reason = await wakeup;
    const status = this.#status;
    if (status !== undefined) return accept({ agent: this.#view(status), created });
    return reason === "ended" ? noAgent : refused(reason);
  }

  get #isInitializing(): boolean {
    const status = this.#status;
    if (status === undefined || status.name === "failed") return false;
    const { current, pending } = status;
    return [current, pending[0]].some((open) => open?.idempotencyKey === INITIALIZATION_KEY);
  }

  // Invocations

  async invoke(address: AgentAddress, request: InvokeRequest): Promise<Result<InvocationView>> {
    const known = this.#known(request);
    if (known !== undefined) return this.#attach(known, request);
    const checked = await this.#check(address, request);
    if (!checked.ok) return checked;
    const again = this.#known(request);
    if (again !== undefined) return this.#attach(again, request);
    return this.#admit(checked.value, request);
  }

  #known({ idempotencyKey, isNewKey }: InvokeRequest): KnownInvocation | undefined {
    return isNewKey ? undefined : this.#loop.ledger.find(idempotencyKey);
  }

  #attach(known: KnownInvocation, request: InvokeRequest): Promise<Result<InvocationView>> {
    const misuse = checkReuse(known.call, request);
    if (misuse !== undefined) return Promise.resolve(refused(misuse));
    return this.#answer(request);
  }

  /** The draft of an agent that does not exist yet, once the call itself is found to be good. */
  async #check(address: AgentAddress, request: InvokeRequest): Promise<Result<Draft | undefined>> {
    const status = this.#status;
    const draft = status === undefined ? await this.#draft(address, {}) : undefined;
    if (draft?.ok === false) return draft;
    const revision = draft?.value.create.revision ?? status?.revision ?? 1;
    const type = await this.#ports.components.agentType(address.component, revision, address.type);
    if (!type.ok) return type;
    const method = findMethod(type.value.type, request.method);
    if (!method.ok) return method;
    if (method.value.inputSchema !== undefined) {
      const call = { type: address.type, method: request.method, args: request.args };
      const issues = await this.#ports.components.validate(address.component, revision, call);
      if (issues.length > 0) {
        const detail = `The arguments do not fit the schema of ${request.method}; mend what issues lists.`;
        return refuse("invalid-arguments", detail, { issues });
      }
    }
    return accept(draft?.value);
  }

  #admit(draft: Draft | undefined, request: InvokeRequest): Promise<Result<InvocationView>> {
    const { ledger } = this.#loop;
    const { idempotencyKey, method, args, scheduledFor } = request;
    const pending: PendingAgentInvocation = {
      kind: "PendingAgentInvocation",
      at: this.#now,
      idempotencyKey,
      invocation: { type: "method", method, args },
      ...(scheduledFor === undefined ? {} : { scheduledFor }),
    };
    const status = this.#status;
    if (status === undefined) {
      if (draft === undefined) return Promise.resolve(noAgent);
      this.#write(draft, [pending]);
      return this.#answer(request);
    }
    const refusal = checkAdmission(status);
    if (refusal !== undefined) return Promise.resolve(refused(refusal));
    if (request.mode === "await" && scheduledFor === undefined && this.#loop.isFree) {
      ledger.hold(pending);
    } else ledger.append([pending]);
    return this.#answer(request);
  }

  async #answer({
    idempotencyKey,
    mode,
    scheduledFor,
  }: InvokeRequest): Promise<Result<InvocationView>> {
    const { ledger } = this.#loop;
    const known = ledger.find(idempotencyKey);
    if (known === undefined) return noAgent;
    if (mode === "enqueue" || scheduledFor !== undefined) {
      if (ledger.inbox.has(idempotencyKey)) ledger.append([]);
      const view = known.show();
      void this.#loop.drive();
      return accept(view);
    }
    if (!known.isOpen) return outcomeOf(known);
    const failed = this.#status && checkFailure(this.#status);
    if (failed !== undefined) return refused(withInvocation(failed, known));
    const woken = ledger.callers.wait(idempotencyKey);
    void this.#loop.drive();
    const wakeup = await woken;
    const ended = ledger.find(idempotencyKey);
    if (wakeup !== "ended") return refused(withInvocation(wakeup, ended));
    return ended === undefined ? noAgent : outcomeOf(ended);
  }

  async invocation(idempotencyKey: string, waitMs: number): Promise<Result<InvocationView>> {
    const { ledger } = this.#loop;
    if (this.#status === undefined) return noAgent;
    const known = ledger.find(idempotencyKey);
    const unknown = refuse(
      "invocation-not-found",
      "This agent has accepted no invocation with that idempotency key.",
    );
    if (known === undefined) return unknown;
    if (!known.isOpen || waitMs === 0) return accept(known.show());
    const wakeup = await ledger.callers.wait(idempotencyKey, waitMs);
    const later = ledger.find(idempotencyKey);
    if (later !== undefined) return accept(later.show());
    return wakeup === "ended" ? unknown : refused(wakeup);
  }

  // Updates

  async update({ revision, mode, wake }: UpdateRequest): Promise<Result<UpdateView>> {
    const before = this.#status;
    if (before === undefined) return noAgent;
    const { component, type } = before.identity;
    const target = await this.#ports.components.agentType(component, revision, type);
    if (!target.ok) return target;
    const status = this.#status;
    if (status === undefined) return noAgent;
    const request = { mode, revision: target.value.revision };
    const refusal = checkUpdate(status, request);
    if (refusal !== undefined) return refused(refusal);
    const id = this.#ports.environment.uuid();
    this.#loop.ledger.append([updateRequest(id, request, wake, this.#now)]);
    const view =
      this.#status && showUpdates(this.#status).pending.find((update) => update.id === id);
    void this.#loop.drive();
    return view === undefined ? noAgent : accept(view);
  }

  // Everything else

  async destroy(): Promise<Result<null>> {
    if (this.#status === undefined) return noAgent;
    this.#loop.stop("the agent was deleted");
    this.#loop.ledger.forget();
    await this.#ports.store.destroy();
    const detail = "The agent was deleted while this was waiting; invoke again to make a new one.";
    this.#loop.ledger.callers.wakeAll(refuse("agent-deleted", detail).refusal);
    return accept(null);
  }

  async oplog({ from, limit }: OplogRequest): Promise<Result<OplogPage>> {
    const { journal } = this.#loop.ledger;
    if (journal === undefined) return noAgent;
    const { lastIndex } = journal.status;
    const entries: EntryView[] = [];
    let next: number | undefined;
    for (const indexed of journal.read(from, lastIndex)) {
      if (entries.length === limit) {
        next = indexed.index;
        break;
      }
      const isSnapshot = indexed.entry.kind === "Snapshot";
      const snapshot = isSnapshot ? this.#ports.store.getSnapshot(indexed.index) : undefined;
      entries.push(showEntry(indexed, snapshot, openRich));
    }
    return accept({ entries, lastIndex, ...(next === undefined ? {} : { next }) });
  }
}

function updateRequest(
  updateId: string,
  { mode, revision }: { readonly mode: UpdateRequest["mode"]; readonly revision: number },
  wake: boolean,
  at: number,
): Entry {
  if (mode === "automatic") {
    return { kind: "PendingUpdate", at, updateId, mode, revision, requestedAt: at, wake };
  }
  // A blank keeps the key apart from every key that a caller can send.
  const idempotencyKey = `update ${updateId}`;
  const invocation = { type: "manual-update", updateId, revision } as const;
  return { kind: "PendingAgentInvocation", at, idempotencyKey, invocation };
}

function withInvocation(refusal: Refusal, known: KnownInvocation | undefined): Refusal {
  if (known === undefined) return refusal;
  return { ...refusal, members: { ...refusal.members, invocation: known.show() } };
}

/** What a caller who awaited gets of an invocation that has ended. */
function outcomeOf(known: KnownInvocation): Result<InvocationView> {
  const invocation = known.show();
  const { failure } = known;
  if (failure === undefined) return accept(invocation);
  return refuse("invocation-failed", failure.message, {
    invocation,
    error: showError(failure),
    ...(failure.status === undefined ? {} : { status: failure.status }),
    ...(failure.code === undefined ? {} : { authorCode: failure.code }),
  });
}
