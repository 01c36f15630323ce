/** The worker in Miniflare, as wrangler's local runtime runs it, with isolates loaded both ways. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AgentClient, publish } from "./support/api.ts";
import { MiniflareHost } from "./support/miniflare.ts";
import { until } from "./support/until.ts";

interface Parts {
  /** The result of `add`. */
  readonly added?: string;
  readonly members?: string;
}

/** An agent whose module counts the instances that were made from it. */
function source({ added = "this.items.length", members = "" }: Parts): string {
  return `import { Agent, sleep } from "perdure";
  let instances = 0;
  export class Shelf extends Agent {
    items = [];
    constructor() {
      super();
      instances += 1;
    }
    add(item) {
      this.items.push(item);
      return ${added};
    }
    async addLater(item) {
      const mark = crypto.randomUUID();
      console.log(mark);
      await sleep("2s");
      this.items.push(item);
      return mark;
    }
    list() {
      return this.items;
    }
    instances() {
      return instances;
    }
    ${members}
  }`;
}

const first = source({});
const second = source({ members: "count() { return this.items.length; }" });
const third = source({
  added: "`item ${this.items.length}`",
  members: `
    loadSnapshot(state, { revision }) {
      this.items = state.items.map((item) => \`\${item} of \${revision}\`);
    }`,
});

/** The only line that the agent has logged, once it has. */
function logged(agent: AgentClient): Promise<unknown> {
  return until("a line was logged", async () => {
    const log = (await agent.oplog()).find(({ kind }) => kind === "Log");
    return log?.["message"];
  });
}

describe.each(["anonymous", "named"] as const)("isolates loaded %s", (loading) => {
  const state = mkdtempSync(join(tmpdir(), "perdure-miniflare-"));
  const host = new MiniflareHost(state, loading);

  beforeAll(async () => {
    await host.start();
    for (const code of [first, second, third]) await publish(host.api, "shelves", code);
  });

  afterAll(async () => {
    await host.stop();
    rmSync(state, { recursive: true, force: true });
  });

  function shelf(key: string): AgentClient {
    return new AgentClient(host.api, "shelves", "Shelf", key);
  }

  async function restart(): Promise<void> {
    await host.stop();
    await host.start();
  }

  test("state, revision and updates outlive the host, after updates of both modes", async () => {
    await shelf("whole").create(1);
    expect(await shelf("whole").invoke("add", "a")).toBe(1);
    expect(await shelf("whole").update("automatic", 2)).toMatchObject({ status: "successful" });
    expect(await shelf("whole").invoke("count")).toBe(1);
    expect(await shelf("whole").update("automatic", 3)).toMatchObject({ status: "failed" });
    expect(await shelf("whole").update("manual", 3)).toMatchObject({ status: "successful" });
    expect(await shelf("whole").invoke("add", "b")).toBe("item 2");
    await restart();
    expect(await shelf("whole").invoke("list")).toEqual(["a of 2", "b"]);
    expect(await shelf("whole").invoke("add", "c")).toBe("item 3");
    expect(await shelf("whole").view()).toMatchObject({ status: "idle", revision: 3 });
    const { pending, successful, failed } = await shelf("whole").updates();
    const outcome = [...pending, ...successful, ...failed].map((update) => [
      update.mode,
      update.revision,
      update.status,
    ]);
    expect(outcome).toEqual([
      ["automatic", 2, "successful"],
      ["manual", 3, "successful"],
      ["automatic", 3, "failed"],
    ]);
  });

  test("an invocation goes on by itself in the next host", async () => {
    await shelf("waiting").create(1);
    const key = await shelf("waiting").enqueue("addLater", "a");
    const mark = await logged(shelf("waiting"));
    await restart();
    expect(await shelf("waiting").outcome(key)).toMatchObject({
      status: "completed",
      result: mark,
    });
    expect(await shelf("waiting").invoke("list")).toEqual(["a"]);
    const logs = (await shelf("waiting").kinds()).filter((kind) => kind === "Log");
    expect(logs).toHaveLength(1);
  });

  test("an isolate that was used serves no other instance", async () => {
    const agent = shelf("fresh");
    await agent.create(1);
    expect(await agent.invoke("instances")).toBe(1);
    const hops = [
      ["automatic", 2],
      ["automatic", 1],
      ["manual", 2],
      ["manual", 1],
      ["manual", 3],
      ["manual", 1],
    ] as const;
    for (const [mode, revision] of hops) {
      expect(await agent.update(mode, revision)).toMatchObject({ status: "successful" });
      expect(await agent.invoke("instances"), `${mode} to ${revision}`).toBe(1);
    }
    await shelf("beside").create(1);
    expect(await shelf("beside").invoke("instances")).toBe(1);
    await restart();
    expect(await shelf("fresh").invoke("instances")).toBe(1);
  });
});
