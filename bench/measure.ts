import { measureRecovery, type RecoveryTimes } from "./recovery.ts";
import type { Results } from "./results.ts";
import { measureStorageCost } from "./storage-cost.ts";
import { bare, invoke, names } from "./targets.ts";
import { type Cell, compare, type Comparison, type Pace } from "./throughput.ts";

const AGENTS = 64;
const INCREMENT = "[1]";

type Compare = (cell: Cell) => Promise<Comparison>;

/** Increments, spread over so many objects of each side. */
function increments(objects: readonly string[], connections: number): Cell {
  return {
    connections,
    ours: objects.map((name) => invoke("Counter", name, "increment", INCREMENT)),
    bare: objects.map((name) => bare("incr", name, INCREMENT)),
  };
}

/** Ten records an invocation on one object of each side. */
function ten(method: string): Cell {
  return {
    connections: 16,
    ours: [invoke("Steps", method, method)],
    bare: [bare("ten", method)],
  };
}

async function measureOneAgent(measure: Compare): Promise<Results["oneAgent"]> {
  return {
    c1: await measure(increments(["one-c1"], 1)),
    c16: await measure(increments(["one-c16"], 16)),
    c64: await measure(increments(["one-c64"], 64)),
  };
}

async function measureManyAgents(measure: Compare): Promise<Results["manyAgents"]> {
  const objects = names("many", AGENTS);
  return {
    c1: await measure(increments(objects, 1)),
    c16: await measure(increments(objects, 16)),
    c64: await measure(increments(objects, 64)),
  };
}

async function measureSteps(measure: Compare): Promise<Results["steps"]> {
  return {
    steps10: await measure(ten("ten")),
    asyncSteps10: await measure(ten("tenAsync")),
    randomIds10: await measure(ten("tenIds")),
  };
}

async function recoveries(url: URL): Promise<Results["recovery"]> {
  const [n10, n1000, n10000] = (await measureRecovery(url, [10, 1_000, 10_000])) as [
    RecoveryTimes,
    RecoveryTimes,
    RecoveryTimes,
  ];
  return { n10, n1000, n10000 };
}

/** Runs the whole benchmark against the server at `url`, telling `progress` what comes next. */
export async function measureAll(
  url: URL,
  pace: Pace,
  progress: (what: string) => void,
): Promise<Results> {
  const measure: Compare = (cell) => compare(Number(url.port), cell, pace);
  progress("invocations of one agent");
  const oneAgent = await measureOneAgent(measure);
  progress("invocations of 64 agents");
  const manyAgents = await measureManyAgents(measure);
  progress("invocations with ten records");
  const steps = await measureSteps(measure);
  progress("recovery");
  const recovery = await recoveries(url);
  progress("storage");
  const storage = { c1: await measureStorageCost(url, 1), c16: await measureStorageCost(url, 16) };
  return { oneAgent, manyAgents, steps, recovery, storage };
}
