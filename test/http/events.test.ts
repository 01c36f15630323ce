/** Http-api, `GET A/events`: the route on the real server. What holds over many connections is in test/e2e. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import { describe, expect, test } from "vitest";
import { problemOf } from "./support/problem.ts";
import { openSite } from "./support/site.ts";

const { api, place } = await openSite();

const script = `import { Agent, sleep } from "perdure";
  export class Diary extends Agent {
    notes = [];
    note(text) {
      console.log(text);
      return this.notes.push(text);
    }
  }`;

async function diary(...notes: readonly string[]): Promise<string> {
  const { agent } = await place("Diary", script);
  for (const text of notes) await api.result(agent, "note", text);
  return agent;
}

/** Opens the stream, and gives its events one by one. */
async function listen(agent: string, query = "", headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(`${api.url}${agent}/events${query}`, { headers });
  if (response.body === null) throw new Error("a stream has a body");
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  return {
    response,
    /** Undefined when the stream has ended. */
    next: async () => (await events.read()).value,
    stop: () => events.cancel(),
  };
}

test("one event an entry: `id` its index, `event` its kind, `data` the Entry, and it follows live", async () => {
  const agent = await diary("one");
  const { response, next, stop } = await listen(agent, "?after=0");
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
    "x-request-id": expect.any(String) as string,
  });
  for (const text of ["two", "two\r\nlines\u2028 and \u{1f600}", "three"]) {
    await api.result(agent, "note", text);
  }
  for (const entry of await api.oplog(agent)) {
    const event = await next();
    expect(event).toMatchObject({ id: String(entry.index), event: entry.kind });
    expect(JSON.parse(event?.data ?? "")).toEqual(entry);
  }
  await stop();
});

test("without a position only what is new comes, and the stream is open before anything does", async () => {
  const agent = await diary("one");
  const { lastOplogIndex } = await api.agent(agent);
  const { next, stop } = await listen(agent);
  await api.result(agent, "note", "two");
  expect(await next()).toMatchObject({ id: String(lastOplogIndex + 1) });
  await stop();
});

test("`Last-Event-ID` counts before `after`: an EventSource that connects again sends both", async () => {
  const agent = await diary("one");
  const { next, stop } = await listen(agent, "?after=0", { "last-event-id": "2" });
  expect(await next()).toMatchObject({ id: "3" });
  await stop();
});

test("a revert is one more entry: what it deletes stays, and indices only grow", async () => {
  const agent = await diary("one", "two");
  const { next, stop } = await listen(agent, "?after=0");
  await api.send("POST", `${agent}/revert`, { json: { invocations: 1 } });
  const entries = await api.oplog(agent);
  expect(entries.map(({ kind }) => kind)).toContain("Revert");
  for (const { index } of entries) expect(await next()).toMatchObject({ id: String(index) });
  await stop();
});

test("the stream ends when the agent is deleted, and the next one there begins anew", async () => {
  const agent = await diary("one");
  const { next } = await listen(agent);
  await api.send("DELETE", agent);
  expect(await next()).toBeUndefined();
  problemOf(await api.get(`${agent}/events`), 404, "agent-not-found");
  await api.result(agent, "note", "again");
  const { lastOplogIndex } = await api.agent(agent);
  const ahead = await api.get(`${agent}/events?after=${lastOplogIndex + 1}`);
  const problem = problemOf(ahead, 400, "invalid-request");
  expect(problem.issues?.[0]?.path).toEqual(["query", "after"]);
});

describe("refusals", () => {
  test("no agent: 404 agent-not-found, and none comes into being", async () => {
    const { agent } = await place("Diary", script);
    for (const query of ["", "?after=0"]) {
      problemOf(await api.get(`${agent}/events${query}`), 404, "agent-not-found");
    }
    problemOf(await api.get(agent), 404, "agent-not-found");
  });

  test.each([
    ["?after=one", {}, ["query", "after"]],
    ["?after=1", { "last-event-id": "one" }, ["header", "Last-Event-ID"]],
    ["?after=1000", {}, ["query", "after"]],
    ["", { "last-event-id": "1000" }, ["header", "Last-Event-ID"]],
  ])("a position that does not fit: 400 invalid-request, %s %j", async (query, headers, path) => {
    const agent = await diary("one");
    const answer = await api.send("GET", `${agent}/events${query}`, { headers });
    const problem = problemOf(answer, 400, "invalid-request");
    expect(problem.issues?.map((issue) => issue.path)).toEqual([path]);
  });

  test("another verb: 405; HEAD answers at once", async () => {
    const agent = await diary("one");
    const answer = await api.send("POST", `${agent}/events`);
    problemOf(answer, 405, "method-not-allowed");
    expect(answer.headers.get("allow")).toBe("GET, HEAD");
    const head = await api.send("HEAD", `${agent}/events?after=0`);
    expect([head.status, head.headers.get("content-type"), head.text]).toEqual([
      200,
      "text/event-stream",
      "",
    ]);
  });
});

describe("over a WebSocket", () => {
  /** Everything that comes, and how it ends. */
  function open(agent: string, query: string) {
    const socket = new WebSocket(`${api.url.replace("http", "ws")}${agent}/events${query}`);
    const messages: unknown[] = [];
    const end: { closed?: string } = {};
    socket.addEventListener("message", ({ data }) => messages.push(JSON.parse(String(data))));
    socket.addEventListener("close", ({ code, reason }) => (end.closed = `${code} ${reason}`));
    socket.addEventListener("error", () => (end.closed = "refused"));
    return { messages, end };
  }

  test("each message is an Entry; it ends with 4404 when the agent is deleted", async () => {
    const agent = await diary("one");
    const { messages, end } = open(agent, "?after=0");
    await expect.poll(() => messages.length).toBe((await api.agent(agent)).lastOplogIndex);
    await api.result(agent, "note", "two");
    const oplog = await api.oplog(agent);
    await expect.poll(() => messages).toEqual(oplog);
    await api.send("DELETE", agent);
    // workerd ends the connection of a client that has said nothing with the object, ten seconds later.
    await expect.poll(() => end.closed, { timeout: 20_000 }).toBe("4404 agent-deleted");
  });

  test("refusals are those of the route: the connection is not upgraded", async () => {
    const { agent } = await place("Diary", script);
    const { end, messages } = open(agent, "");
    await expect.poll(() => end.closed).toBe("refused");
    expect(messages).toEqual([]);
  });
});
