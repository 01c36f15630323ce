/**
 * Virtual time. Nothing happens by itself: `run` lets the code of this turn go as far as it can,
 * then takes up one of the turns that wait, and once there is none, moves time on to the next timer.
 * So a run depends on its seed alone.
 */
interface Timer {
  readonly id: number;
  readonly at: number;
  readonly fire: () => void;
}

/** Far more than any simulation takes: one that goes round in circles ends here. */
const MOST_STEPS = 400_000;

/** Resolves once nothing is left in the queue of microtasks. */
function drained(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export class Clock {
  readonly #random: () => number;
  readonly #turns: (() => void)[] = [];
  readonly #timers: Timer[] = [];
  #lastId = 0;
  #steps = 0;
  now: number;

  constructor(now: number, random: () => number) {
    this.now = now;
    this.#random = random;
  }

  /** Resolves in a turn of its own; which of those that wait comes first is left to chance. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#turns.push(resolve);
    });
  }

  setTimer(fire: () => void, ms = 0): number {
    this.#lastId += 1;
    const timer = { id: this.#lastId, at: this.now + Math.max(0, ms), fire };
    const later = this.#timers.findIndex(({ at }) => at > timer.at);
    this.#timers.splice(later < 0 ? this.#timers.length : later, 0, timer);
    return timer.id;
  }

  clearTimer(id: number | undefined): void {
    const at = this.#timers.findIndex((timer) => timer.id === id);
    if (at >= 0) this.#timers.splice(at, 1);
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.setTimer(resolve, ms);
    });
  }

  /** A timer that is due competes with the turns that wait: either may come first. */
  #next(): (() => void) | undefined {
    const later = this.#timers.findIndex(({ at }) => at > this.now);
    const due = later < 0 ? this.#timers.length : later;
    const chosen = Math.floor(this.#random() * (this.#turns.length + due));
    const turn = this.#turns[chosen];
    if (turn !== undefined) {
      this.#turns.splice(chosen, 1);
      return turn;
    }
    const [timer] = this.#timers.splice(due === 0 ? 0 : chosen - this.#turns.length, 1);
    if (timer !== undefined) this.now = Math.max(this.now, timer.at);
    return timer?.fire;
  }

  /** Until nothing is left to happen. */
  async run(): Promise<void> {
    for (;;) {
      await drained();
      const next = this.#next();
      if (next === undefined) return;
      this.#steps += 1;
      if (this.#steps > MOST_STEPS) throw new Error("the simulation goes on for ever");
      next();
    }
  }
}
