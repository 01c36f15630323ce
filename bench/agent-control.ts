import type { MeterReading } from "./meter-reading.ts";
import { type AgentType, COMPONENT } from "./targets.ts";

/** One of the benchmark's agents, addressed by what only the benchmark may do with it. */
export interface BenchAgent {
  readonly type: AgentType;
  readonly key: string;
}

type Operation = "evict" | "start-meter" | "read-meter";

async function administer(url: URL, operation: Operation, agent: BenchAgent): Promise<Response> {
  const path = `/bench/${operation}/${COMPONENT}/${agent.type}/${agent.key}`;
  const response = await fetch(new URL(path, url), { method: "POST" });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response;
}

/** Drops the agent's object from memory; returns once it is gone. */
export async function evict(url: URL, agent: BenchAgent): Promise<void> {
  await administer(url, "evict", agent);
}

/** Counts from here on what the agent writes, until its object is dropped. */
export async function startMeter(url: URL, agent: BenchAgent): Promise<MeterReading> {
  return (await (await administer(url, "start-meter", agent)).json()) as MeterReading;
}

/** Says what the agent has written since its meter was started. */
export async function readMeter(url: URL, agent: BenchAgent): Promise<MeterReading> {
  return (await (await administer(url, "read-meter", agent)).json()) as MeterReading;
}

/** Uploads the benchmark's agent code. */
export async function publish(url: URL, source: string): Promise<void> {
  const response = await fetch(new URL(`/v1/components/${COMPONENT}/revisions`, url), {
    method: "POST",
    headers: { "content-type": "text/javascript" },
    body: source,
  });
  if (!response.ok) {
    throw new Error(`the agents were not accepted: ${response.status} ${await response.text()}`);
  }
}

const SETTLE_MS = 10_000;

/** Waits until the agent has nothing left to do and, if asked, has taken a snapshot. */
export async function settled(url: URL, agent: BenchAgent, withSnapshot: boolean): Promise<void> {
  const path = `/v1/agents/${COMPONENT}/${agent.type}/${agent.key}`;
  const until = performance.now() + SETTLE_MS;
  while (performance.now() < until) {
    const view = (await (await fetch(new URL(path, url))).json()) as {
      readonly status: string;
      readonly lastAutomaticSnapshotIndex: number | null;
    };
    const snapshot = view.lastAutomaticSnapshotIndex !== null;
    if (view.status === "idle" && (snapshot || !withSnapshot)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${path} did not come to rest${withSnapshot ? " with a snapshot" : ""}`);
}
