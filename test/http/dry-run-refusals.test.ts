/** http-api DryRun: what is refused, as the update would be. */
import { describe, expect, test } from "vitest";
import type { DryRunView } from "../../src/core/api/views.ts";
import type { Answer } from "./support/api.ts";
import { openDryRuns } from "./support/dry-runs.ts";
import { ledger } from "./support/ledger-agents.ts";
import { problemOf } from "./support/problem.ts";
import { openSite } from "./support/site.ts";
import { traceOf } from "./support/trace.ts";

const site = await openSite();
const { api } = site;
const { url, release, arrived, living, ask } = await openDryRuns(site);

/** The busy agent's answer takes half a minute: it is asked for while the other tests run. */
async function askBusy(): Promise<Answer<DryRunView>> {
  const agent = await living(ledger(), ledger({ result: "amount + 0" }));
  await api.invoke(agent, "pay", { args: [`${url}/held-long`, 1], query: "?mode=enqueue" });
  await arrived("/held-long");
  return ask(agent, { mode: "manual" });
}
const busy = askBusy();

describe("a dry run is refused as the update would be, and nothing is written", () => {
  test.each<[string, object, number, string]>([
    ["an unknown revision", { revision: 9 }, 404, "revision-not-found"],
    ["a revision without the type", { revision: 3 }, 404, "agent-type-not-found"],
    ["what the agent has", { revision: 1 }, 409, "already-at-revision"],
    [
      "what the agent has, by snapshot",
      { revision: 1, mode: "manual" },
      409,
      "already-at-revision",
    ],
    ["an unknown check", { check: "nothing" }, 400, "invalid-request"],
    ["no mode", { mode: undefined }, 400, "invalid-request"],
  ])("%s", async (_, more, status, code) => {
    const other = 'import { Agent } from "perdure"; export class Other extends Agent {}';
    const agent = await living(ledger(), ledger({ result: "{ amount }" }), other);
    const before = await traceOf(api, agent);
    problemOf(await ask(agent, more), status, code);
    expect(await traceOf(api, agent)).toEqual(before);
  });

  test("an address where no agent is", async () => {
    const agent = await living(ledger());
    problemOf(await ask(`${agent}-2`), 404, "agent-not-found");
  });

  test("a manual one of a failed agent", async () => {
    const agent = await living(
      ledger({ members: 'onCreate() { throw new Error("no"); }' }),
      ledger(),
    );
    problemOf(await ask(agent, { mode: "manual" }), 409, "agent-failed");
  });

  test("an agent that is deleted while it is asked", async () => {
    const agent = await living(ledger(), ledger({ result: "{ amount }" }));
    await api.invoke(agent, "pay", { args: [`${url}/held-4`, 5], query: "?mode=enqueue" });
    await arrived("/held-4");
    const tried = ask(agent, { mode: "manual" });
    await api.agent(agent);
    await api.send("DELETE", agent);
    problemOf(await tried, 404, "agent-not-found");
  });

  test("a manual one of an agent that has no clean boundary within 30 s is 409 agent-busy", async () => {
    const answer = await busy;
    const { detail } = problemOf(answer, 409, "agent-busy");
    expect(detail).toMatch(/running.*30 s.*ask again.*automatic/);
    release("/held-long");
  }, 60_000);
});
