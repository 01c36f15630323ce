/** What the clients have just done: moments at which a kill is worth trying. */
export type Moment = "accepted" | "update requested" | "awaiting";

/** Lets the killer wait for a moment in the life of the clients. */
export class Moments {
  readonly #waiting = new Map<Moment, (() => void)[]>();

  /** Says that it is now. */
  now(moment: Moment): void {
    for (const resolve of this.#waiting.get(moment)?.splice(0) ?? []) resolve();
  }

  /** Resolves at the next such moment. */
  next(moment: Moment): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(moment, [...(this.#waiting.get(moment) ?? []), resolve]);
    return promise;
  }
}
