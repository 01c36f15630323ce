/** A thousand sleeping agents cost nothing while they sleep, and all of them wake after a kill -9. */
import { readFileSync, appendFileSync } from "node:fs";
import { expect, test } from "vitest";
import { AgentClient, publish } from "./support/api.ts";
import { hostForFile } from "./support/host.ts";
import { until } from "./support/until.ts";

const host = hostForFile();

const WARM_UP = 100;
const AGENTS = 1000;
/** How many requests are under way at a time. */
const ABREAST = 16;

const code = `import { Agent, sleep } from "perdure";
export class Sleeper extends Agent {
  ballast = "x".repeat(1000);
  async doze(url, wakeAt) {
    await sleep(wakeAt - Date.now());
    await fetch(url, { method: "POST", body: this.key });
    return Date.now();
  }
}`;

interface Sleeper {
  readonly name: string;
  readonly agent: AgentClient;
  readonly wakeAt: number;
  readonly key: string;
}

/** Resident memory of a process, in MB. */
function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

async function abreast<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const at = next++;
      results[at] = await work(items[at] as T);
    }
  };
  await Promise.all(Array.from({ length: ABREAST }, worker));
  return results;
}

/** Sends so many agents to sleep, and waits until all of them are out of memory. */
async function sendToSleep(prefix: string, count: number, wakeAt: number): Promise<Sleeper[]> {
  const names = Array.from({ length: count }, (_, at) => `${prefix}-${at}`);
  const sleepers = await abreast(names, async (name) => {
    const agent = new AgentClient(host.api, "crowd", "Sleeper", name);
    return { name, agent, wakeAt, key: await agent.enqueue("doze", `${host.receiver.url}/awake`, wakeAt) };
  });
  await abreast(sleepers, ({ agent }) => agent.reaches("suspended"));
  return sleepers;
}

test("a thousand sleepers are out of memory, and all wake on time after kill -9, each once", async () => {
  await publish(host.api, "crowd", code);
  const began = Date.now();
  const first = await sendToSleep("warm", WARM_UP, began + 120_000);
  appendFileSync("/tmp/gp/c.txt", `warm ${Date.now()-began}\n`); const pid = host.server.workerdPid;
  const before = residentMb(pid);
  const pace = (Date.now() - began) / WARM_UP;
  const wakeAt = Date.now() + pace * AGENTS * 1.3 + 10_000;
  const sleepers = await sendToSleep("crowd", AGENTS, wakeAt);
  appendFileSync("/tmp/gp/c.txt", "slept\n"); const t1 = Date.now();
  ((...a: unknown[]) => appendFileSync("/tmp/gp/c.txt", `${new Date().toISOString()} ${JSON.stringify(a)}\n`))({ pace, before, after: residentMb(pid), took: t1 - began, left: wakeAt - t1 });
  for (let i = 0; i < 5; i++) { await new Promise((r) => setTimeout(r, 1000)); ((...a: unknown[]) => appendFileSync("/tmp/gp/c.txt", `${new Date().toISOString()} ${JSON.stringify(a)}\n`))(residentMb(pid)); }
  await host.crash();
  ((...a: unknown[]) => appendFileSync("/tmp/gp/c.txt", `${new Date().toISOString()} ${JSON.stringify(a)}\n`))("restarted", residentMb(host.server.workerdPid));
  const all = [...sleepers];
  await until("all woke", () => (host.receiver.all.length >= AGENTS ? true : undefined), 60_000);
  ((...a: unknown[]) => appendFileSync("/tmp/gp/c.txt", `${new Date().toISOString()} ${JSON.stringify(a)}\n`))("all awake after", Date.now() - wakeAt, residentMb(host.server.workerdPid));
  void first; void all;
  for (let i = 0; i < 5; i++) { await new Promise((r) => setTimeout(r, 3000)); ((...a: unknown[]) => appendFileSync("/tmp/gp/c.txt", `${new Date().toISOString()} ${JSON.stringify(a)}\n`))(residentMb(host.server.workerdPid)); }
}, 180_000);
