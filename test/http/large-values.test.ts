/** Values up to their limits, and one byte beyond: whatever lies between the author and the disk must hold them. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { EntryView, InvocationView } from "../../src/core/api/views.ts";
import { defaultLimits as limits } from "../../src/core/limits.ts";
import { largeAgents } from "./support/large-agents.ts";
import { openReceiver } from "./support/receiver.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const LIMIT = 16 * 1024 * 1024;
/** Two UTF-16 units, four bytes of UTF-8: a text with it takes two bytes for every unit in memory. */
const WIDE = "\u{1f600}";

const site = await openSite();
const { api } = site;

/** Isolates that idle keep their garbage: agents go once they are not needed any more. */
const placed: string[] = [];
afterEach(async () => {
  for (const agent of placed.splice(0)) {
    await api.send("DELETE", agent);
    await api.send("DELETE", agent.replace(/one$/, "two"));
  }
});

async function place(type: string, script: string): Promise<{ readonly agent: string }> {
  const { agent } = await site.place(type, script);
  placed.push(agent);
  return { agent };
}

const receiver = await openReceiver(({ path, method, bytes }, response) => {
  if (method === "POST") response.end(`${bytes.length} bytes`);
  const [, kind, count = "0"] = path.replace(/\?.*/, "").split("/");
  if (kind === "bytes") response.end(Buffer.alloc(Number(count), 255));
  if (kind === "text") response.end("x".repeat(Number(count)));
  if (kind === "wide") response.end(WIDE + "x".repeat(Number(count) - 4));
  if (kind === "quotes") response.end('"'.repeat(Number(count)));
  if (kind === "zeros") response.end(Buffer.alloc(Number(count)));
});
afterAll(() => receiver.close());

function sumOf(text: string): [number, number] {
  let sum = 0;
  for (let at = 0; at < text.length; at += 1) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0;
  return [text.length, sum];
}

const withHead = (head: string, bytes: number): string =>
  head + "x".repeat(bytes - Buffer.byteLength(head));

/** A body of exactly that many bytes: an array of one text. */
const argumentsOf = (head: string, bytes: number): string =>
  JSON.stringify([withHead(head, bytes - 4)]);

const json = { "content-type": "application/json" };
const refused = ["AgentError", "payload-too-large"];

/** On one machine all isolates share a heap, and those of deleted agents are freed late: a new process has room. */
async function roomInTheHeap(): Promise<void> {
  await site.crash();
}

/** After what was refused the next call works, and after a crash too. */
async function isUsable(agent: string): Promise<void> {
  expect(await api.result(agent, "hello")).toBe("hello");
}

async function recovers(agent: string): Promise<void> {
  const before = await api.result(agent, "all");
  await api.send("POST", `${agent}/interrupt`, { json: { recover: true } });
  expect(await api.result(agent, "all")).toEqual(before);
}

const startsOf = (entries: readonly EntryView[]) => entries.filter(({ kind }) => kind === "Start");

test("the limits are those of the API", () => {
  const { requestBodyBytes, resultBytes, snapshotBytes, recordedBodyBytes } = limits;
  expect([requestBodyBytes, resultBytes, snapshotBytes, recordedBodyBytes]).toEqual([
    LIMIT,
    LIMIT,
    LIMIT,
    LIMIT,
  ]);
});

describe("arguments", () => {
  test.each([
    ["plain", "x"],
    ["wide", WIDE],
  ])("%s text up to the limit arrives whole, awaited and enqueued", async (_, head) => {
    const { agent } = await place("Keeper", largeAgents);
    const body = argumentsOf(head, LIMIT);
    const [text] = JSON.parse(body) as [string];
    const awaited = await api.send<InvocationView>("POST", `${agent}/invoke/take`, {
      body,
      headers: json,
    });
    expect(awaited.body.result).toEqual(sumOf(text));
    const path = `${agent}/invoke/take?mode=enqueue`;
    const headers = { ...json, "idempotency-key": "k" };
    expect((await api.send("POST", path, { body, headers })).status).toBe(202);
    const ended = await api.get<InvocationView>(`${agent}/invocations/k?wait=30`);
    expect(ended.body.result).toEqual(sumOf(text));
    await recovers(agent);
  });

  test("one byte more is refused, and nothing is written", async () => {
    const { agent } = await place("Keeper", largeAgents);
    const body = argumentsOf("x", LIMIT + 1);
    const answer = await api.send("POST", `${agent}/invoke/take`, { body, headers: json });
    expect(answer).toMatchObject({ status: 413, body: { code: "payload-too-large" } });
    expect((await api.get(agent)).status).toBe(404);
    await isUsable(agent);
  });

  test("are checked by a schema as well", async () => {
    const { agent } = await place("Checked", largeAgents);
    const body = argumentsOf(WIDE, LIMIT);
    const answer = await api.send<InvocationView>("POST", `${agent}/invoke/take`, {
      body,
      headers: json,
    });
    expect(answer.body.result).toBe(LIMIT - 4 - 2);
  });

  test("of many calls at once arrive", async () => {
    const { agent } = await place("Keeper", largeAgents);
    await isUsable(agent);
    const body = argumentsOf("x", LIMIT / 2);
    const calls = Array.from({ length: 8 }, () =>
      api.send<InvocationView>("POST", `${agent}/invoke/take`, { body, headers: json }),
    );
    const answers = await Promise.all(calls);
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    await recovers(agent);
  });
});

