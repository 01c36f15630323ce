/** What agent code asks for outside its instance: by the agent's own books, or by the platform. */
import { nameOf } from "../../core/api/agent-name.ts";
import { callCycle } from "../../core/decide/circles.ts";
import type { AgentMessage, Effect, EffectResult } from "../../core/protocol.ts";
import type { Ledger } from "../books/ledger.ts";
import type { Agents, Bindings, Effects, Tried } from "../ports.ts";
import { refusalError, type Promises } from "./promises.ts";

interface Outside {
  readonly effects: Effects;
  readonly agents: Agents;
  readonly bindings: Bindings;
}

export class Performing implements Effects {
  readonly #outside: Outside;
  readonly #ledger: Ledger;
  readonly #promises: Promises;

  constructor(outside: Outside, ledger: Ledger, promises: Promises) {
    this.#outside = outside;
    this.#ledger = ledger;
    this.#promises = promises;
  }

  async perform(effect: Effect, aborted: AbortSignal): Promise<Tried> {
    if (effect.message !== undefined) return this.#send(effect.message);
    if (effect.binding !== undefined) return this.#outside.bindings.perform(effect.binding);
    if (effect.call === "fetch") return this.#outside.effects.perform(effect, aborted);
    const { id } = JSON.parse(effect.request) as { readonly id: string };
    return this.#promises.outcome(id);
  }

  /** Agents that wait for the invocation in progress, the farthest first. */
  #waiting(): readonly string[] {
    const { current, identity } = this.#ledger.status ?? {};
    // Who waits for the source does not wait for its copy.
    const cut = identity?.origin?.forks.at(-1)?.to ?? 0;
    if (current === undefined || current.pendingIndex <= cut) return [];
    const request = this.#ledger.journal?.entry(current.pendingIndex);
    return request?.kind === "PendingAgentInvocation" ? (request.chain ?? []) : [];
  }

  async #send(message: AgentMessage): Promise<EffectResult> {
    const { status } = this.#ledger;
    if (status === undefined) throw new Error("the agent does not exist");
    const address = nameOf(status.identity);
    const { content } = message;
    const isAwaited = content.kind === "invoke" && content.mode === "await";
    const chain = isAwaited ? [...this.#waiting(), address] : [];
    const to = nameOf(message.address);
    if (chain.includes(to)) return { ok: false, error: refusalError(callCycle(to, chain)) };
    return this.#outside.agents.perform(message, { address, chain });
  }
}
