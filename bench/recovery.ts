import { type BenchAgent, evict, readMeter, settled } from "./agent-control.ts";
import { runCount } from "./load/closed-loop.ts";
import { median } from "./statistics.ts";
import { type AgentType, invoke } from "./targets.ts";

/** Milliseconds from sending the first request to a cold agent until its answer. */
export interface RecoveryTimes {
  readonly withoutSnapshotMs: number;
  readonly withSnapshotMs: number;
}

interface Measured {
  readonly invocations: number;
  readonly agent: BenchAgent;
  readonly times: number[];
}

const EVICTIONS = 9;
const BUILD_CONNECTIONS = 64;
/** The default policy of agent types. */
const SNAPSHOT_EVERY = 100;

function increment(agent: BenchAgent): Buffer {
  return invoke(agent.type, agent.key, "increment", "[1]");
}

async function build(url: URL, type: AgentType, invocations: number): Promise<BenchAgent> {
  const agent = { type, key: `recovery-${invocations}` };
  const connections = Math.min(BUILD_CONNECTIONS, invocations);
  const load = { requests: [increment(agent)], connections };
  await runCount(Number(url.port), load, invocations);
  await settled(url, agent, type === "Counter" && invocations >= SNAPSHOT_EVERY);
  return agent;
}

async function timeRecovery(url: URL, agent: BenchAgent): Promise<number> {
  const before = await readMeter(url, agent);
  await evict(url, agent);
  const load = { requests: [increment(agent)], connections: 1 };
  const { latenciesMs } = await runCount(Number(url.port), load, 1);
  const after = await readMeter(url, agent);
  if (after.life === before.life) throw new Error(`${agent.type}/${agent.key} was still warm`);
  return latenciesMs[0] ?? Number.NaN;
}

/** Measures the recovery of agents with the given numbers of invocations, in the same order. */
export async function measureRecovery(
  url: URL,
  histories: readonly number[],
): Promise<readonly RecoveryTimes[]> {
  const measured: Measured[] = [];
  for (const invocations of histories) {
    for (const type of ["CounterWithoutSnapshots", "Counter"] as const) {
      measured.push({ invocations, agent: await build(url, type, invocations), times: [] });
    }
  }
  for (let i = 0; i < EVICTIONS; i++) {
    for (const { agent, times } of measured) times.push(await timeRecovery(url, agent));
  }
  const timeOf = (invocations: number, type: AgentType): number => {
    const found = measured.find((m) => m.invocations === invocations && m.agent.type === type);
    return median(found?.times ?? []);
  };
  return histories.map((invocations) => ({
    withoutSnapshotMs: timeOf(invocations, "CounterWithoutSnapshots"),
    withSnapshotMs: timeOf(invocations, "Counter"),
  }));
}
