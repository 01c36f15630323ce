/**
 * Work that the platform does for the code beside the record: body readers, streams, compression,
 * cryptography. It takes place in the isolate's memory alone, so how it goes depends on nothing but
 * the code; only how long it takes is not the same twice. So a recorded completion waits until such
 * work is done, or can go no further without the code: then the code sees both in the same order,
 * live and in replay.
 */
import { nextTurn, pause } from "./platform.ts";

/** Work in memory mostly ends within a few turns of the event loop; so long it is looked for by turns. */
const STILL_TURNS = 8;

/** Turns after which a dynamic import is there. */
const IMPORT_TURNS = 4;

let turnsOfCode = 1;

/** The code has dynamic imports, which nobody can follow: each wait allows for one. */
export function expectImports(): void {
  turnsOfCode = IMPORT_TURNS;
}

/** Whether code may have something under way that nobody can follow. */
export function mayImport(): boolean {
  return turnsOfCode > 1;
}

/** Resolves when code that has nothing under way has gone as far as it can. */
export async function codeRests(): Promise<void> {
  for (let turn = 0; turn < turnsOfCode; turn++) await nextTurn();
}

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

  /**
   * Resolves once all of it has ended, or waits for the code (a reader, say, for a stream that the
   * code feeds); sooner when `isOver` says so. A timer fires only when nothing else in the isolate
   * can go on: if nothing has moved by then, it is the code's turn.
   */
  async rest(isOver: () => boolean): Promise<void> {
    for (let still = 0; this.#underWay > 0 && !isOver(); still++) {
      const seen = movements;
      if (still < STILL_TURNS) await nextTurn();
      else await pause(0);
      if (seen !== movements) still = -1;
      else if (still >= STILL_TURNS && this.#certain === 0) return;
    }
  }
}
