/** An agent with ten thousand invocations: a replay of them neither blocks it nor fills the memory. */
import { readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import type { AgentView, DryRunView } from "../../src/core/api/views.ts";
import { agentPath } from "./support/api.ts";
import { openSite } from "./support/site.ts";

const { api, server } = await openSite();

const INVOCATIONS = 10_000;
/** Characters of each argument: the whole record has about 160 MB. */
const ARGUMENT = 16 * 1024;
/** Growth of workerd's memory in a replay, at most: much less than the record. */
const GROWTH_MB = 128;
/** Answers that come during a replay, at least. */
const ANSWERS = 5;

const counter = (mark: string): string => `
  import { Agent } from "perdure";
  export class Counter extends Agent {
    static snapshots = "disabled";
    sum = 0;
    add(text) { return (this.sum += text.length); }
  } // ${mark}`;

const agent = agentPath("long", "Counter", "one");

beforeAll(async () => {
  for (const mark of ["one", "two"]) await api.upload("long", counter(mark));
  await api.send("PUT", agent, { json: { revision: 1 } });
  const args = ["x".repeat(ARGUMENT)];
  let left = INVOCATIONS;
  const caller = async (): Promise<void> => {
    while (left-- > 0) expect((await api.invoke(agent, "add", { args })).status).toBe(200);
  };
  await Promise.all(Array.from({ length: 32 }, caller));
}, 120_000);

/** Megabytes of workerd's memory, now or at its peak since `resetPeak`. */
function memory(line: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${server.workerdPid}/status`, "utf8");
  return Number(new RegExp(`${line}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
}

function resetPeak(): void {
  writeFileSync(`/proc/${server.workerdPid}/clear_refs`, "5");
}

/** What the agent answers for as long as `work` takes. */
async function askMeanwhile<T>(work: Promise<T>): Promise<{ done: T; seen: readonly AgentView[] }> {
  const progress = { isOver: false };
  const over = work.finally(() => {
    progress.isOver = true;
  });
  const seen: AgentView[] = [];
  while (!progress.isOver) {
    const view = await api.agent(agent);
    if (!progress.isOver) seen.push(view);
  }
  return { done: await over, seen };
}

describe("an agent with a long history answers while it is replayed, in memory bounded by pages", () => {
  const canMeasure = process.platform === "linux";

  test("in a dry run", async () => {
    if (canMeasure) resetPeak();
    const before = canMeasure ? memory("VmRSS") : 0;
    const json = { revision: 2, mode: "automatic", dryRun: true };
    const { done, seen } = await askMeanwhile(
      api.send<DryRunView>("POST", `${agent}/update`, { json }),
    );
    expect(done.body).toEqual({ compatible: true, entriesReplayed: 2 * INVOCATIONS });
    expect(seen.length).toBeGreaterThanOrEqual(ANSWERS);
    if (canMeasure) expect(memory("VmHWM") - before).toBeLessThan(GROWTH_MB);
  }, 60_000);

  test("in the trial of an update", async () => {
    if (canMeasure) resetPeak();
    const before = canMeasure ? memory("VmRSS") : 0;
    const asked = await api.send("POST", `${agent}/update`, {
      json: { revision: 2, mode: "automatic" },
    });
    expect(asked.status).toBe(202);
    const seen: AgentView[] = [];
    for (let isPending = true; isPending;) {
      const view = await api.agent(agent);
      isPending = view.updates.pending.length > 0;
      if (isPending) seen.push(view);
    }
    expect(seen.length).toBeGreaterThanOrEqual(ANSWERS);
    if (canMeasure) expect(memory("VmHWM") - before).toBeLessThan(GROWTH_MB);
    expect(await api.result(agent, "add", "x")).toBe(INVOCATIONS * ARGUMENT + 1);
    expect(await api.agent(agent)).toMatchObject({ status: "idle", revision: 2 });
  }, 60_000);
});
