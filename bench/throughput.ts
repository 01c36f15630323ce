import { type Load, runFor, type Sample } from "./load/closed-loop.ts";
import { median, percentile } from "./statistics.ts";

/** A comparison: the same work on both sides, over the same number of connections. */
export interface Cell {
  readonly connections: number;
  readonly ours: readonly Buffer[];
  readonly bare: readonly Buffer[];
}

/** One side of a measured cell. */
export interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** A measured cell. */
export interface Comparison {
  readonly ours: Figures;
  readonly bare: Figures;
}

/** How long each side is measured, and in how many turns. */
export interface Pace {
  readonly seconds: number;
  readonly rounds: number;
}

const WARM_UP_MS = 500;

/** Every object must be there before the clock starts, and one connection may have 64 to make. */
async function warmUp(port: number, load: Load): Promise<void> {
  const connections = Math.max(load.connections, Math.min(load.requests.length, 16));
  await runFor(port, { ...load, connections }, WARM_UP_MS);
  await runFor(port, load, WARM_UP_MS);
}

function figures(samples: readonly Sample[]): Figures {
  const latencies = samples.flatMap((sample) => sample.latenciesMs);
  return {
    perSecond: median(samples.map((sample) => sample.perSecond)),
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
  };
}

/**
 * Measures a cell. The sides take turns, because a machine's speed drifts more from one minute to
 * the next than the sides differ.
 */
export async function compare(port: number, cell: Cell, pace: Pace): Promise<Comparison> {
  const ours: Load = { requests: cell.ours, connections: cell.connections };
  const bare: Load = { requests: cell.bare, connections: cell.connections };
  const samples = { ours: [] as Sample[], bare: [] as Sample[] };
  const turnMs = (pace.seconds * 1000) / pace.rounds;

  await warmUp(port, ours);
  await warmUp(port, bare);
  for (let round = 0; round < pace.rounds; round++) {
    samples.ours.push(await runFor(port, ours, turnMs));
    samples.bare.push(await runFor(port, bare, turnMs));
  }
  return { ours: figures(samples.ours), bare: figures(samples.bare) };
}
