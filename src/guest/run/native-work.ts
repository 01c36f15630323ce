/**
 * Work that the platform does for the code beside the record: body readers, streams, compression,
 * cryptography. It takes place in the isolate's memory alone, so how it goes depends on nothing but
 * the code; only how long it takes is not the same twice. So a recorded completion waits until such
 * work is done, or can go no further without the code: then the code sees both in the same order,
 * live and in replay.
 */
import { nextTurn, pause } from "../platform.ts";

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

/** A work that the code has not seen the end of; `release` shows it, once it has ended. */
interface Work {
  release?: () => void;
}

export class NativeWork {
  /** In the order in which they were begun. */
  readonly #open = new Set<Work>();
  #inFlight = 0;
  #certain = 0;

  /** Whether there is anything to wait for. */
  get isUnderWay(): boolean {
    return this.#open.size > 0;
  }

  /**
   * Follows work until it ends; `isCertain` when it ends by itself, whatever the code does meanwhile.
   * Work that goes on alone is seen when it ends; of several, `rest` decides which is seen next.
   */
  follow<T>(work: Promise<T>, isCertain: boolean): Promise<T> {
    const open: Work = {};
    this.#open.add(open);
    this.#inFlight += 1;
    if (isCertain) this.#certain += 1;
    return new Promise((resolve, reject) => {
      const ended = (release: () => void): void => {
        noteMovement();
        this.#inFlight -= 1;
        if (isCertain) this.#certain -= 1;
        open.release = release;
        if (this.#open.size === 1) this.#show(open);
      };
      work.then(
        (value) => ended(() => resolve(value)),
        (error: Error) => ended(() => reject(error)),
      );
    });
  }

  #show(ended: Work): void {
    this.#open.delete(ended);
    ended.release?.();
  }

  /**
   * Resolves once the code has seen the end of all of it, or what is left waits for the code (a
   * reader, say, for a stream that the code feeds); sooner when `isOver` says so. What has ended is
   * shown one at a time, in the order of the beginnings, when nothing more can end by itself.
   */
  async rest(isOver: () => boolean): Promise<void> {
    while (this.isUnderWay && !isOver()) {
      await this.#standstill(isOver);
      const next = [...this.#open].find(({ release }) => release !== undefined);
      if (next === undefined) return;
      this.#show(next);
      await codeRests();
    }
  }

  /** A timer fires only when nothing else in the isolate can go on: if nothing has moved by then, nothing will. */
  async #standstill(isOver: () => boolean): Promise<void> {
    for (let still = 0; this.#inFlight > 0 && !isOver(); still++) {
      const seen = movements;
      if (still < STILL_TURNS) await nextTurn();
      else await pause(0);
      if (seen !== movements) still = -1;
      else if (still >= STILL_TURNS && this.#certain === 0) return;
    }
  }
}
