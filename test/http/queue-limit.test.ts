/** The limit of pending invocations: 10,000 for one agent. */
import { expect, test } from "vitest";
import { problemOf } from "./support/problem.ts";
import { openSite } from "./support/site.ts";
import { traceOf } from "./support/trace.ts";
import { until } from "./support/until.ts";

const { api, place } = await openSite();

const limit = 10_000;
const lanes = 16;

test("one more is 429 queue-full with Retry-After, and nothing is written", async () => {
  const { component, agent } = await place(
    "Waiter",
    `import { Agent, sleep } from "perdure";
    export class Waiter extends Agent { run(n) { return n; } async rest() { await sleep("1h"); } }`,
  );
  await api.invoke(agent, "rest", { query: "?mode=enqueue" });
  await until(
    () => api.agent(agent),
    ({ status }) => status === "suspended",
  );
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < limit) {
      const { status } = await api.invoke(agent, "run", {
        key: `k${next++}`,
        query: "?mode=enqueue",
      });
      if (status !== 202) throw new Error(`answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const before = await traceOf(api, agent);
  for (const query of ["", "?mode=enqueue", "?delay=1h"]) {
    const answer = await api.invoke(agent, "run", { query });
    problemOf(answer, 429, "queue-full");
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  }
  const known = await api.invoke(agent, "run", { key: "k0", query: "?mode=enqueue" });
  expect(known.status).toBe(202);
  expect(await traceOf(api, agent)).toEqual(before);
  const other = agent.replace("/one", "/other");
  expect(other).toContain(component);
  expect(await api.result(other, "run", 1)).toBe(1);
});
