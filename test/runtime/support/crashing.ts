/**
 * When processes die. Every moment at which something crosses the border of a process is a point:
 * points are numbered in the order in which they come, over all processes of a simulation.
 */
export class CrashPoints {
  readonly #deadly: ReadonlySet<number>;
  /** What happened at each point. */
  readonly passed: string[] = [];
  #isOver = false;

  constructor(deadly: readonly number[] = []) {
    this.#deadly = new Set(deadly);
  }

  /** Whether the process dies here. */
  pass(agent: string, what: string): boolean {
    if (this.#isOver) return false;
    this.passed.push(`${agent}: ${what}`);
    return this.#deadly.has(this.passed.length);
  }

  /** What happens from now on is no part of what is tested. */
  close(): void {
    this.#isOver = true;
  }
}
