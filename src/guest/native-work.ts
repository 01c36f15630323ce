/**
 * Work that the platform does for the code beside the record: body readers, streams, compression,
 * cryptography. It takes place in the isolate's memory alone, so how it goes depends on nothing but
 * the code; only how long it takes is not the same twice. So a recorded completion waits until such
 * work is done, or can go no further without the code: then the code sees both in the same order,
 * live and in replay.
 */
import { nextTurn } from "./platform.ts";

/**
 * Work in memory moves on in every few turns of the event loop. After this many turns in which
 * nothing of it moved, it waits for the code: a reader, say, for a stream that the code feeds.
 */
const STILL_TURNS = 32;

/** Counts whatever moves in this isolate. Too much movement only makes others wait a little longer. */
let movements = 0;

/** Says that work of the platform has moved on: it has called the code, or ended. */
export function noteMovement(): void {
  movements += 1;
}

export class NativeWork {
  #underWay = 0;
  #certain = 0;

  /** Whether there is anything to wait for. */
  get isUnderWay(): boolean {
    return this.#underWay > 0;
  }

  /** Follows work until it ends; `isCertain` when it ends by itself, whatever the code does meanwhile. */
  follow<T>(work: Promise<T>, isCertain: boolean): Promise<T> {
    this.#underWay += 1;
    if (isCertain) this.#certain += 1;
    const ended = (): void => {
      noteMovement();
      this.#underWay -= 1;
      if (isCertain) this.#certain -= 1;
    };
    return work.then(
      (value) => {
        ended();
        return value;
      },
      (error: unknown) => {
        ended();
        throw error;
      },
    );
  }

  /** Resolves once all of it has ended, or waits for the code; sooner when `isOver` says so. */
  async rest(isOver: () => boolean): Promise<void> {
    let seen = movements;
    for (let still = 0; this.#underWay > 0 && still < STILL_TURNS && !isOver(); still++) {
      await nextTurn();
      if (seen !== movements || this.#certain > 0) still = -1;
      seen = movements;
    }
  }
}
