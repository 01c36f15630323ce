/** Regression: a pending update is never enqueued again, whatever wakes the agent before its conclusion. */
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { AgentClient } from "./support/api.ts";
import { box, hooks } from "./support/box.ts";
import { expectOnce } from "./support/expect-once.ts";
import { hostForFile } from "./support/host.ts";
import { seededRandom } from "./support/seed.ts";
import { until } from "./support/until.ts";

const host = hostForFile();
const modes = ["automatic", "manual"] as const;
const KILLS = 3;

function code(mark: string): string {
  return box({ mark, members: hooks(host.receiver.url, mark) });
}

/** Wakes the agent in many ways at once; gives the keys of what it enqueued. */
async function pester(agent: AgentClient, items: readonly string[]): Promise<readonly string[]> {
  const [keys] = await Promise.all([
    Promise.all(items.map((item) => agent.enqueue("add", item))),
    agent.view(),
    agent.updates(),
    agent.oplog(),
    agent.create(1),
  ]);
  return keys;
}

describe("a pending update is never enqueued again", () => {
  test.each(modes)("%s: killed and pestered while it is applied", async (mode) => {
    const name = `held-${mode}`;
    const agent = await host.box(name, code("one"), code("two"), code("three"));
    // From a manual base on, the trial of either mode begins with loadSnapshot, which can be held.
    await agent.update("manual", 2);
    await agent.invoke("add", "first");
    const path = `/loaded/${name}`;
    const trials = host.receiver.at(path).length;
    const gate = host.receiver.shut(path);
    const { body: update } = await agent.requestUpdate(mode, 3);
    const keys: string[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      await host.receiver.arrived(path, trials + kill + 1);
      keys.push(...(await pester(agent, [`${kill}a`, `${kill}b`, `${kill}c`])));
      expect((await agent.updates()).pending).toMatchObject([{ id: update.id, status: "pending" }]);
      await host.crash();
    }
    await host.receiver.arrived(path, trials + KILLS + 1);
    gate.open();
    expect(await agent.conclusion(update.id)).toMatchObject({ status: "successful", revision: 3 });
    for (const key of keys) expect(await agent.outcome(key)).toMatchObject({ revision: 3 });
    await expectOnce(agent, mode, update.id);
    // Saved once for revision 2, and once more where the update under test is manual.
    expect(host.receiver.at(`/saved/${name}`)).toHaveLength(mode === "manual" ? 2 : 1);
    const items = (await agent.invoke("list")) as string[];
    expect(items).toHaveLength(1 + keys.length);
    expect(new Set(items).size).toBe(items.length);
  });

  test("killed while the manual update waits in the queue", async () => {
    const agent = await host.box("queued", code("one"), code("two"));
    const gate = host.receiver.shut("/queued");
    const running = await agent.enqueue("send", `${host.receiver.url}/queued`, "a");
    const { body: update } = await agent.requestUpdate("manual", 2);
    for (let kill = 0; kill < KILLS; kill++) {
      await host.receiver.arrived("/queued", kill + 1);
      await pester(agent, []);
      expect((await agent.updates()).pending).toMatchObject([{ id: update.id, status: "queued" }]);
      await host.crash();
    }
    await host.receiver.arrived("/queued", KILLS + 1);
    gate.open();
    expect(await agent.conclusion(update.id)).toMatchObject({ status: "successful" });
    expect(await agent.outcome(running)).toMatchObject({ revision: 1, result: "one" });
    await expectOnce(agent, "manual", update.id);
    expect(new Set(host.receiver.at("/queued").map(({ key }) => key)).size).toBe(1);
  });

  test.each(modes)("%s: killed at random moments around the request", async (mode) => {
    const random = seededRandom(`around ${mode}`);
    const names = Array.from({ length: 6 }, (_, at) => `${mode}-${at}`);
    await host.box(`around-${mode}`, box({ mark: "one" }), box({ mark: "two" }));
    const agents = await Promise.all(names.map((name) => host.another(`around-${mode}`, name)));
    await Promise.all(agents.map((agent) => agent.invoke("add", "first")));
    /** Requests until one is known to be there: a request whose answer was lost may have been taken. */
    const request = async (agent: AgentClient): Promise<void> => {
      try {
        const { pending, successful } = await agent.updates();
        if (pending.length + successful.length === 0) await agent.requestUpdate(mode, 2);
        await pester(agent, []);
      } catch {
        // The server was killed under it.
      }
    };
    for (let kill = 0; kill < KILLS; kill++) {
      const requests = agents.map(request);
      await delay(random() * 40);
      await host.crash();
      await Promise.all(requests);
    }
    for (const agent of agents) {
      await request(agent);
      const update = await until("the update had concluded", async () => {
        return (await agent.updates()).successful[0];
      });
      await expectOnce(agent, mode, update.id);
      expect((await agent.updates()).successful).toHaveLength(1);
      expect(await agent.invoke("list")).toEqual(["first"]);
    }
  });
});
