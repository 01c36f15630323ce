/**
 * When processes and isolates die. Every moment at which something crosses the border of a process
 * is a point: points are numbered in the order in which they come, over all processes of a simulation.
 */

/** A death. */
export interface Crash {
  /** The number of the point. */
  readonly at: number;
  /** What dies: the process with all that is in it, or the isolates in it, which it survives. */
  readonly of: "process" | "isolate";
}

export class CrashPoints {
  readonly #crashes: Map<number, Crash["of"]>;
  /** What happened at each point. */
  readonly passed: string[] = [];
  #isOver = false;

  constructor(crashes: readonly Crash[] = []) {
    this.#crashes = new Map(crashes.map(({ at, of }) => [at, of]));
  }

  /** What dies here, if anything. */
  pass(agent: string, what: string): Crash["of"] | undefined {
    if (this.#isOver) return undefined;
    this.passed.push(`${agent}: ${what}`);
    return this.#crashes.get(this.passed.length);
  }

  /** A process dies when so many more points have been passed. */
  arm(after: number): void {
    this.#crashes.set(this.passed.length + 1 + after, "process");
  }

  /** No process dies any more, until the next is to. */
  disarm(): void {
    this.#crashes.clear();
  }

  /** What happens from now on is no part of what is tested. */
  close(): void {
    this.#isOver = true;
  }
}

/** The death of a process at a point. */
export function processDies(at: number): Crash {
  return { at, of: "process" };
}

/** The death of the isolates at a point. */
export function isolateDies(at: number): Crash {
  return { at, of: "isolate" };
}
