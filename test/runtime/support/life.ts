/**
 * The lives of processes and isolates. Code runs within a life and learns from it what the platform
 * is; once the life is over, nothing that the code waits for ever comes.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock } from "./clock.ts";

/** What the simulated platform gives to code. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: () => number;
  uuid(): string;
}

const lives = new AsyncLocalStorage<Life>();

/** What comes to those whose life is over. */
export function never<T>(): Promise<T> {
  return new Promise(() => {});
}

export class Life {
  readonly surroundings: Surroundings;
  /** Rejects when the life ends, for those outside who wait for something in it. */
  readonly over: Promise<never>;
  readonly #within: Life | undefined;
  #isOver = false;
  #reject: (error: Error) => void = () => {};

  /** A life `within` another ends with it. */
  constructor(surroundings: Surroundings, within?: Life) {
    this.surroundings = surroundings;
    this.#within = within;
    this.over = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.over.catch(() => {});
  }

  get isOver(): boolean {
    return this.#isOver || this.#within?.isOver === true;
  }

  end(reason: string): void {
    this.#isOver = true;
    this.#reject(new Error(reason));
  }

  /** Runs `code` and everything that it starts in this life. */
  lead<T>(code: () => T): T {
    return lives.run(this, code);
  }

  /** What the promise settles to, while this life lasts. */
  async during<T>(promise: Promise<T>): Promise<T> {
    if (this.isOver) {
      promise.catch(() => {});
      return never();
    }
    try {
      const value = await promise;
      return this.isOver ? never() : value;
    } catch (error) {
      if (this.isOver) return never();
      throw error;
    }
  }
}

/** The life of the running code; absent for the test itself. */
export function presentLife(): Life | undefined {
  return lives.getStore();
}
