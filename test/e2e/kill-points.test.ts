/** Nothing is silently lost, and nothing runs twice, wherever kill -9 hits. */
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { AgentClient, publish } from "./support/api.ts";
import { hostForFile } from "./support/host.ts";
import { seed, seededRandom } from "./support/seed.ts";
import { bookCode, type BookState, effectsOf, modelOf, startedIn } from "./kill-points/book.ts";
import { Caller, type Sent, type Setting, Updater } from "./kill-points/clients.ts";
import { type Moment, Moments } from "./kill-points/moments.ts";

const KILLS = 54;
const BOOKS = ["first", "second", "third"] as const;
const host = hostForFile();

interface Book {
  readonly key: string;
  readonly agent: AgentClient;
  readonly callers: readonly Caller[];
  readonly updater: Updater;
}

async function openBook(key: string, setting: Setting): Promise<Book> {
  const agent = new AgentClient(host.api, "books", "Book", key);
  await agent.create(1);
  const callers = [0, 1].map(
    (nth) => new Caller(agent, `${key}-caller-${nth}`, nth * 100_000, setting),
  );
  return { key, agent, callers, updater: new Updater(agent, `${key}-updater`, setting) };
}

/** Waits for the moment of the next kill; gives what is to be done after it. */
async function momentOfKill(
  { moments }: Setting,
  random: () => number,
  kill: number,
): Promise<() => void> {
  const soon = (moment: Moment) => Promise.race([moments.next(moment), delay(1000)]);
  switch (kill % 6) {
    case 0: {
      const path = `/${BOOKS[Math.floor(random() * BOOKS.length)]}`;
      const gate = host.receiver.shut(path);
      const before = host.receiver.at(path).length;
      const end = Date.now() + 1500;
      while (host.receiver.at(path).length === before && Date.now() < end) await delay(1);
      await delay(random() * 20);
      return () => gate.open();
    }
    case 1:
      await soon("accepted");
      await delay(random() * 5);
      break;
    case 2:
      await soon("update requested");
      await delay(random() * 40);
      break;
    case 3:
      await soon("awaiting");
      await delay(random() * 8);
      break;
    case 4:
      await delay(random() * 60);
      break;
    default:
      await delay(random() * 1300);
  }
  return () => {};
}

async function killAgainAndAgain(setting: Setting): Promise<void> {
  const random = seededRandom("kills");
  for (let kill = 0; kill < KILLS && !setting.isCalm; kill++) {
    const after = await momentOfKill(setting, random, kill);
    await host.server.kill9();
    after();
    await host.server.restart();
  }
}

/** Each effect of each invocation happened under one key; under a key nothing else ever came. */
function expectEffects(key: string, ran: readonly Sent[] | ReturnType<typeof startedIn>): void {
  const keysOf = new Map<string, Set<string | undefined>>();
  const bodyOf = new Map<string | undefined, string>();
  for (const arrival of host.receiver.at(`/${key}`)) {
    expect(bodyOf.get(arrival.key) ?? arrival.body).toBe(arrival.body);
    bodyOf.set(arrival.key, arrival.body);
    keysOf.set(arrival.body, (keysOf.get(arrival.body) ?? new Set()).add(arrival.key));
  }
  const expected = ran.flatMap(effectsOf);
  expect([...keysOf.keys()].sort()).toEqual([...expected].sort());
  for (const [body, keys] of keysOf) expect([body, keys.size]).toEqual([body, 1]);
}

async function expectBook({ key, agent, callers, updater }: Book): Promise<void> {
  const oplog = await agent.oplog();
  const count = (kind: string, member: string, value: string) =>
    oplog.filter((entry) => entry.kind === kind && entry[member] === value).length;
  const ran = startedIn(oplog);
  expect(new Set(ran.map((entry) => entry.key)).size).toBe(ran.length);
  for (const sent of [...callers.flatMap((caller) => caller.sent), ...updater.notes]) {
    const answer = await agent.invocation(sent.key);
    const shown = answer.status === 404 ? "unknown" : answer.body.status;
    const once = shown === "completed" ? 1 : 0;
    if (sent.isAccepted) expect([sent.key, shown]).toEqual([sent.key, "completed"]);
    else expect([sent.key, "completed", "unknown"]).toContain(shown);
    if (sent.isAccepted && sent.method !== "note") expect(sent.outcome?.result).toBe(sent.amount);
    expect(count("PendingAgentInvocation", "idempotencyKey", sent.key)).toBe(once);
    expect(count("AgentInvocationStarted", "idempotencyKey", sent.key)).toBe(once);
    expect(count("AgentInvocationFinished", "idempotencyKey", sent.key)).toBe(once);
  }
  expectEffects(key, ran);
  for (const { id, expected, status } of updater.requested) {
    expect(status).toBe(expected);
    expect(count("PendingUpdate", "updateId", id)).toBe(1);
    const conclusions = ["SuccessfulUpdate", "FailedUpdate"].map((kind) =>
      count(kind, "updateId", id),
    );
    expect(conclusions).toEqual(expected === "successful" ? [1, 0] : [0, 1]);
  }
  expect(oplog.filter(({ kind }) => kind === "Error" || kind === "SnapshotRecoveryFailed")).toEqual(
    [],
  );
  const state = (await agent.invoke("read")) as BookState;
  expect(state).toEqual(modelOf(ran));
}

describe(`kill points, PERDURE_SEED=${seed}`, () => {
  test(`${KILLS} kills over queues, fetches and updates`, { timeout: 150_000 }, async () => {
    const { url } = host.receiver;
    for (const [format, policy] of [
      ["a", '"disabled"'],
      ["a", "{ everyInvocations: 5 }"],
      ["b", '"disabled"'],
      ["b", "{ everyInvocations: 3 }"],
    ] as const) {
      await publish(host.api, "books", bookCode(url, format, `${format} ${policy}`, policy));
    }
    const setting: Setting = { moments: new Moments(), isCalm: false };
    const books = await Promise.all(BOOKS.map((key) => openBook(key, setting)));
    const clients = books.flatMap(({ callers, updater }) => [...callers, updater]);
    const running = Promise.all(clients.map((client) => client.run()));
    const killing = killAgainAndAgain(setting);
    try {
      await Promise.race([killing, running]);
    } finally {
      setting.isCalm = true;
      await killing;
    }
    await running;
    for (const book of books) await expectBook(book);
    await host.crash();
    for (const book of books) await expectBook(book);
  });
});
