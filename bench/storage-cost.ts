import { type BenchAgent, readMeter, settled, startMeter } from "./agent-control.ts";
import { runCount } from "./load/closed-loop.ts";
import { invoke } from "./targets.ts";

/** What the storage of an agent is charged for one invocation, snapshots and alarms included. */
export interface StorageCost {
  readonly rowsWritten: number;
  readonly bytes: number;
}

const INVOCATIONS = 1000;

/** Measures the cost on a new agent over so many connections. */
export async function measureStorageCost(url: URL, connections: number): Promise<StorageCost> {
  const agent: BenchAgent = { type: "Counter", key: `storage-${connections}` };
  const requests = [invoke(agent.type, agent.key, "increment", "[1]")];
  const port = Number(url.port);

  await runCount(port, { requests, connections: 1 }, 1);
  const before = await startMeter(url, agent);
  await runCount(port, { requests, connections }, INVOCATIONS);
  await settled(url, agent, true);
  const after = await readMeter(url, agent);
  if (after.life !== before.life) throw new Error(`${agent.type}/${agent.key} lost its meter`);
  return {
    rowsWritten: (after.rowsWritten - before.rowsWritten) / INVOCATIONS,
    bytes: (after.databaseBytes - before.databaseBytes) / INVOCATIONS,
  };
}
