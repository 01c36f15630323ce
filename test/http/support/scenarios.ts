import { setTimeout as delay } from "node:timers/promises";
import type { EntryView } from "../../../src/core/api/views.ts";
import { agentPath, type Api } from "./api.ts";
import { openReceiver, type Received, type Receiver } from "./receiver.ts";
import { scenarioAgents } from "./scenario-agents.ts";
import type { Site } from "./site.ts";

/** What was seen of one agent. */
export interface Seen {
  readonly state: Record<string, unknown>;
  readonly entries: readonly EntryView[];
}

/** Everything that the scenarios left, by agent type. */
export interface Outcome {
  readonly before: ReadonlyMap<string, Seen>;
  /** After kill -9 and a new start. */
  readonly after: ReadonlyMap<string, Seen>;
  /** The results of the calls, in order. */
  readonly results: ReadonlyMap<string, readonly unknown[]>;
  readonly receivedBefore: readonly Received[];
}

type Calls = readonly (readonly [method: string, ...args: unknown[]])[];

/** A receiver that answers late, with other statuses, or with bytes, as the path says. */
export function openScenarioReceiver(): Promise<Receiver> {
  return openReceiver(async ({ path, method }, response) => {
    const { pathname, searchParams } = new URL(path, "http://receiver");
    await delay(Number(searchParams.get("ms") ?? 0));
    if (pathname.startsWith("/status")) response.statusCode = Number(pathname.slice(8));
    if (pathname === "/bytes") {
      response.end(Buffer.from([0, 255, 128, 10]));
      return;
    }
    const isJson = pathname === "/json";
    response.setHeader("content-type", isJson ? "application/json" : "text/x-test");
    response.end(isJson ? '{"a":[1]}' : `${method} ${path}`);
  });
}

/** Each agent type, and what is called on it, in order. */
function scenariosWith(url: string): Readonly<Record<string, Calls>> {
  return {
    Chance: [["roll"], ["roll"]],
    Clock: [["read"]],
    Fetcher: [
      ["ask", `${url}/plain?x=1`, { headers: { "x-mine": "1" } }],
      ["ask", `${url}/status/404`],
      ["ask", `${url}/status/503`, { method: "POST", body: "once" }],
      ["json", `${url}/json`],
      ["bytes", `${url}/bytes`],
      ["stream", `${url}/stream`],
      ["fails", "http://127.0.0.1:1/"],
      ["writes", `${url}/writes`],
      ["inStep", `${url}/step`],
    ],
    Racer: [
      ["all", `${url}/all`, [90, 10, 50, 30]],
      ["race", `${url}/race`, [120, 15, 80]],
      ["mixed", `${url}/mixed`],
      ["caught", `${url}/caught`],
    ],
    Stepper: [["run"]],
    Timers: [["run"]],
    Talker: [["talk", "words"], ["leftovers"], ["timerThrows"], ["unhandled"]],
    Pure: [["run"]],
  };
}

/** The agent types that have scenarios. */
export const scenarioTypes = Object.keys(scenariosWith(""));

async function see(api: Api, type: string): Promise<Seen> {
  const agent = agentPath("scenarios", type, "one");
  const entries = await api.oplog(agent);
  return { entries, state: (await api.result(agent, "state")) as Seen["state"] };
}

/** Runs all scenarios, kills the server, starts it again, and looks once more. */
export async function runScenarios(site: Site, { url, received }: Receiver): Promise<Outcome> {
  const { api } = site;
  await api.upload("scenarios", scenarioAgents);
  const results = new Map<string, readonly unknown[]>();
  const before = new Map<string, Seen>();
  for (const [type, calls] of Object.entries(scenariosWith(url))) {
    const agent = agentPath("scenarios", type, "one");
    const given: unknown[] = [];
    for (const [method, ...args] of calls) given.push(await api.result(agent, method, ...args));
    results.set(type, given);
    before.set(type, await see(api, type));
  }
  const receivedBefore = [...received];
  await site.crash();
  const after = new Map<string, Seen>();
  for (const type of scenarioTypes) after.set(type, await see(api, type));
  return { before, after, results, receivedBefore };
}
