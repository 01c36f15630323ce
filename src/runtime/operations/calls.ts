/**
 * Calls from other agents. Such a caller gets the outcome whole, and no circle of agents that wait
 * for each other is closed: a caller's wait is in its oplog before its call arrives, so of two calls
 * that would close a circle together at least one finds the other.
 */
import type { InvokeRequest } from "../../core/api/operations.ts";
import { nameOf } from "../../core/api/agent-name.ts";
import type { AgentAddress } from "../../core/api/views.ts";
import { callCycle, openCalls } from "../../core/decide/circles.ts";
import { accept, refuse, type Result } from "../../core/errors.ts";
import type { Outcome } from "../../core/oplog/entry.ts";
import type { Invoking } from "./invoking.ts";
import type { Ledger } from "../books/ledger.ts";
import type { Agents } from "../ports.ts";
import { refused } from "./refusals.ts";
import { openRich } from "../books/rich.ts";

export class Calls {
  readonly #ledger: Ledger;
  readonly #agents: Agents;
  readonly #invoking: Invoking;

  constructor(ledger: Ledger, agents: Agents, invoking: Invoking) {
    this.#ledger = ledger;
    this.#agents = agents;
    this.#invoking = invoking;
  }

  /** Invokes, and answers with the outcome as it stands in the oplog. */
  async call(address: AgentAddress, request: InvokeRequest): Promise<Result<Outcome>> {
    const { idempotencyKey, caller } = request;
    const chain = caller?.chain ?? [];
    const isKnown = this.#ledger.find(idempotencyKey) !== undefined;
    if (!isKnown && (await this.#leadsTo(chain, [nameOf(address)]))) {
      return refused(callCycle(nameOf(address), chain));
    }
    const answer = await this.#invoking.perform(address, request);
    if (!answer.ok) return answer;
    const { outcome } = answer.value;
    if (outcome !== undefined) return accept(outcome);
    return refuse("invocation-failed", "The invocation was cancelled before it started.", {
      authorCode: "invocation-cancelled",
    });
  }

  /** Whether this agent cannot end that call before one of `chain` goes on. */
  async isBehind(
    chain: readonly string[],
    idempotencyKey: string,
    seen: readonly string[],
  ): Promise<boolean> {
    const { status } = this.#ledger;
    if (status === undefined) return false;
    if (this.#ledger.find(idempotencyKey)?.state === "ended") return false;
    const own = nameOf(status.identity);
    return chain.includes(own) || this.#leadsTo(chain, [...seen, own]);
  }

  async #leadsTo(chain: readonly string[], seen: readonly string[]): Promise<boolean> {
    const { journal } = this.#ledger;
    const current = journal?.status.current;
    if (journal === undefined || current === undefined) return false;
    const { lastIndex, skipped } = journal.status;
    const entries = journal.read(current.startedIndex, lastIndex);
    for (const { to, idempotencyKey } of openCalls(entries, skipped, openRich)) {
      if (seen.includes(to)) continue;
      if (await this.#agents.isBehind(to, chain, idempotencyKey, seen)) return true;
    }
    return false;
  }
}
