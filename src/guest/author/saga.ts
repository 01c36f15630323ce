/** Sagas: what was done is compensated for when what follows fails. */
import { toErrorData } from "./errors.ts";
import { callingScope } from "../scopes/scope.ts";

/** What the function of a saga does its work with. */
export interface Transaction {
  /** Runs `action`; if the saga fails later, `compensate` is run with what it returned. */
  do<T>(action: () => T, compensate: (result: Awaited<T>) => unknown): Promise<Awaited<T>>;
}

class Saga implements Transaction {
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #compensations: (() => unknown)[] = [];
  #isOver = false;

  async do<T>(action: () => T, compensate: (result: Awaited<T>) => unknown): Promise<Awaited<T>> {
    if (this.#isOver) throw new Error("The saga has ended; await tx.do inside its function.");
    const acted = (async () => {
      const result = await action();
      this.#compensations.push(() => compensate(result));
      return result;
    })();
    this.#underWay.add(acted);
    try {
      return await acted;
    } finally {
      this.#underWay.delete(acted);
    }
  }

  /** An action that is still under way may yet succeed, so it is waited for. */
  async compensate(log: (message: string) => void): Promise<void> {
    this.#isOver = true;
    await Promise.allSettled(this.#underWay);
    for (const compensate of this.#compensations.toReversed()) {
      try {
        await compensate();
      } catch (error) {
        const { name, message } = toErrorData(error);
        log(`A compensation of a saga failed: ${name}: ${message}`);
      }
    }
  }
}

/**
 * Runs `body`. When it throws, the compensations of what it did run in reverse order, then the error
 * goes on. Durable because the calls in it are: killed anywhere, it goes on where it was.
 */
export async function saga<T>(body: (tx: Transaction) => T): Promise<Awaited<T>> {
  const scope = callingScope("saga");
  const transaction = new Saga();
  try {
    return await body(transaction);
  } catch (error) {
    await transaction.compensate((message) => scope.log("error", message));
    throw error;
  }
}