describe("results", () => {
  test.each([
    ["plain", "x"],
    ["wide", WIDE],
  ])(
    "%s text up to the limit comes back whole, also when it is asked for later",
    async (_, head) => {
      const { agent } = await place("Keeper", largeAgents);
      const count = LIMIT - 2 - Buffer.byteLength(head);
      const answer = await api.invoke(agent, "give", { args: [head, count], key: "k" });
      expect(answer.body.result).toBe(head + "x".repeat(count));
      const later = await api.get<InvocationView>(`${agent}/invocations/k`);
      expect(later.body.result).toBe(answer.body.result);
      const finished = (await api.oplog(agent)).find(
        ({ kind }) => kind === "AgentInvocationFinished",
      );
      expect(JSON.stringify(finished?.["outcome"])).toContain("xxx");
    },
  );

  test.each([
    ["numbers", 4],
    ["items", 8],
  ])("%s that take more room in memory than in text", async (method, bytes) => {
    const { agent } = await place("Keeper", largeAgents);
    const count = Math.floor((LIMIT - 2) / bytes);
    const answer = await api.invoke(agent, method, { args: [count] });
    expect((answer.body.result as unknown[]).length).toBe(count);
  });

  test.each([
    ["plain", "x"],
    ["wide", WIDE],
  ])(
    "one byte more of %s text fails the invocation, and the agent stays usable",
    async (_, head) => {
      const { agent } = await place("Keeper", largeAgents);
      const count = LIMIT - 1 - Buffer.byteLength(head);
      const answer = await api.invoke(agent, "give", { args: [head, count] });
      expect(answer).toMatchObject({ status: 500, body: { code: "payload-too-large" } });
      expect(answer.text).toContain("return less");
      await isUsable(agent);
      await api.send("POST", `${agent}/interrupt`, { json: { recover: true } });
      await isUsable(agent);
    },
  );

  test("of many calls at once come back", async () => {
    const { agent } = await place("Keeper", largeAgents);
    await isUsable(agent);
    const calls = Array.from({ length: 8 }, () => api.result(agent, "give", "", LIMIT / 2));
    for (const result of await Promise.all(calls))
      expect((result as string).length).toBe(LIMIT / 2);
    await isUsable(agent);
  });
});

describe("bodies of fetch", () => {
  beforeAll(roomInTheHeap);

  test.each([
    ["plain text", "send", ["x", LIMIT - 1]],
    ["wide text", "send", [WIDE, LIMIT - 4]],
    ["bytes", "sendBytes", [LIMIT]],
    ["a stream", "sendStream", [LIMIT]],
  ])("%s up to the limit is sent", async (_, method, args) => {
    const { agent } = await place("Keeper", largeAgents);
    expect(await api.result(agent, method, receiver.url, ...args)).toBe(`${LIMIT} bytes`);
    await recovers(agent);
  });

  test.each([
    ["plain text", "send", ["x", LIMIT]],
    ["wide text", "send", [WIDE, LIMIT - 3]],
    ["bytes", "sendBytes", [LIMIT + 1]],
    ["a stream", "sendStream", [LIMIT + 1]],
    ["a stream without an end", "sendStream", [1e15]],
  ])("one byte more of %s: refused, nothing is sent or recorded", async (_, method, args) => {
    const { agent } = await place("Keeper", largeAgents);
    const sent = receiver.received.length;
    expect(await api.result(agent, method, receiver.url, ...args)).toEqual(refused);
    expect(receiver.received.length).toBe(sent);
    expect(startsOf(await api.oplog(agent))).toEqual([]);
    await isUsable(agent);
  });

  test.each([
    ["bytes", "get", LIMIT, LIMIT],
    ["text", "getText", LIMIT, LIMIT],
    ["wide", "getText", LIMIT, LIMIT - 2],
    ["quotes", "getText", LIMIT, LIMIT],
    ["zeros", "getText", LIMIT, LIMIT],
  ])("%s up to the limit are received, and replayed", async (kind, method, bytes, length) => {
    const { agent } = await place("Keeper", largeAgents);
    const result = await api.result(agent, method, `${receiver.url}/${kind}/${bytes}`);
    expect(result).toEqual([length, expect.any(Number)]);
    await recovers(agent);
  });

  test("one byte more is refused and recorded, and not asked for again", async () => {
    const { agent } = await place("Keeper", largeAgents);
    const path = `/bytes/${LIMIT + 1}`;
    expect(await api.result(agent, "get", receiver.url + path)).toEqual(refused);
    expect(receiver.received.filter((request) => request.path === path)).toHaveLength(1);
    await isUsable(agent);
    await recovers(agent);
    const end = (await api.oplog(agent)).find(({ kind }) => kind === "End");
    expect(end).toMatchObject({ error: { code: "payload-too-large" } });
  });

  test("several at once are recorded in as many commits as it takes", async () => {
    const { agent } = await place("Keeper", largeAgents);
    const size = LIMIT * 0.75;
    expect(await api.result(agent, "several", `${receiver.url}/wide/${size}`, 5)).toEqual(
      Array.from({ length: 5 }, () => size - 2),
    );
    await recovers(agent);
  });

  test("in a step they are not recorded, and arrive", async () => {
    const { agent } = await place("Keeper", largeAgents);
    expect(await api.result(agent, "getInStep", `${receiver.url}/wide/${LIMIT}`)).toEqual([
      LIMIT - 2,
      expect.any(Number),
    ]);
    await recovers(agent);
  });
});

