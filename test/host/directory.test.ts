/** The directory inside workerd: entries that are wrong heal, and an update is asked for once by its id. */
import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { AgentsPage, DirectoryEntry, ShardOperations } from "../../src/core/api/directory.ts";
import type { AgentOperations } from "../../src/core/api/operations.ts";
import { shardOf } from "../../src/core/decide/directory.ts";
import { box as code } from "../e2e/support/box.ts";
import { box, reset } from "./support/host.ts";

const bindings = env as unknown as {
  readonly DIRECTORY: DurableObjectNamespace;
  readonly AGENTS: DurableObjectNamespace;
  readonly PERDURE_DIRECTORY_SHARDS: string;
};
const worker = exports as unknown as { readonly default: Fetcher };

function stubOf(component: string): DurableObjectStub {
  const address = { component, type: "Box", key: component };
  const shard = shardOf(address, Number(bindings.PERDURE_DIRECTORY_SHARDS));
  return bindings.DIRECTORY.getByName(String(shard));
}

async function listed(component: string): Promise<readonly string[]> {
  const response = await worker.default.fetch(`http://localhost/v1/agents/${component}`);
  const { agents } = await response.json<AgentsPage>();
  return agents.map(({ key }) => key);
}

/** The incarnations of all entries that the shard has of the component. */
function entries(component: string): Promise<readonly string[]> {
  return runInDurableObject(stubOf(component), (_, { storage }) =>
    storage.sql
      .exec<{ incarnation: string }>(
        "SELECT incarnation FROM agents WHERE component = ?",
        component,
      )
      .toArray()
      .map(({ incarnation }) => incarnation),
  );
}

async function enter(entry: DirectoryEntry): Promise<void> {
  await (stubOf(entry.component) as unknown as ShardOperations).enter(entry);
}

test("an entry is there from the creation on, and gone with the agent", async () => {
  const agent = await box("entered", code({ mark: "one" }));
  const { incarnation } = await agent.view();
  expect(await entries("entered")).toEqual([incarnation]);
  const deletion = { method: "DELETE" };
  await worker.default.fetch("http://localhost/v1/agents/entered/Box/entered", deletion);
  expect(await entries("entered")).toEqual([]);
});

test("an entry that was lost comes back when its agent does something", async () => {
  const agent = await box("lost", code({ mark: "one" }));
  await runInDurableObject(stubOf("lost"), (_, { storage }) => {
    storage.sql.exec("DELETE FROM agents WHERE component = 'lost'");
  });
  expect(await listed("lost")).toEqual([]);
  await reset();
  await agent.invoke("add", "a");
  await expect.poll(() => listed("lost")).toEqual(["lost"]);
});

test("an entry without an agent is struck by the first list that meets it", async () => {
  await box("ghosts", code({ mark: "one" }));
  await enter({ component: "ghosts", type: "Box", key: "nobody", incarnation: "none" });
  expect(await listed("ghosts")).toEqual(["ghosts"]);
  expect(await entries("ghosts")).toHaveLength(1);
});

test("confirming an entry that is there writes nothing", async () => {
  const agent = await box("steady", code({ mark: "one" }));
  const { incarnation } = await agent.view();
  const mark = () =>
    runInDurableObject(stubOf("steady"), (_, { storage }) =>
      storage.sql.exec("SELECT mark FROM agents WHERE component = 'steady'").one(),
    );
  const before = await mark();
  await enter({ component: "steady", type: "Box", key: "steady", incarnation });
  expect(await mark()).toEqual(before);
});

test("an update that is asked for again by its id is the same one, also after its conclusion", async () => {
  const agent = await box("once", code({ mark: "one" }), code({ mark: "two" }));
  const id = "6f1c2f0a-0000-4000-8000-000000000000";
  const ask = () => {
    const stub = bindings.AGENTS.getByName("once/Box/once") as unknown as AgentOperations;
    return stub.update({ id, revision: 2, mode: "manual", wake: true });
  };
  expect(await ask()).toMatchObject({ ok: true, value: { id } });
  expect(await ask()).toMatchObject({ ok: true, value: { id } });
  await agent.conclusion(id);
  await reset();
  expect(await ask()).toMatchObject({ ok: true, value: { id, status: "successful" } });
  expect((await agent.updates()).successful).toHaveLength(1);
});

test("an agent that is entered in two shards, as after their number has grown, is listed once, and leaves both", async () => {
  const agent = await box("twice", code({ mark: "one" }));
  const { incarnation } = await agent.view();
  const address = { component: "twice", type: "Box", key: "twice" };
  const count = Number(bindings.PERDURE_DIRECTORY_SHARDS);
  const elsewhere = bindings.DIRECTORY.getByName(String((shardOf(address, count) + 1) % count));
  const planted = elsewhere as unknown as ShardOperations;
  await planted.enter({ ...address, incarnation });
  expect(await listed("twice")).toEqual(["twice"]);
  const deletion = { method: "DELETE" };
  await worker.default.fetch("http://localhost/v1/agents/twice/Box/twice", deletion);
  expect(await planted.places({ component: "twice", limit: 1 })).toHaveLength(1);
  expect(await listed("twice")).toEqual([]);
  expect(await planted.places({ component: "twice", limit: 1 })).toEqual([]);
});
