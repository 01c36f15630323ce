/** Http-api, `GET A/events` inside workerd: WebSockets go on over hibernation, and whoever has gone holds nothing. */
import { expect, test } from "vitest";
import { box as code } from "../e2e/support/box.ts";
import { box, type HostedAgent } from "./support/host.ts";

/** Marks the object in memory, and tells whether it was marked before. */
function isSameObject(agent: HostedAgent): Promise<boolean> {
  return agent.inside((state) => {
    const marked = state as { wasHere?: boolean };
    const before = marked.wasHere === true;
    marked.wasHere = true;
    return before;
  });
}

function lastIndex(agent: HostedAgent): Promise<number> {
  return agent.view().then(({ lastOplogIndex }) => lastOplogIndex);
}

test("a WebSocket gets every entry once, before and after the object hibernated", async () => {
  const agent = await box("hibernating", code({ mark: "one" }));
  await agent.invoke("add", "a");
  const socket = await agent.socket("?after=0");
  await socket.reaches(await lastIndex(agent));
  for (const item of ["b", "c", "d"]) {
    await isSameObject(agent);
    await agent.evict();
    expect(await isSameObject(agent)).toBe(false);
    await agent.invoke("add", item);
    await socket.reaches(await lastIndex(agent));
  }
  expect(socket.closed).toBeUndefined();
  expect(socket.entries).toEqual(await agent.oplog());
});

test("what is new goes to a WebSocket that names no position, and to each one its own", async () => {
  const agent = await box("several", code({ mark: "one" }));
  const begin = await lastIndex(agent);
  const sockets = await Promise.all(
    ["", "?after=0", `?after=${begin}`].map((it) => agent.socket(it)),
  );
  await agent.evict();
  await agent.invoke("add", "a");
  for (const socket of sockets) await socket.reaches(await lastIndex(agent));
  const oplog = await agent.oplog();
  expect(sockets.map(({ entries }) => entries)).toEqual([
    oplog.slice(begin),
    oplog,
    oplog.slice(begin),
  ]);
});

test("one that waits to be acknowledged goes on where it was after the object hibernated", async () => {
  const members = `fill(n) { for (let i = 0; i < n; i++) console.log("x".repeat(500_000)); }`;
  const agent = await box("acknowledging", code({ mark: "one", members }));
  for (let i = 0; i < 8; i++) await agent.invoke("fill", 10);
  const last = await lastIndex(agent);
  const socket = await agent.socket("?after=0");
  socket.send("0");
  await expect.poll(() => socket.entries.length, { timeout: 10_000 }).toBeGreaterThan(30);
  for (let before = 0; before < last;) {
    await expect.poll(() => socket.indices.at(-1), { timeout: 10_000 }).toBeGreaterThan(before);
    before = socket.indices.at(-1) ?? 0;
    await isSameObject(agent);
    await agent.evict();
    socket.send(String(before));
  }
  expect(socket.closed).toBeUndefined();
  expect(socket.indices).toEqual(Array.from({ length: last }, (_, at) => at + 1));
}, 60_000);

test("a WebSocket ends with a code when the agent is deleted, and does not follow the next one there", async () => {
  const agent = await box("deleted", code({ mark: "one" }));
  const [first, second] = [await agent.socket("?after=0"), await agent.socket()];
  await first.reaches(await lastIndex(agent));
  await agent.evict();
  await agent.destroy();
  await expect
    .poll(() => [first.closed, second.closed])
    .toEqual(Array(2).fill("4404 agent-deleted"));
  const { length } = first.entries;
  await agent.invoke("add", "a");
  expect([first.entries.length, second.entries.length]).toEqual([length, 0]);
});

test("`ping` is answered with `pong`, and any other message that is no index ends it with a code", async () => {
  const agent = await box("chatting", code({ mark: "one" }));
  const socket = await agent.socket();
  await agent.evict();
  socket.send("ping");
  await expect.poll(() => socket.texts).toEqual(["pong"]);
  socket.send("hello");
  await expect.poll(() => socket.closed).toMatch(/^4400 invalid-message: send the index/);
  expect(await agent.inside((state) => state.getWebSockets().length)).toBe(0);
});

test("a client that closes its WebSocket is answered, and forgotten", async () => {
  const agent = await box("leaving", code({ mark: "one" }));
  const [leaving, staying] = [await agent.socket(), await agent.socket()];
  leaving.close();
  await expect.poll(() => leaving.closed).toBe("1000 closed by the client");
  await expect.poll(() => agent.inside((state) => state.getWebSockets().length)).toBe(1);
  await agent.invoke("add", "a");
  await staying.reaches(await lastIndex(agent));
  expect(leaving.entries).toEqual([]);
});

test("whoever asks for the next entries holds the object while it waits, and no longer", async () => {
  const agent = await box("gone", code({ mark: "one" }));
  const { incarnation, lastOplogIndex: after } = await agent.view();
  const waited = agent.operations.follow({ incarnation, after }, 300);
  await isSameObject(agent);
  await agent.evict();
  expect(await isSameObject(agent)).toBe(false);
  expect(await waited).toEqual({ ok: true, value: [] });
});
