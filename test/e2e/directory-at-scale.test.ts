/** The directory at scale: with 5,000 agents every page, filter and count is exact, whatever happens to them. */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import type { AgentSummary } from "../../src/core/api/directory.ts";
import { AgentClient } from "./support/api.ts";
import { hostForFile } from "./support/host.ts";
import { seed, seededRandom } from "./support/seed.ts";
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
/** The server is killed so often, each time a moment after so many more creations were acknowledged. */
const KILLS = 8;
const KILLED_AFTER = 250;
const MOMENT_MS = 150;
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

/** Filters that many agents have to be asked for, and filters that the shards answer. */
const WIDE: readonly Filter[] = [
  ...["failed", "suspended", "interrupted", "idle"].map((status) => ({ status })),
  ...[1, 2].map((revision) => ({ revision })),
  { status: "failed", revision: 2 },
];
const NARROW: readonly Filter[] = [
  ...[...TYPES, "Broken", "Nobody"].map((type) => ({ type })),
  ...[...PREFIXES, "u", "none"].map((prefix) => ({ prefix })),
  { type: "Rest", status: "suspended" },
  { type: "Cart", revision: 2, prefix: "us-" },
  { type: "Order", prefix: "🦊" },
  { status: "idle", revision: 1, prefix: "日本-", type: "Rest" },
];

/** The list of all is what the books say, in their order, whatever the length of its pages. */
async function expectExact(books: Books, ...limits: readonly number[]): Promise<void> {
  for (const limit of limits) {
    expect((await listed(limit)).map(lineOf)).toEqual(books.lines());
  }
}

async function expectExactWith(filters: readonly Filter[], books: Books): Promise<void> {
  for (const [at, filter] of filters.entries()) {
    const limit = [1_000, 150, 40][at % 3] ?? 1;
    const lines = (await listed(limit, filter)).map(lineOf);
    expect(lines, JSON.stringify(filter)).toEqual(books.lines(filter));
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

/** Creates until the server is killed, some of them being in the middle of it; gives those that were asked for, and those acknowledged. */
async function createUntilKilled(
  all: readonly Member[],
  momentMs: number,
): Promise<{ asked: readonly Member[]; created: ReadonlySet<string> }> {
  const asked: Member[] = [];
  const created = new Set<string>();
  let killed: Promise<void> | undefined;
  let isGone = false;
  await forEach(all, async (member) => {
    if (isGone) return;
    asked.push(member);
    try {
      await create(member);
      created.add(nameOf(member));
    } catch {
      isGone = true;
    }
    if (created.size >= KILLED_AFTER) killed ??= delay(momentMs).then(() => host.server.kill9());
  });
  await killed;
  await host.server.restart();
  return { asked, created };
}

/** Resident memory of workerd. */
function residentKb(): number {
  const status = readFileSync(`/proc/${host.server.workerdPid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
}

/** Lists all again and again while the work goes on: those who stay are in it, everybody at most once. */
async function listWhile(staying: readonly string[], work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const ending = work.finally(() => over.abort());
  do {
    const names = (await listed(200)).map(nameOf);
    const found = new Set(names);
    expect(names.length).toBe(found.size);
    expect(staying.filter((name) => !found.has(name))).toEqual([]);
  } while (!over.signal.aborted);
  await ending;
}

async function update(member: Member): Promise<void> {
  const { status } = await agentOf(member).update("automatic", 2);
  expect(status).toBe("successful");
}

/** What has no code under way and can be updated, deleted and made anew at once. */
function isPlain({ status, revision }: Member): boolean {
  return status === "idle" && revision === 1;
}

/** Deletes hundreds of agents, makes some of them anew, updates hundreds and creates hundreds, all at once. */
async function churn(books: Books, all: readonly Member[], fresh: readonly Member[]) {
  const plain = all.filter(isPlain);
  const [deleted, renewed, updated] = [0, 300, 600].map((from) => plain.slice(from, from + 300));
  const changing = new Set([...(deleted ?? []), ...(renewed ?? [])].map(nameOf));
  const staying = all.map(nameOf).filter((name) => !changing.has(name));
  const work = Promise.all([
    forEach(deleted ?? [], async (member) => {
      await remove(member);
      books.remove(member);
    }),
    forEach(renewed ?? [], async (member) => {
      await remove(member);
      await create({ ...member, revision: 2 });
      books.add({ ...member, revision: 2 });
    }),
    forEach(updated ?? [], async (member) => {
      await update(member);
      books.add({ ...member, revision: 2 });
    }),
    forEach(fresh, async (member) => {
      await create(member);
      books.add(member);
      await settle(member);
    }),
  ]);
  await listWhile(staying, work);
}

async function remove(member: Member): Promise<void> {
  const url = `${host.server.url}/v1/agents/${COMPONENT}/${member.type}/${encodeURIComponent(member.key)}`;
  expect((await fetch(url, { method: "DELETE" })).status).toBe(204);
}

/** Creates all of them, with the server killed again and again; each time the list is who is there. */
async function populate(books: Books, all: readonly Member[]): Promise<void> {
  const random = seededRandom("directory at scale");
  const there = new Set<string>();
  for (let kill = 1; kill <= KILLS; kill++) {
    const missing = all.filter((member) => !there.has(nameOf(member)));
    const { asked, created } = await createUntilKilled(missing, random() * MOMENT_MS);
    const names = (await listed(1_000)).map(nameOf);
    await forEach(asked, async (member) => {
      const name = nameOf(member);
      if (created.has(name) || (await agentOf(member).exists())) there.add(name);
    });
    expect(names.toSorted()).toEqual([...there].toSorted());
  }
  await forEach(all, async (member) => {
    await create(member);
    books.add(member);
  });
  await forEach(all, settle);
}

test(
  `5,000 agents: exact after kill -9 in the middle of their creation, while they change, and with more shards; PERDURE_SEED=${seed}`,
  { timeout: 600_000 },
  async () => {
    const books = new Books();
    const all = members(0, AGENTS);
    await upload("one");
    await upload("two");
    await populate(books, all);

    await host.server.restart();
    const before = residentKb();
    await expectExact(books, 1_000);
    expect(residentKb() - before).toBeLessThan(AGENTS * KB_PER_AGENT);
    await expectExact(books, 617, 97);
    await expectExactWith([...WIDE, ...NARROW], books);

    await churn(books, all, members(AGENTS, AGENTS + 300));
    await expectExact(books, 1_000);

    await host.server.restart({ variables: { PERDURE_DIRECTORY_SHARDS: "7" } });
    await expectExact(books, 250);
    const present = all.filter((member) => books.has(member));
    await churn(books, present.slice(2_000), members(AGENTS + 300, AGENTS + 600));
    await expectExact(books, 1_000);
    await expectExactWith(NARROW, books);
  },
);
