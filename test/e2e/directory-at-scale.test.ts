/** The directory at scale: with 5,000 agents every page, filter and count is exact, whatever happens to them. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { AgentSummary } from "../../src/core/api/directory.ts";
import { AgentClient } from "./support/api.ts";
import { hostForFile } from "./support/host.ts";
import {
  Books,
  lineOf,
  members,
  nameOf,
  PREFIXES,
  TYPES,
  type Filter,
  type Member,
} from "./support/population.ts";

const host = hostForFile();
const COMPONENT = "crowd";
const AGENTS = 5_000;
/** The server is killed when so many creations were acknowledged. */
const KILLED_AFTER = 2_000;
const ABREAST = 32;
/** What workerd may take for an agent that is in memory and has no isolate. */
const KB_PER_AGENT = 500;

const code = (mark: string): string => `import { Agent, sleep } from "perdure";
export class Cart extends Agent {}
export class Order extends Agent {}
export class Rest extends Agent { async doze() { await sleep("1d"); } }
export class Broken extends Agent { onCreate() { throw new Error("it is broken"); } }
// ${mark}`;

async function forEach<T>(items: Iterable<T>, work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items[Symbol.iterator]();
  const workers = Array.from({ length: ABREAST }, async () => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await work(next.value);
  });
  await Promise.all(workers);
}

function agentOf({ type, key }: Pick<Member, "type" | "key">): AgentClient {
  return new AgentClient(host.api, COMPONENT, type, key);
}

async function upload(mark: string): Promise<void> {
  const source = { main: "m.js", modules: { "m.js": code(mark) }, isolation: "shared" };
  const { status } = await fetch(`${host.server.url}/v1/components/${COMPONENT}/revisions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(source),
  });
  expect(status).toBe(201);
}

interface Page {
  readonly agents: readonly AgentSummary[];
  readonly cursor?: string;
}

/** All agents of the list, page by page. */
async function listed(limit: number, filter: Filter = {}): Promise<readonly AgentSummary[]> {
  const found: AgentSummary[] = [];
  const query = new URLSearchParams({ limit: String(limit) });
  for (const [name, value] of Object.entries(filter)) query.set(name, String(value));
  for (;;) {
    const response = await fetch(`${host.server.url}/v1/agents/${COMPONENT}?${query.toString()}`);
    expect(response.status).toBe(200);
    const { agents, cursor } = (await response.json()) as Page;
    expect(agents.length).toBeLessThanOrEqual(limit);
    found.push(...agents);
    if (cursor === undefined) return found;
    query.set("cursor", cursor);
  }
}

const FILTERS: readonly Filter[] = [
  ...[...TYPES, "Broken", "Nobody"].map((type) => ({ type })),
  ...["failed", "suspended", "interrupted", "running", "idle"].map((status) => ({ status })),
  ...[1, 2, 3].map((revision) => ({ revision })),
  ...[...PREFIXES, "u", "none"].map((prefix) => ({ prefix })),
  { type: "Rest", status: "suspended" },
  { type: "Cart", revision: 2, prefix: "us-" },
  { type: "Order", prefix: "🦊" },
  { status: "failed", revision: 2 },
  { status: "idle", revision: 1, prefix: "日本-", type: "Rest" },
];

/** Every page and every filter is what the books say, in their order. */
async function expectExact(books: Books): Promise<void> {
  for (const limit of [1_000, 617, 97]) {
    expect((await listed(limit)).map(lineOf)).toEqual(books.lines());
  }
  for (const [at, filter] of FILTERS.entries()) {
    const limit = [1_000, 150, 40][at % 3] ?? 1;
    expect((await listed(limit, filter)).map(lineOf), JSON.stringify(filter)).toEqual(
      books.lines(filter),
    );
  }
}

/** Brings an agent to its status: it has just been created. */
async function settle(member: Member): Promise<void> {
  if (member.status !== "suspended" && member.status !== "interrupted") return;
  const agent = agentOf(member);
  await agent.request("doze", [], { key: "doze", query: "?mode=enqueue" });
  await agent.reaches("suspended");
  if (member.status === "interrupted") await agent.post("/interrupt", {});
}

async function create(member: Member): Promise<void> {
  await agentOf(member).create(member.revision);
}

/** Creates until the server is killed; gives those that were acknowledged, and those that were on their way. */
async function createUntilKilled(
  all: readonly Member[],
): Promise<{ created: readonly Member[]; asked: readonly Member[] }> {
  const created: Member[] = [];
  const asked: Member[] = [];
  let killed: Promise<void> | undefined;
  await forEach(all, async (member) => {
    if (killed !== undefined) return;
    asked.push(member);
    try {
      await create(member);
      created.push(member);
    } catch {
      // The connection broke under the request.
    }
    if (created.length === KILLED_AFTER) killed ??= host.server.kill9();
  });
  await killed;
  await host.server.restart();
  return { created, asked };
}

function residentKb(): number {
  const status = readFileSync(`/proc/${host.server.workerdPid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
}

test(
  "5,000 agents, kill -9 in the middle of their creation, changes under the list, more shards",
  { timeout: 240_000 },
  async () => {
    const books = new Books();
    const all = members(0, AGENTS);
    await upload("one");
    await upload("two");

    const { created, asked } = await createUntilKilled(all);
    const before = residentKb();
    const names = new Set((await listed(1_000)).map(nameOf));
    expect(created.filter((member) => !names.has(nameOf(member)))).toEqual([]);
    const unsure = asked.filter((member) => !created.includes(member));
    const there: string[] = [];
    await forEach(unsure, async (member) => {
      const path = `${COMPONENT}/${member.type}/${encodeURIComponent(member.key)}`;
      const { status } = await fetch(`${host.server.url}/v1/agents/${path}`);
      if (status === 200) there.push(nameOf(member));
    });
    expect([...names].toSorted()).toEqual([...created.map(nameOf), ...there].toSorted());

    const began = Date.now();
    await forEach(all, async (member) => {
      await create(member);
      books.add(member);
    });
    console.info(`created: ${Math.round((AGENTS * 1000) / (Date.now() - began))}/s`);
    await forEach(all, settle);
    await host.server.restart();
    for (const how of ["cold", "warm"]) {
      const asking = Date.now();
      expect(await listed(1_000)).toHaveLength(AGENTS);
      console.info(`${how}: ${Date.now() - asking} ms`);
    }
    console.info(`memory: ${(residentKb() - before) / AGENTS} kB an agent`);
    expect(residentKb() - before).toBeLessThan(AGENTS * KB_PER_AGENT);
    await expectExact(books);
  },
);
