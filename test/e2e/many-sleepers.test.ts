/** A thousand sleeping agents cost nothing while they sleep, and all of them wake after a kill -9. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { EntryView } from "../../src/core/api/views.ts";
import { AgentClient, publish } from "./support/api.ts";
import { hostForFile } from "./support/host.ts";
import { until } from "./support/until.ts";

const host = hostForFile();

const WARM_UP = 100;
const AGENTS = 1000;
/** How many requests are under way at a time. */
const ABREAST = 16;
/** Time to look at the memory, to kill and to start again, before the first one wakes. */
const MARGIN_MS = 15_000;

/**
 * What sleepers may take on top of the warm-up. An agent in memory takes two and a half: a thousand
 * of them would be far above. It is not nothing, because the allocator keeps some of what was taken
 * by those that were awake at a time.
 */
const MB_PER_SLEEPER = 0.8;

/** workerd frees an isolate with the agent's object, which it evicts some seconds after the last use. */
const EVICTION_MS = 60_000;

/** Waking takes as long as accepting did: how late the last one may be beyond that. */
const LATE_MS = 10_000;

const code = `import { Agent, sleep } from "perdure";
export class Sleeper extends Agent {
  async doze(url, ms) {
    await sleep(ms);
    await fetch(url, { method: "POST", body: this.key });
    return "rested";
  }
}`;

interface Sleeper {
  readonly name: string;
  readonly agent: AgentClient;
  readonly key: string;
}

/** Resident memory of a process, in MB. */
function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

async function abreast<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [at, item] of queue) results[at] = await work(item);
  };
  await Promise.all(Array.from({ length: ABREAST }, worker));
  return results;
}

/** Sends so many agents to sleep, and waits until all of them are, or have been on a slow machine. */
async function sendToSleep(prefix: string, count: number, ms: number): Promise<Sleeper[]> {
  const names = Array.from({ length: count }, (_, at) => `${prefix}-${at}`);
  const url = `${host.receiver.url}/${prefix}`;
  const sleepers = await abreast(names, async (name) => {
    const agent = new AgentClient(host.api, "crowd", "Sleeper", name);
    return { name, agent, key: await agent.enqueue("doze", url, ms) };
  });
  await abreast(sleepers, ({ agent }) =>
    until(
      "it had been suspended",
      async () => (await agent.kinds()).includes("Suspend") || undefined,
    ),
  );
  return sleepers;
}

/** When an agent was due, when its sleep ended, and how often. */
function nightOf(oplog: readonly EntryView[]): { due: number; ends: number[] } {
  const start = oplog.find(({ kind, call }) => kind === "Start" && call === "sleep");
  if (start === undefined) throw new Error("it has not slept");
  const { ms } = start["request"] as { ms: number };
  const ends = oplog.filter((entry) => entry.kind === "End" && entry["start"] === start.index);
  return { due: Date.parse(start.at) + ms, ends: ends.map(({ at }) => Date.parse(at)) };
}

test(
  "a thousand sleepers are out of memory, and after kill -9 each wakes once, in time",
  { timeout: 300_000 },
  async () => {
    await publish(host.api, "crowd", code);
    const began = Date.now();
    await sendToSleep("warm", WARM_UP, 3_600_000);
    const pace = (Date.now() - began) / WARM_UP;
    const pid = host.server.workerdPid;
    const baseline = residentMb(pid);
    const accepting = Date.now();
    const sleepers = await sendToSleep("crowd", AGENTS, pace * AGENTS * 1.2 + MARGIN_MS);
    const accepted = Date.now() - accepting;
    await until(
      "the memory of sleepers was free again",
      () => residentMb(pid) - baseline < AGENTS * MB_PER_SLEEPER || undefined,
      EVICTION_MS,
    );
    await host.crash();
    const woken = await abreast(sleepers, async ({ agent, key }) => {
      await until(
        "it had ended",
        async () => (await agent.invocation(key, 30)).body.finishedAt,
        120_000,
      );
      return nightOf(await agent.oplog());
    });
    const late = woken.map(({ due, ends }) => (ends[0] ?? Infinity) - due);
    expect(woken.filter(({ ends }) => ends.length !== 1)).toEqual([]);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...late)).toBeLessThan(accepted + LATE_MS);
    // A request that was under way at the kill comes twice, with its key.
    const told = new Map(host.receiver.at("/crowd").map(({ body, key }) => [key, body]));
    expect([...told.values()].toSorted()).toEqual(sleepers.map(({ name }) => name).toSorted());
  },
);
