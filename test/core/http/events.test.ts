/** http-api.md, `GET A/events`, as far as the router decides. */
import { describe, expect, test } from "vitest";
import type { EntryView } from "../../../src/core/api/views.ts";
import { accept, refuse, type Result } from "../../../src/core/errors.ts";
import { agent, problemOf, startApp } from "./fake-ports.ts";

const path = "/v1/agents/shop/Cart/k/events";
const living = { ...agent, lastOplogIndex: 9 };
const deleted = refuse("agent-deleted", "It is gone.");

function entry(index: number): EntryView {
  return { index, at: agent.createdAt, kind: "Log", level: "log", message: "two\nlines" };
}

/** An app whose agent answers those who follow it with these, in turn. */
function following(...answers: readonly (Result<readonly EntryView[]> | Error)[]) {
  const left = [...answers];
  const follow = async (): Promise<Result<readonly EntryView[]>> => {
    const answer = left.shift();
    if (answer === undefined) throw new Error("asked once too often");
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return startApp({ agent: { describe: async () => accept(living), follow } });
}

function positions(calls: ReturnType<typeof startApp>["calls"]): readonly unknown[] {
  return calls.filter(([name]) => name === "follow").map(([, position]) => position);
}

describe("the stream", () => {
  test("is one event an entry: id, kind, and the Entry as one line; then it ends", async () => {
    const { send } = following(accept([entry(3), entry(4)]), deleted);
    const response = await send("GET", `${path}?after=2`);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    const [opening, ...events] = (await response.text()).split("\n\n");
    expect(opening).toBe(": what comes after 2");
    expect(events).toEqual([
      `id: 3\nevent: Log\ndata: ${JSON.stringify(entry(3))}`,
      `id: 4\nevent: Log\ndata: ${JSON.stringify(entry(4))}`,
      "",
    ]);
  });

  test("goes on after what it has sent, of the agent that it began with", async () => {
    const { send, calls } = following(accept([entry(3)]), accept([]), accept([entry(4)]), deleted);
    await (await send("GET", `${path}?after=2`)).text();
    const { incarnation } = agent;
    expect(positions(calls)).toEqual([2, 3, 3, 4].map((after) => ({ incarnation, after })));
  });

  test("has a comment when nothing comes for a while", async () => {
    const { send } = following(accept([]), accept([]), deleted);
    const text = await (await send("GET", `${path}?after=2`)).text();
    expect(text.split("\n\n").slice(1)).toEqual([": nothing new", ": nothing new", ""]);
  });

  test("breaks when the agent is out of reach, so that the client comes again", async () => {
    const { send } = following(new Error("no such thing"));
    const response = await send("GET", `${path}?after=2`);
    await expect(response.text()).rejects.toThrow("no such thing");
  });

  test("asks for nothing that nobody reads", async () => {
    const { send, calls } = following(accept([entry(3)]), accept([entry(4)]));
    const response = await send("GET", `${path}?after=2`);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    expect(positions(calls)).toHaveLength(0);
    await reader.read();
    expect(positions(calls)).toHaveLength(1);
    await reader.cancel();
    expect(positions(calls)).toHaveLength(1);
  });

  test("HEAD answers what GET does without a body, and follows nothing", async () => {
    const { send, calls } = following();
    const response = await send("HEAD", `${path}?after=2`);
    expect([response.status, response.headers.get("content-type")]).toEqual([
      200,
      "text/event-stream",
    ]);
    expect(await response.text()).toBe("");
    expect(calls.map(([name]) => name)).toEqual(["describe"]);
  });
});

describe("where it begins", () => {
  test.each([
    ["`after`", "?after=3", {}, 3],
    ["0: everything", "?after=0", {}, 0],
    ["the header", "", { "last-event-id": "4" }, 4],
    ["both: the header", "?after=3", { "last-event-id": "4" }, 4],
    ["neither: only what is new", "", {}, 9],
    ["the last index: only what is new", "?after=9", {}, 9],
  ])("%s", async (_, query, headers, after) => {
    const { send, calls } = following(deleted);
    await (await send("GET", `${path}${query}`, { headers })).text();
    expect(positions(calls)).toEqual([{ incarnation: agent.incarnation, after }]);
  });

  test("a comment opens the stream: nothing in it is an event, and it says where the stream begins", async () => {
    const { send } = following(deleted);
    const text = await (await send("GET", path)).text();
    expect(text).toBe(": what comes after 9\n\n");
  });

  test.each([
    ["?after=x", {}, ["query", "after"]],
    ["?after=-1", {}, ["query", "after"]],
    ["?after=1&after=2", {}, ["query", "after"]],
    ["?after=10", {}, ["query", "after"]],
    ["?after=1", { "last-event-id": "x" }, ["header", "Last-Event-ID"]],
    ["", { "last-event-id": "1.5" }, ["header", "Last-Event-ID"]],
    ["", { "last-event-id": "10" }, ["header", "Last-Event-ID"]],
  ])("400 invalid-request: %s %j", async (query, headers, issue) => {
    const { send, calls } = following();
    const response = await send("GET", `${path}${query}`, { headers });
    expect(response.status).toBe(400);
    const problem = await problemOf(response);
    expect(problem.code).toBe("invalid-request");
    expect(problem.issues?.map((one) => one.path)).toEqual([issue]);
    expect(positions(calls)).toEqual([]);
  });

  test("of no agent is 404 agent-not-found", async () => {
    const none = async () => refuse("agent-not-found", "There is none.");
    const response = await startApp({ agent: { describe: none } }).send("GET", path);
    expect([response.status, (await problemOf(response)).code]).toEqual([404, "agent-not-found"]);
  });
});

test("an upgrade goes to the agent's object with the position", async () => {
  const asked: unknown[] = [];
  const { send } = startApp({
    agent: { describe: async () => accept(living) },
    listen: async (...args) => {
      asked.push(args);
      return new Response("the object's answer");
    },
  });
  const headers = { upgrade: "WebSocket" };
  const response = await send("GET", `${path}?after=3`, { headers });
  expect(await response.text()).toBe("the object's answer");
  const { component, type, key, incarnation } = agent;
  expect(asked).toEqual([
    [
      { component, type, key },
      { incarnation, after: 3 },
    ],
  ]);
  expect((await send("GET", `${path}?after=10`, { headers })).status).toBe(400);
});

test("an upgrade is for GET only: HEAD opens no WebSocket", async () => {
  const { send, calls } = startApp({
    agent: { describe: async () => accept(living) },
    listen: async () => expect.fail("nobody listens"),
  });
  const response = await send("HEAD", path, { headers: { upgrade: "websocket" } });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  expect(calls.map(([operation]) => operation)).toEqual(["describe"]);
});
