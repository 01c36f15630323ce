/** semantics 8: an agent that is interrupted while it recovers stays so, and so does one that is told to recover. */
import { expect, test } from "vitest";
import type { AgentView } from "../../src/core/api/views.ts";
import { openReceiver, type Receiver } from "./support/receiver.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, place } = site;

const script = (url: string): string => `
  import { Agent } from "perdure";
  export class Caller extends Agent {
    static methods = { look: { readOnly: true } };
    count = 0;
    add() { return ++this.count; }
    look() { return this.count; }
    async call() { return (await fetch("${url}/call")).text(); }
    async loadSnapshot(state) { await fetch("${url}/load"); Object.assign(this, state); }
  }`;

interface Gate extends Receiver {
  readonly letGo: () => void;
  readonly paths: () => string[];
}

/** Answers `/load` when it is let go; `/call` never. */
async function openGate(): Promise<Gate> {
  let letGo: () => void = () => {};
  const gone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const receiver = await openReceiver(async ({ path }, response) => {
    if (path === "/call") return;
    await gone;
    response.end("ok");
  });
  return { ...receiver, letGo, paths: () => receiver.received.map(({ path }) => path) };
}

/** An agent with a snapshot that waits for a call. */
async function calling(receiver: Receiver): Promise<string> {
  const { agent } = await place("Caller", script(receiver.url));
  await api.result(agent, "add");
  await api.send("POST", `${agent}/snapshot`);
  await api.invoke(agent, "call", { query: "?mode=enqueue" });
  await until(
    () => receiver.received.length,
    (count) => count === 1,
  );
  return agent;
}

test("interrupted while its instance starts: the call is not made again until it is resumed", async () => {
  const receiver = await openGate();
  const agent = await calling(receiver);
  await site.crash();
  await until(receiver.paths, ({ length }) => length === 2);
  const stopped = await api.send<AgentView>("POST", `${agent}/interrupt`);
  expect(stopped.body.status).toBe("interrupted");
  receiver.letGo();
  // The read starts an instance later than the recovery did, so the recovery is over when it is answered.
  expect(await api.result(agent, "look")).toBe(1);
  expect(receiver.paths()).toEqual(["/call", "/load", "/load"]);
  await api.send("POST", `${agent}/resume`);
  const paths = await until(receiver.paths, ({ length }) => length === 5);
  expect(paths).toEqual(["/call", "/load", "/load", "/load", "/call"]);
  await receiver.close();
});

test("interrupted, and told to recover: it stays interrupted", async () => {
  const receiver = await openGate();
  receiver.letGo();
  const agent = await calling(receiver);
  await api.send("POST", `${agent}/interrupt`);
  await site.crash();
  const before = await api.oplog(agent);
  const again = await api.send<AgentView>("POST", `${agent}/interrupt`, {
    json: { recover: true },
  });
  expect([again.status, again.body.status]).toEqual([200, "interrupted"]);
  expect(await api.result(agent, "look")).toBe(1);
  expect(receiver.paths()).toEqual(["/call", "/load"]);
  expect(await api.oplog(agent)).toEqual(before);
  await receiver.close();
});
