/** Waits for promises outlast the process, and no completion is lost on a suspended agent. */
import { describe, expect, test } from "vitest";
import type { AgentClient } from "./support/api.ts";
import { box } from "./support/box.ts";
import { hostForFile } from "./support/host.ts";
import { until } from "./support/until.ts";

const host = hostForFile();

const members = `
  promise = undefined;
  async ask(url) {
    this.promise = createPromise();
    await fetch(url, { method: "POST", body: "asked" });
    const answer = await this.promise.wait();
    await fetch(url, { method: "POST", body: answer });
    return answer;
  }
  async askInTime(url) {
    const { id, wait } = createPromise();
    console.log(id);
    return Promise.race([wait(), sleep("7d")]);
  }
`;
const code = box({ mark: "one", members }).replace("{ Agent,", "{ Agent, createPromise,");

function bodies(path: string): readonly string[] {
  return host.receiver.at(path).map(({ body }) => body);
}

async function idOf(agent: AgentClient): Promise<string> {
  return until("a promise was created", async () => {
    const oplog = await agent.oplog();
    const created = oplog.find(({ call }) => call === "promise.create");
    const isAwaited = oplog.some(({ call }) => call === "promise.await");
    const id = oplog.find(({ start }) => created !== undefined && start === created.index);
    return isAwaited ? (id?.["response"] as string) : undefined;
  });
}

async function complete(component: string, id: string, value: unknown): Promise<unknown> {
  const url = `${host.api.url}/v1/agents/${component}/Box/${component}/promises/${id}`;
  const headers = { "content-type": "application/json" };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(value) });
  return answer.json();
}

type Asking = Awaited<ReturnType<typeof asking>>;

/** Parks after ten seconds; all agents of this file do so side by side. */
async function asking(component: string, method = "ask") {
  const agent = await host.box(component, code, `${code}\n// two`);
  const key = await agent.enqueue(method, `${host.receiver.url}/${component}`);
  return { component, agent, key, id: await idOf(agent) };
}

describe("a wait for a promise", () => {
  test("that is open when the process is killed goes on, and what was before it is not done again", async () => {
    const { agent, key, id } = await asking("killed");
    await host.crash();
    expect(await complete("killed", id, "yes")).toEqual({ completed: true });
    expect(await agent.outcome(key)).toMatchObject({ status: "completed", result: "yes" });
    expect(bodies("/killed")).toEqual(["asked", "yes"]);
  });

  test("suspends after ten seconds; the completion wakes the agent, before and after a kill, on old code and on new", async () => {
    const names = ["awake", "dead", "timed", "moved", "early", "resumed"];
    const parked = await Promise.all(
      names.map((name) => asking(name, name === "timed" ? "askInTime" : "ask")),
    );
    for (const { agent, component } of parked) {
      const view = await agent.reaches("suspended");
      expect(view.nextWakeAt === undefined).toBe(component !== "timed");
      expect((await agent.oplog()).at(-1)).toMatchObject({ kind: "Suspend" });
    }
    const named = (name: string) => parked[names.indexOf(name)] as Asking;
    const [awake, dead, timed] = ["awake", "dead", "timed"].map(named) as [Asking, Asking, Asking];
    const [moved, early, resumed] = ["moved", "early", "resumed"].map(named) as [
      Asking,
      Asking,
      Asking,
    ];
    expect(await complete("awake", awake.id, "yes")).toEqual({ completed: true });
    expect(await awake.agent.outcome(awake.key)).toMatchObject({ result: "yes" });
    expect(await moved.agent.update("automatic", 2)).toMatchObject({ status: "successful" });

    const url = `${host.api.url}/v1/agents/resumed/Box/resumed/resume`;
    expect((await fetch(url, { method: "POST" })).status).toBe(202);

    expect(await complete("early", early.id, "before the kill")).toEqual({ completed: true });
    await host.crash();
    expect(await early.agent.outcome(early.key)).toMatchObject({ result: "before the kill" });
    expect(await dead.agent.view()).toMatchObject({ status: "suspended" });
    for (const { agent, component, key, id } of [dead, timed, moved, resumed]) {
      expect(await complete(component, id, component)).toEqual({ completed: true });
      expect(await agent.outcome(key)).toMatchObject({ status: "completed", result: component });
    }
    expect(bodies("/dead")).toEqual(["asked", "dead"]);
    expect(bodies("/resumed")).toEqual(["asked", "resumed"]);
  });

  test("that parks again after a resume is still ended by the completion", async () => {
    const { agent, key, id } = await asking("again");
    await agent.reaches("suspended");
    await fetch(`${host.api.url}/v1/agents/again/Box/again/resume`, { method: "POST" });
    await until("it had parked twice", async () => {
      const parked = (await agent.oplog()).filter(
        ({ kind, reason }) => kind === "Suspend" && reason === undefined,
      );
      return parked.length >= 2 ? parked : undefined;
    });
    await complete("again", id, "yes");
    expect(await agent.outcome(key)).toMatchObject({ result: "yes" });
  });
});
