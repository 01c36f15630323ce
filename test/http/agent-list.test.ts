/** http-api.md: the list of a component's agents shows what there is, at the moment it is asked for. */
import { describe, expect, test } from "vitest";
import type { AgentSummary } from "../../src/core/api/directory.ts";
import { agentPath } from "./support/api.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api } = site;

interface Page {
  readonly agents: readonly AgentSummary[];
  readonly cursor?: string;
}

const code = (mark: string) => `import { Agent, sleep } from "perdure";
export class Cart extends Agent {
  onCreate(params) { if (params === "broken") throw new Error("it is broken"); }
  add() { return 1; }
  async rest() { await sleep("1h"); }
}
export class Order extends Agent { add() { return 1; } }
// ${mark}`;

async function list(component: string, query = ""): Promise<Page> {
  const answer = await api.get<Page>(`/v1/agents/${component}${query}`);
  expect(answer.status).toBe(200);
  return answer.body;
}

async function keys(component: string, query = ""): Promise<readonly string[]> {
  return (await list(component, query)).agents.map(({ key }) => key);
}

async function fleet(...names: readonly string[]) {
  const component = site.fresh();
  await api.upload(component, code("one"));
  for (const name of names) {
    const [type = "", key = ""] = name.split("/");
    await api.send("PUT", agentPath(component, type, key));
  }
  return component;
}

test("an element has exactly the members of the contract, the same as the agent's own", async () => {
  const component = await fleet("Cart/a");
  const { key, type, status, revision, createdAt } = await api.agent(
    agentPath(component, "Cart", "a"),
  );
  expect(await list(component)).toEqual({
    agents: [{ component, type, key, status, revision, createdAt }],
  });
});

test("a component without agents has an empty list, one that is not there is component-not-found", async () => {
  expect(await list(await fleet())).toEqual({ agents: [] });
  const { status, body } = await api.get("/v1/agents/nowhere");
  expect([status, body]).toMatchObject([404, { code: "component-not-found" }]);
});

test("agents are there as soon as they are created, in every way, and gone once deleted", async () => {
  const component = await fleet();
  const at = (key: string) => agentPath(component, "Cart", key);
  await api.send("PUT", at("put"));
  await api.invoke(at("invoked"), "add");
  await api.invoke(at("enqueued"), "add", { query: "?mode=enqueue" });
  await api.invoke(at("scheduled"), "add", { query: "?delay=1h" });
  expect(await keys(component)).toEqual(["enqueued", "invoked", "put", "scheduled"]);
  for (const key of ["put", "scheduled"]) await api.send("DELETE", at(key));
  expect(await keys(component)).toEqual(["enqueued", "invoked"]);
  await api.invoke(at("put"), "add");
  expect(await keys(component)).toEqual(["enqueued", "invoked", "put"]);
});

test("what is refused creates no agent, and leaves nothing in the list", async () => {
  const component = await fleet("Cart/a");
  await api.invoke(agentPath(component, "Cart", "b"), "lost");
  await api.invoke(agentPath(component, "Lost", "c"), "add");
  await api.send("PUT", agentPath(component, "Cart", "d"), { json: { revision: 9 } });
  expect(await keys(component)).toEqual(["a"]);
});

test("agents that are created by several requests at once are created once, and each request is answered", async () => {
  const component = await fleet();
  const path = agentPath(component, "Cart", "a");
  const same = Array.from({ length: 8 }, () => api.invoke(path, "add", { key: "same" }));
  const other = Array.from({ length: 8 }, () => api.invoke(path, "add"));
  const put = Array.from({ length: 4 }, () => api.send("PUT", path));
  const answers = await Promise.all([...same, ...other, ...put]);
  expect(answers.filter(({ status }) => status >= 300)).toEqual([]);
  const started = (await api.oplog(path)).filter(({ kind }) => kind === "AgentInvocationStarted");
  expect(started.filter(({ idempotencyKey }) => idempotencyKey === "same")).toHaveLength(1);
  expect(started.filter(({ method }) => method === "add")).toHaveLength(9);
  expect(await keys(component)).toEqual(["a"]);
});

