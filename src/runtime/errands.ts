/** What others ask of the loop beside its own steps; it answers all of a kind at once. */
interface Errand<T> {
  readonly resolve: (answer: T) => void;
  readonly reject: (error: unknown) => void;
}

export class Errands<T> {
  #waiting: Errand<T>[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  add(): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  #take(): readonly Errand<T>[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  settle(answer: T): void {
    for (const { resolve } of this.#take()) resolve(answer);
  }

  fail(error: unknown): void {
    for (const { reject } of this.#take()) reject(error);
  }

  /** Does the work for those that wait now; who comes later waits for the next time. */
  async perform(work: () => Promise<T>): Promise<void> {
    const taken = this.#take();
    try {
      const answer = await work();
      for (const { resolve } of taken) resolve(answer);
    } catch (error) {
      for (const { reject } of taken) reject(error);
      throw error;
    }
  }
}
