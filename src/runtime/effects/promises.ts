/**
 * Durable promises of one agent: who completes them, and what their waits are answered. No wake-up
 * is lost: a wait looks at the oplog first, and hears of every completion that is appended after.
 */
import type { PromiseOutcome } from "../../core/api/operations.ts";
import { awakening, decidePromise } from "../../core/decide/promises.ts";
import { accept, type Refusal, type Result } from "../../core/errors.ts";
import type { Entry, ErrorData, Outcome, PromiseCompleted } from "../../core/oplog/entry.ts";
import type { EffectResult } from "../../core/protocol.ts";
import type { Ledger } from "../books/ledger.ts";
import { noAgent } from "../operations/refusals.ts";

/** A refusal as agent code meets it. */
export function refusalError({ code, detail }: Refusal): ErrorData {
  return { name: "AgentError", message: detail, code };
}

function answer(outcome: Outcome): EffectResult {
  return outcome.ok ? { ok: true, response: outcome.result } : { ok: false, error: outcome.error };
}

export class Promises {
  readonly #ledger: Ledger;
  readonly #waiting = new Map<string, Set<(result: EffectResult) => void>>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  #completion(index: number | undefined): PromiseCompleted | undefined {
    const entry = index === undefined ? undefined : this.#ledger.journal?.entry(index);
    return entry?.kind === "PromiseCompleted" ? entry : undefined;
  }

  /** Whether this request is the one that completed the promise. */
  complete(id: string, { completedBy, ...outcome }: PromiseOutcome, at: number): Result<boolean> {
    const { status } = this.#ledger;
    if (status === undefined) return noAgent;
    const known = decidePromise(status, id);
    if (!known.ok) return known;
    if (known.value.completed !== undefined) {
      return accept(this.#completion(known.value.completed)?.completedBy === completedBy);
    }
    const completion = {
      kind: "PromiseCompleted",
      at,
      promiseId: id,
      outcome,
      completedBy,
    } as const;
    this.#ledger.append([completion, ...awakening(status, known.value, at)]);
    return accept(true);
  }

  /** Resolves once the promise is completed. */
  async outcome(id: string): Promise<EffectResult> {
    const { status } = this.#ledger;
    const known = status === undefined ? noAgent : decidePromise(status, id);
    if (!known.ok) return { ok: false, error: refusalError(known.refusal) };
    const completion = this.#completion(known.value.completed);
    if (completion !== undefined) return answer(completion.outcome);
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, waiting.add(resolve));
    });
  }

  /** Hears of all entries once they are in the oplog. */
  appended(entries: readonly Entry[]): void {
    if (this.#waiting.size === 0) return;
    for (const entry of entries) {
      if (entry.kind !== "PromiseCompleted") continue;
      for (const resolve of this.#waiting.get(entry.promiseId) ?? [])
        resolve(answer(entry.outcome));
      this.#waiting.delete(entry.promiseId);
    }
  }

  /** The agent is no more: nobody waits. */
  forget(): void {
    this.#waiting.clear();
  }
}
