/** Accepts invocations and answers those who wait for them. */
import type { InvokeRequest } from "../../core/api/operations.ts";
import { showError } from "../../core/api/show.ts";
import type { AgentAddress, InvocationView, MethodView } from "../../core/api/views.ts";
import {
  checkAdmission,
  checkFailure,
  checkReuse,
  findMethod,
  type MethodCall,
} from "../../core/decide/invoke.ts";
import { checkInterruption, resumptionOf } from "../../core/decide/lifecycle.ts";
import { accept, refuse, type Refusal, type Result } from "../../core/errors.ts";
import type { PendingAgentInvocation } from "../../core/oplog/entry.ts";
import type { Status } from "../../core/status/status.ts";
import type { Creating, Draft } from "./creating.ts";
import type { KnownInvocation } from "../books/known-invocation.ts";
import type { Loop } from "../loop.ts";
import type { Ports } from "../ports.ts";
import { ReadOnlyCalls } from "./read-only-calls.ts";
import { noAgent, refused, unknownInvocation } from "./refusals.ts";

/** A call that is found to be good; `draft` is that of an agent that does not exist yet. */
interface CheckedCall {
  readonly draft: Draft | undefined;
  readonly method: MethodView;
}

export class Invoking {
  readonly #ports: Ports;
  readonly #loop: Loop;
  readonly #creating: Creating;
  readonly #reading: ReadOnlyCalls;

  constructor(ports: Ports, loop: Loop, creating: Creating) {
    this.#ports = ports;
    this.#loop = loop;
    this.#creating = creating;
    this.#reading = new ReadOnlyCalls(ports, loop, creating);
  }

  get #now(): number {
    return this.#ports.environment.now();
  }

  get #status(): Status | undefined {
    return this.#loop.ledger.status;
  }

  async invoke(address: AgentAddress, request: InvokeRequest): Promise<Result<InvocationView>> {
    const answer = await this.perform(address, request);
    if (!answer.ok) return answer;
    return request.mode === "await" ? outcomeOf(answer.value) : accept(answer.value.show());
  }

  /** Invokes; when the outcome is waited for, the invocation that is answered has ended. */
  async perform(address: AgentAddress, request: InvokeRequest): Promise<Result<KnownInvocation>> {
    const known = this.#known(request);
    if (known !== undefined) return this.#attach(known, request);
    const checked = await this.check(address, request);
    if (!checked.ok) return checked;
    const again = this.#known(request);
    if (again !== undefined) return this.#attach(again, request);
    const { draft, method } = checked.value;
    if (method.readOnly && request.mode !== "enqueue") return this.#reading.read(draft, request);
    const status = this.#status;
    if (status !== undefined) return this.#admit(status, request);
    if (draft === undefined) return noAgent;
    if (await this.#creating.write(draft, [this.#pendingOf(request)])) return this.#answer(request);
    return this.perform(address, request);
  }

  #known({ idempotencyKey, isNewKey }: InvokeRequest): KnownInvocation | undefined {
    return isNewKey ? undefined : this.#loop.ledger.find(idempotencyKey);
  }

  #attach(known: KnownInvocation, request: InvokeRequest): Promise<Result<KnownInvocation>> {
    const misuse = checkReuse(known.call, request);
    if (misuse !== undefined) return Promise.resolve(refused(misuse));
    return this.#answer(request);
  }

  async check(address: AgentAddress, request: MethodCall): Promise<Result<CheckedCall>> {
    const status = this.#status;
    const draft = status === undefined ? await this.#creating.draft(address, {}) : undefined;
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
    return accept({ draft: draft?.value, method: method.value });
  }

  #pendingOf(request: InvokeRequest): PendingAgentInvocation {
    const { idempotencyKey, method, args, scheduledFor, caller } = request;
    return {
      kind: "PendingAgentInvocation",
      at: this.#now,
      idempotencyKey,
      invocation: { type: "method", method, args },
      ...(scheduledFor === undefined ? {} : { scheduledFor }),
      ...(caller === undefined ? {} : { caller: caller.address }),
      ...(caller === undefined || caller.chain.length === 0 ? {} : { chain: caller.chain }),
    };
  }

  #admit(status: Status, request: InvokeRequest): Promise<Result<KnownInvocation>> {
    const { ledger } = this.#loop;
    const refusal = checkAdmission(status, this.#ports.settings.limits);
    if (refusal !== undefined) return Promise.resolve(refused(refusal));
    const pending = this.#pendingOf(request);
    if (request.mode === "await" && this.#loop.isFree) {
      ledger.hold(pending);
    } else ledger.append([...resumptionOf(status, this.#now), pending]);
    return this.#answer(request);
  }

  async #answer({ idempotencyKey, mode }: InvokeRequest): Promise<Result<KnownInvocation>> {
    const { ledger } = this.#loop;
    const known = ledger.find(idempotencyKey);
    if (known === undefined) return noAgent;
    if (mode === "enqueue") {
      if (ledger.inbox.has(idempotencyKey)) ledger.append([]);
      void this.#loop.drive();
      return accept(known);
    }
    if (known.state === "ended") return accept(known);
    const status = this.#status;
    const stopped = status && (checkFailure(status) ?? checkInterruption(status));
    if (stopped !== undefined) return refused(withInvocation(stopped, known));
    const woken = ledger.callers.wait(idempotencyKey);
    void this.#loop.drive();
    const wakeup = await woken;
    const ended = ledger.find(idempotencyKey);
    if (wakeup !== "ended") return refused(withInvocation(wakeup, ended));
    return ended === undefined ? noAgent : accept(ended);
  }

  /** Answers once it has ended, or the time is up: one that is interrupted meanwhile may still end. */
  async invocation(idempotencyKey: string, waitMs: number): Promise<Result<InvocationView>> {
    const { ledger } = this.#loop;
    if (this.#status === undefined) return noAgent;
    const known = ledger.find(idempotencyKey);
    if (known === undefined) return unknownInvocation;
    if (known.state === "ended" || waitMs === 0) return accept(known.show());
    const until = this.#now + waitMs;
    const wakeup = await ledger.callers.wait(idempotencyKey, waitMs);
    const later = ledger.find(idempotencyKey);
    if (later === undefined) return wakeup === "ended" ? unknownInvocation : refused(wakeup);
    if (wakeup === "ended") return accept(later.show());
    return this.invocation(idempotencyKey, Math.max(0, until - this.#now));
  }
}

function withInvocation(refusal: Refusal, known: KnownInvocation | undefined): Refusal {
  if (known === undefined) return refusal;
  return { ...refusal, members: { ...refusal.members, invocation: known.show() } };
}

/** What a caller who awaited gets of an invocation that has ended. */
function outcomeOf(known: KnownInvocation): Result<InvocationView> {
  const invocation = known.show();
  const { failure } = known;
  if (known.isCancelled) {
    const detail = "The invocation was cancelled; invoke again with another key.";
    return refuse("invocation-cancelled", detail, { invocation });
  }
  if (failure === undefined) return accept(invocation);
  return refuse("invocation-failed", failure.message, {
    invocation,
    error: showError(failure),
    ...(failure.status === undefined ? {} : { status: failure.status }),
    ...(failure.code === undefined ? {} : { authorCode: failure.code }),
  });
}
