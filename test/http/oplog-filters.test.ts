/** http-api: the filters of GET A/oplog, alone and with paging. */
import { beforeAll, describe, expect, test } from "vitest";
import type { EntryView, OplogPage } from "../../src/core/api/views.ts";
import { agentPath, type Answer } from "./support/api.ts";
import { problemOf } from "./support/problem.ts";
import { openSite } from "./support/site.ts";

const { api, fresh } = await openSite();
const agent = agentPath("filters", "Talker", "one");

const script = `
import { Agent } from "perdure";
export class Talker extends Agent {
  static snapshots = "disabled";
  say(text) { console.log("said " + text); return text; }
  swallow() {}
}`;

let all: readonly EntryView[] = [];

beforeAll(async () => {
  await api.upload("filters", script);
  for (let n = 1; n <= 25; n++) await api.result(agent, "say", n % 5 === 0 ? "Fünf" : `no ${n}`);
  all = await api.oplog(agent);
});

async function pages(path: string, query: string): Promise<OplogPage[]> {
  const found: OplogPage[] = [];
  for (let from: number | undefined = 1; from !== undefined;) {
    const answer: Answer<OplogPage> = await api.get(`${path}/oplog?${query}&from=${from}`);
    expect(answer.status).toBe(200);
    found.push(answer.body);
    from = answer.body.next;
  }
  return found;
}

describe("filters", () => {
  test("kind: only entries of that kind; repeated: of any of them, in the order of the oplog", async () => {
    const logs = await api.get<OplogPage>(`${agent}/oplog?kind=Log`);
    expect(logs.body).toEqual({
      entries: all.filter(({ kind }) => kind === "Log"),
      lastIndex: all.length,
    });
    const both = await api.get<OplogPage>(`${agent}/oplog?kind=Log&kind=Create`);
    expect(both.body.entries).toEqual(
      all.filter(({ kind }) => kind === "Log" || kind === "Create"),
    );
  });

  test("q: in any member, in whatever case; with kind: both must hold", async () => {
    const wanted = all.filter((entry) => JSON.stringify(entry).includes("Fünf"));
    expect(wanted.map(({ kind }) => kind)).toContain("AgentInvocationFinished");
    const found = await api.get<OplogPage>(`${agent}/oplog?q=${encodeURIComponent("FÜNF")}`);
    expect(found.body.entries).toEqual(wanted);
    const logs = await api.get<OplogPage>(
      `${agent}/oplog?q=${encodeURIComponent("fünf")}&kind=Log`,
    );
    expect(logs.body.entries).toEqual(wanted.filter(({ kind }) => kind === "Log"));
  });

  test("next leads through all that are wanted, and ends with the last of them", async () => {
    const logs = all.filter(({ kind }) => kind === "Log");
    const found = await pages(agent, "kind=Log&limit=5");
    expect(found.map(({ entries }) => entries.length)).toEqual([5, 5, 5, 5, 5]);
    expect(found.flatMap(({ entries }) => entries)).toEqual(logs);
    expect(found.every(({ lastIndex }) => lastIndex === all.length)).toBe(true);
  });

  test("nothing found is an empty page without next", async () => {
    const found = await api.get<OplogPage>(`${agent}/oplog?kind=Jump&q=said`);
    expect(found.body).toEqual({ entries: [], lastIndex: all.length });
  });

  test("an unknown kind is invalid-request", async () => {
    const problem = problemOf(await api.get(`${agent}/oplog?kind=Logs`), 400, "invalid-request");
    expect(problem.issues?.[0]?.path).toEqual(["query", "kind"]);
  });

  test("a request looks at a bounded part of a long oplog, and next goes on from there", async () => {
    const long = agentPath("filters", "Talker", fresh("long"));
    for (let n = 0; n < 12; n++) await api.invoke(long, "swallow", { args: ["x".repeat(1 << 20)] });
    await api.result(long, "say", "at last");
    const found = await pages(long, "kind=Log");
    expect(found.length).toBeGreaterThan(1);
    expect(found.flatMap(({ entries }) => entries)).toMatchObject([{ message: "said at last" }]);
  });
});
