import { type Connection, withConnections } from "./connection.ts";

/** What is sent: `requests` in turn, over so many connections, each waiting for its answers. */
export interface Load {
  readonly requests: readonly Buffer[];
  readonly connections: number;
}

/** What came of one run of a load. */
export interface Sample {
  readonly perSecond: number;
  readonly latenciesMs: readonly number[];
}

/** Called before each request with the number of those sent so far. */
type KeepGoing = (sent: number) => boolean;

async function run(port: number, load: Load, keepGoing: KeepGoing): Promise<Sample> {
  const latenciesMs: number[] = [];
  let sent = 0;
  const drive = async (connection: Connection): Promise<void> => {
    while (keepGoing(sent)) {
      const request = load.requests[sent++ % load.requests.length] ?? Buffer.alloc(0);
      const startedAt = performance.now();
      const response = await connection.exchange(request);
      latenciesMs.push(performance.now() - startedAt);
      if (response.status !== 200) {
        throw new Error(`answer ${response.status}: ${response.body.toString()}`);
      }
    }
  };
  return withConnections(port, load.connections, async (connections) => {
    const startedAt = performance.now();
    await Promise.all(connections.map(drive));
    const elapsedMs = performance.now() - startedAt;
    return { perSecond: (latenciesMs.length * 1000) / elapsedMs, latenciesMs };
  });
}

/** Runs the load for a time. */
export function runFor(port: number, load: Load, milliseconds: number): Promise<Sample> {
  const until = performance.now() + milliseconds;
  return run(port, load, () => performance.now() < until);
}

/** Sends exactly `count` requests. */
export function runCount(port: number, load: Load, count: number): Promise<Sample> {
  return run(port, load, (sent) => sent < count);
}
