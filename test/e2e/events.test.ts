/**
 * Http-api, `GET A/events`: whoever connects again after what it has gets each entry exactly once,
 * while the agent writes, over lost connections and over kill -9.
 */
import { EventSource } from "eventsource";
import { describe, expect, test } from "vitest";
import { entryKinds } from "../../src/core/api/oplog-filter.ts";
import type { EntryView } from "../../src/core/api/views.ts";
import type { AgentClient } from "./support/api.ts";
import { box } from "./support/box.ts";
import { byEvents, bySocket, type Connection } from "./support/followers.ts";
import { hostForFile } from "./support/host.ts";
import { until } from "./support/until.ts";

const host = hostForFile();

const HALF = 5_000;
const RECONNECTS = 20;

/** `write` logs at once; `trickle` logs with many pauses, and goes on after a crash. */
const members = `
  write(count) {
    for (let i = 0; i < count; i++) console.log("entry", i);
  }
  async trickle(count, every) {
    for (let i = 0; i < count; i++) {
      console.log("entry", i);
      if (i % every === 0) await sleep(5);
    }
  }`;

/** An agent with half of the entries, which begins to write the other half. */
async function writer(component: string, every: number) {
  const agent = await host.box(component, box({ mark: "one", members }));
  for (let written = 0; written < HALF; written += 500) await agent.invoke("write", 500);
  const key = await agent.enqueue("trickle", HALF, every);
  return { agent, key };
}

/** Follows until the entry that ends the invocation; connects again whenever the connection is lost. */
async function follow(
  agent: AgentClient,
  key: string,
  connect: Connection,
  pieces: number,
): Promise<{ readonly entries: readonly EntryView[]; readonly connections: number }> {
  const entries: EntryView[] = [];
  const isLast = ({ kind, idempotencyKey }: EntryView): boolean =>
    kind === "AgentInvocationFinished" && idempotencyKey === key;
  let connections = 0;
  for (; !entries.some(isLast); connections += 1) {
    const after = entries.at(-1)?.index ?? 0;
    const isEnough = (entry: EntryView): boolean =>
      isLast(entry) || entry.index >= after + (2 * HALF) / pieces;
    entries.push(...(await connect(agent.eventsUrl, after, isEnough).catch(refused)));
  }
  return { entries, connections };
}

/** While the server is down nothing comes. */
function refused(error: unknown): readonly EntryView[] {
  if (error instanceof TypeError && error.message === "fetch failed") return [];
  throw error;
}

describe.each([
  ["server-sent events", "sse", byEvents],
  ["a WebSocket", "socket", bySocket],
] as const)("over %s", (_, name, connect) => {
  test("10,000 entries over 20 forced reconnects, while the agent writes: no gap, no duplicate", async () => {
    const { agent, key } = await writer(`reconnect-${name}`, 25);
    const { entries, connections } = await follow(agent, key, connect, RECONNECTS + 1);
    expect(connections).toBeGreaterThan(RECONNECTS);
    expect(entries.length).toBeGreaterThan(2 * HALF);
    expect(entries).toEqual(await agent.oplog());
  }, 120_000);

  test("the same when the server is killed with SIGKILL in between, and started again", async () => {
    const { agent, key } = await writer(`killed-${name}`, 10);
    const following = follow(agent, key, connect, 3);
    for (const mark of [HALF * 1.2, HALF * 1.6]) {
      await until("the agent had written more", async () => {
        return (await agent.view()).lastOplogIndex > mark ? true : undefined;
      });
      await host.crash();
    }
    const { entries } = await following;
    expect(entries.length).toBeGreaterThan(2 * HALF);
    expect(entries).toEqual(await agent.oplog());
  }, 120_000);
});

test("an EventSource goes on by itself after kill -9, and ends for good when the agent is deleted", async () => {
  const agent = await host.box("browser", box({ mark: "one", members }));
  await agent.invoke("write", 10);
  const source = new EventSource(`${agent.eventsUrl}?after=0`);
  const got: EntryView[] = [];
  for (const kind of entryKinds) {
    source.addEventListener(kind, ({ data, lastEventId }) => {
      const entry = JSON.parse(String(data)) as EntryView;
      expect(lastEventId).toBe(String(entry.index));
      got.push(entry);
    });
  }
  const hasAll = async (): Promise<void> => {
    const oplog = await agent.oplog();
    await expect.poll(() => got, { timeout: 20_000 }).toEqual(oplog);
  };
  await hasAll();
  for (const item of ["a", "b"]) {
    await host.crash();
    await agent.invoke("add", item);
    await hasAll();
  }
  await agent.destroy();
  await expect.poll(() => source.readyState, { timeout: 20_000 }).toBe(EventSource.CLOSED);
}, 90_000);
