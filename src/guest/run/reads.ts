/**
 * Reads of an instance: calls of read-only methods. Each runs alone, while no other code of the
 * instance can run: between invocations, or in the rests of one, where it can go no further.
 */
export class Reads {
  readonly #waiting: (() => Promise<void>)[] = [];
  #serving: Promise<void> | undefined;
  #holding = 0;
  /** Told of a read that comes while reads are held back. */
  arrived: () => void = () => {};

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Does `read` as soon as it may. */
  add<T>(read: () => Promise<T>): Promise<T> {
    const done = new Promise<T>((resolve, reject) => {
      this.#waiting.push(() => read().then(resolve, reject));
    });
    if (this.#holding > 0) this.arrived();
    else void this.serve();
    return done;
  }

  /** Does all that wait, one after the other. */
  serve(): Promise<void> {
    this.#serving ??= this.#serveAll().finally(() => {
      this.#serving = undefined;
    });
    return this.#serving;
  }

  async #serveAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      await next();
    }
  }

  #release(): void {
    this.arrived = () => {};
    void this.serve();
  }

  /** Does `work`, in which code of the instance runs: reads are held back until it serves them or is done. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    while (this.#serving !== undefined) await this.#serving;
    this.#holding += 1;
    try {
      return await work();
    } finally {
      this.#holding -= 1;
      if (this.#holding === 0) this.#release();
    }
  }
}
