import { until } from "./until.ts";

/** A request as it arrived. */
export interface Arrival {
  readonly path: string;
  readonly key: string | undefined;
  readonly body: string;
}

/** Requests to a path that arrive and are not answered until the gate opens. */
export interface Gate {
  /** Answers those that wait, and all later ones at once. */
  open(): void;
}

/** What has arrived at a receiver, and how it answers. */
export class Arrivals {
  readonly all: Arrival[] = [];
  /** What requests to a path are answered; without it `answer to BODY`. */
  readonly answers = new Map<string, string>();
  readonly #gates = new Map<string, Promise<void>>();

  at(path: string): readonly Arrival[] {
    return this.all.filter((arrival) => arrival.path === path);
  }

  /** Shuts a path: its requests arrive, and wait. */
  shut(path: string): Gate {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gates.set(path, promise);
    const open = (): void => {
      if (this.#gates.get(path) === promise) this.#gates.delete(path);
      resolve();
    };
    return { open };
  }

  /** Waits until so many requests have come to the path, and gives them. */
  arrived(path: string, count: number): Promise<readonly Arrival[]> {
    return until(`${count} requests came to ${path}`, () =>
      this.at(path).length >= count ? this.at(path) : undefined,
    );
  }

  /** Notes a request, and gives its answer once its path is open. */
  async take(arrival: Arrival): Promise<string> {
    this.all.push(arrival);
    await this.#gates.get(arrival.path);
    return this.answers.get(arrival.path) ?? `answer to ${arrival.body}`;
  }
}