test("a step's result may be as large as a result, not larger", async () => {
  const { agent } = await place("Keeper", largeAgents);
  const count = LIMIT - 2 - 4;
  const sum = sumOf(WIDE + "x".repeat(count));
  expect(await api.result(agent, "inStep", WIDE, count)).toEqual(sum);
  const answer = await api.invoke(agent, "inStep", { args: [WIDE, count + 1] });
  expect(answer).toMatchObject({ status: 500, body: { code: "payload-too-large" } });
  await isUsable(agent);
  await recovers(agent);
});

describe("from agent to agent", () => {
  beforeAll(roomInTheHeap);

  test("arguments and results up to the limit; beyond it a clear error at the caller", async () => {
    const { agent } = await place("Keeper", largeAgents);
    const count = LIMIT - 4 - 4;
    expect(await api.result(agent, "pass", "two", WIDE, count)).toEqual(
      sumOf(WIDE + "x".repeat(count)),
    );
    expect(await api.result(agent, "pass", "two", WIDE, count + 1)).toEqual(refused);
    const given = LIMIT - 2 - 4;
    expect(await api.result(agent, "ask", "two", "give", WIDE, given)).toEqual(
      sumOf(WIDE + "x".repeat(given)),
    );
    expect(await api.result(agent, "ask", "two", "give", WIDE, given + 1)).toEqual(refused);
    await isUsable(agent);
    await recovers(agent);
  });
});

test("a promise is completed with as much as a request can carry", async () => {
  const { agent } = await place("Keeper", largeAgents);
  const id = (await api.result(agent, "promise")) as string;
  const waiting = api.result(agent, "wait");
  await until(
    () => api.agent(agent),
    ({ status }) => status === "running",
  );
  const body = JSON.stringify(withHead(WIDE, LIMIT - 2));
  const completed = await api.send("POST", `${agent}/promises/${id}`, { body, headers: json });
  expect(completed).toMatchObject({ status: 200, body: { completed: true } });
  expect(await waiting).toEqual(sumOf(JSON.parse(body) as string));
  await recovers(agent);
});

describe("snapshots", () => {
  test("up to the limit are taken, shown and loaded", async () => {
    const { agent } = await place("Keeper", largeAgents);
    // {"kept":"…","sums":[]}
    const count = LIMIT - Buffer.byteLength('{"kept":"","sums":[]}') - 4;
    const sum = await api.result(agent, "hold", WIDE, count);
    const taken = await api.send<{ index: number; bytes: number }>("POST", `${agent}/snapshot`);
    expect(taken).toMatchObject({ status: 201, body: { bytes: LIMIT } });
    const shown = await api.get<{ kept: string }>(`${agent}/snapshots/${taken.body.index}`);
    expect(sumOf(shown.body.kept)).toEqual(sum);
    await site.crash();
    expect(await api.result(agent, "held")).toEqual(sum);
  });

  test("beyond it: refused with a clear error, and the agent stays usable", async () => {
    const { agent } = await place("Keeper", largeAgents);
    await api.result(agent, "hold", "", LIMIT);
    const answer = await api.send("POST", `${agent}/snapshot`);
    expect(answer).toMatchObject({ status: 409, body: { code: "not-snapshottable" } });
    expect(answer.text).toContain(String(LIMIT));
    await isUsable(agent);
  });
});

test("all of it is there after kill -9", async () => {
  const { agent } = await place("Keeper", largeAgents);
  await api.send("POST", `${agent}/invoke/take`, { body: argumentsOf(WIDE, LIMIT), headers: json });
  await api.result(agent, "getText", `${receiver.url}/wide/${LIMIT}`);
  await api.invoke(agent, "give", { args: [WIDE, LIMIT - 6], key: "k" });
  const before = await api.result(agent, "all");
  await site.crash();
  expect(await api.result(agent, "all")).toEqual(before);
  const later = await api.get<InvocationView>(`${agent}/invocations/k`);
  expect((later.body.result as string).length).toBe(LIMIT - 4);
});
