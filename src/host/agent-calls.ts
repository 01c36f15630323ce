/** Reaches other agents through their objects. */
import { persist } from "./persist.ts";
import { addressOfName, isAddress, nameOf } from "../core/api/agent-name.ts";
import type { AgentOperations, Caller } from "../core/api/operations.ts";
import { defaultRetryPolicy } from "../core/retry.ts";
import { refuse, type Refusal, type Result } from "../core/errors.ts";
import type { ErrorData, Outcome } from "../core/oplog/entry.ts";
import type { AgentMessage, EffectResult } from "../core/protocol.ts";
import type { Agents } from "../runtime/ports.ts";
import { reach, type Packing } from "../transport/packing.ts";
import type { ObjectNamespace } from "./env.ts";

/** An object that cannot be reached is tried for about a minute: the call's key makes that harmless. */
const PERSISTENT = { ...defaultRetryPolicy, attempts: 12 };

/** A refusal as agent code meets it: what HTTP would answer. */
function refusalError({ code, detail, members = {} }: Refusal): ErrorData {
  const { issues, lastError, authorCode } = members;
  const details = issues === undefined ? lastError && { lastError } : { issues };
  return {
    name: "AgentError",
    message: detail,
    code: authorCode ?? code,
    ...(details === undefined ? {} : { details }),
  } as ErrorData;
}

function settle<T>(result: Result<T>, response: (value: T) => Outcome): EffectResult {
  if (!result.ok) return { ok: false, error: refusalError(result.refusal) };
  const outcome = response(result.value);
  return outcome.ok ? { ok: true, response: outcome.result } : outcome;
}

function json(value: unknown): Outcome {
  return { ok: true, result: JSON.stringify(value) };
}

export class AgentCalls implements Agents {
  readonly #namespace: ObjectNamespace<Packing<AgentOperations>>;

  constructor(namespace: ObjectNamespace<Packing<AgentOperations>>) {
    this.#namespace = namespace;
  }

  #persist<T>(name: string, ask: (agent: AgentOperations) => Promise<T>): Promise<T> {
    return persist(() => ask(reach<AgentOperations>(this.#namespace.getByName(name))), PERSISTENT);
  }

  async perform(message: AgentMessage, caller: Caller): Promise<EffectResult> {
    const { address } = message;
    if (!isAddress(address)) {
      const detail = `${nameOf(address)} is no address of an agent: it has the form component/Type/key.`;
      return { ok: false, error: refusalError(refuse("invalid-request", detail).refusal) };
    }
    return this.#persist(nameOf(address), (agent) => this.#send(agent, message, caller));
  }

  async #send(
    agent: AgentOperations,
    message: AgentMessage,
    caller: Caller,
  ): Promise<EffectResult> {
    const { address, idempotencyKey, content } = message;
    if (content.kind === "complete") {
      const { promiseId, result } = content;
      const outcome = { ok: true, result, completedBy: idempotencyKey } as const;
      const completed = await agent.completePromise(promiseId, outcome);
      return settle(completed, (value) => json(value.completed));
    }
    const { method, args, mode, scheduledFor } = content;
    const when = scheduledFor === undefined ? {} : { scheduledFor };
    const request = { method, args, mode, idempotencyKey, isNewKey: false, caller, ...when };
    if (mode === "await") {
      return settle(await agent.callFrom(address, request), (outcome) => outcome);
    }
    return settle(await agent.invoke(address, request), (view) => json(view.idempotencyKey));
  }

  isBehind(
    name: string,
    chain: readonly string[],
    idempotencyKey: string,
    seen: readonly string[],
  ): Promise<boolean> {
    if (!isAddress(addressOfName(name))) return Promise.resolve(false);
    return this.#persist(name, (agent) => agent.isBehind(chain, idempotencyKey, seen));
  }
}