describe("filters", () => {
  test("by type and by the beginning of the key, which is taken as it is", async () => {
    const names = ["Cart/eu-1", "Cart/eu-2", "Cart/us-1", "Order/eu-1", "Order/e%", "Cart/eu_1"];
    const component = await fleet(...names, "Cart/\u{1F600}a");
    const of = async (query: string) =>
      (await list(component, query)).agents.map(({ type, key }) => `${type}/${key}`);
    expect(await of("?type=Order")).toEqual(["Order/e%", "Order/eu-1"]);
    expect(await of("?type=Other")).toEqual([]);
    expect(await of("?prefix=eu-")).toEqual(["Cart/eu-1", "Cart/eu-2", "Order/eu-1"]);
    expect(await of("?prefix=eu-&type=Cart")).toEqual(["Cart/eu-1", "Cart/eu-2"]);
    expect(await of("?prefix=e%25")).toEqual(["Order/e%"]);
    expect(await of("?prefix=eu_")).toEqual(["Cart/eu_1"]);
    expect(await of(`?prefix=${encodeURIComponent("\u{1F600}")}`)).toEqual(["Cart/\u{1F600}a"]);
    expect(await of("?prefix=")).toHaveLength(7);
  });

  test("by revision, as soon as an update is concluded", async () => {
    const component = await fleet("Cart/a", "Cart/b", "Cart/c");
    await api.upload(component, code("two"));
    for (const [key, mode] of [
      ["a", "automatic"],
      ["b", "manual"],
    ] as const) {
      const path = agentPath(component, "Cart", key);
      await api.send("POST", `${path}/update`, { json: { revision: 2, mode } });
      await until(
        () => api.agent(path),
        ({ revision }) => revision === 2,
      );
    }
    expect(await keys(component, "?revision=2")).toEqual(["a", "b"]);
    expect(await keys(component, "?revision=1")).toEqual(["c"]);
    expect(await keys(component, "?revision=3")).toEqual([]);
  });

  test("by status, as the agents are at that moment", async () => {
    const component = await fleet("Cart/idle");
    const at = (key: string) => agentPath(component, "Cart", key);
    await api.send("PUT", at("failed"), { json: { params: "broken" } });
    await api.invoke(at("suspended"), "rest", { query: "?mode=enqueue" });
    await api.invoke(at("interrupted"), "rest", { query: "?mode=enqueue" });
    const reaches = (key: string, status: string) =>
      until(
        () => api.agent(at(key)),
        (view) => view.status === status,
      );
    await reaches("suspended", "suspended");
    await reaches("interrupted", "suspended");
    await api.send("POST", `${at("interrupted")}/interrupt`);
    for (const status of ["idle", "failed", "suspended", "interrupted"]) {
      expect(await keys(component, `?status=${status}`)).toEqual([status]);
    }
    expect(await keys(component, "?status=running")).toEqual([]);
    await site.crash();
    expect(await keys(component, "?status=failed")).toEqual(["failed"]);
    await api.send("DELETE", at("failed"));
    expect(await keys(component, "?status=failed")).toEqual([]);
    expect(await keys(component)).toEqual(["idle", "interrupted", "suspended"]);
  });
});

test("pages follow each other in order, without gaps, while agents come and go", async () => {
  const names = Array.from({ length: 25 }, (_, at) => `k${String(at).padStart(2, "0")}`);
  const component = await fleet(...names.map((key) => `Cart/${key}`));
  const found: string[] = [];
  const cursors: (string | undefined)[] = [];
  let query = "?limit=10";
  do {
    const page = await list(component, query);
    found.push(...page.agents.map(({ key }) => key));
    cursors.push(page.cursor);
    query = `?limit=10&cursor=${page.cursor}`;
    // Before the place of the next page, at it, and behind it.
    if (cursors.length === 1) {
      for (const key of ["k03", "k09", "k20"]) {
        await api.send("DELETE", agentPath(component, "Cart", key));
      }
      await api.send("PUT", agentPath(component, "Cart", "k12a"));
    }
  } while (cursors.at(-1) !== undefined);
  const rest = names.filter((key) => key !== "k20").concat("k12a");
  expect(found).toEqual(rest.toSorted());
  expect(cursors).toHaveLength(3);
});
