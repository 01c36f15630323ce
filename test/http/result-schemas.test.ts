/** sdk: static methods = { m: { output } }. */
import { beforeAll, describe, expect, test } from "vitest";
import type { InvocationView } from "../../src/core/api/views.ts";
import { agentPath } from "./support/api.ts";
import { problemOf } from "./support/problem.ts";
import { openSite } from "./support/site.ts";

const site = await openSite();
const { api, fresh } = site;

const script = `
import { Agent } from "perdure";
function validator(check) {
  return { "~standard": { version: 1, vendor: "test", validate: check } };
}
const odd = validator(async (value) => new Promise((resolve) => setTimeout(() => resolve({ value }), 1)));
const whole = validator((value) =>
  Number.isInteger(value) ? { value: value + 1000 } : { issues: [{ message: "must be a whole number" }] });
const named = validator(async (value) =>
  typeof value?.name === "string" ? { value } : { issues: [{ message: "must be text", path: [{ key: "name" }, 0] }] });
export class Checked extends Agent {
  static snapshots = "disabled";
  static methods = {
    give: { output: whole }, later: { output: named }, both: { input: [whole], output: whole },
    never: { input: [odd] },
  };
  count = 0;
  give(value) { this.count++; return value; }
  async later(value) { return value; }
  both(value) { return value / 2; }
  never(value) { return value; }
  seen() { return this.count; }
}`;

beforeAll(async () => {
  await api.upload("results", script);
});

describe("a result that its validator refuses", () => {
  test("fails the invocation with invalid-result and what the validator says", async () => {
    const agent = agentPath("results", "Checked", fresh());
    const answer = await api.invoke(agent, "give", { args: [0.5], key: "half" });
    const problem = problemOf(answer, 500, "invalid-result");
    expect(problem.detail).toMatch(/result of give.*must be a whole number/);
    expect(problem.error?.details).toEqual({
      issues: [{ message: "must be a whole number", path: [] }],
    });
    const seen = await api.get<InvocationView>(`${agent}/invocations/half`);
    expect(seen.body).toMatchObject({ status: "failed", error: { code: "invalid-result" } });
  });

  test("of an async method and an async validator, with the path of what is wrong", async () => {
    const agent = agentPath("results", "Checked", fresh());
    const problem = problemOf(
      await api.invoke(agent, "later", { args: [{}] }),
      500,
      "invalid-result",
    );
    expect(problem.detail).toMatch(/result\.name\.0: must be text/);
    expect(await api.result(agent, "later", { name: "Ada" })).toEqual({ name: "Ada" });
  });

  test("the agent stays usable, keeps its state, and replays the same", async () => {
    const agent = agentPath("results", "Checked", fresh());
    await api.invoke(agent, "give", { args: ["text"] });
    expect(await api.result(agent, "give", 1)).toBe(1);
    await site.crash();
    expect(await api.result(agent, "seen")).toBe(2);
    expect((await api.agent(agent)).status).toBe("idle");
  });

  test("a validator of arguments that fails itself accepts nothing, and says why", async () => {
    const agent = agentPath("results", "Checked", fresh());
    const answer = await api.invoke(agent, "never", { args: [1] });
    const problem = problemOf(answer, 422, "invalid-arguments");
    expect(JSON.stringify(problem)).toMatch(
      /The schema of never fails: setTimeout is not available/,
    );
  });

  test("together with a schema of the arguments, which comes first", async () => {
    const agent = agentPath("results", "Checked", fresh());
    problemOf(await api.invoke(agent, "both", { args: ["x"] }), 422, "invalid-arguments");
    problemOf(await api.invoke(agent, "both", { args: [3] }), 500, "invalid-result");
    expect(await api.result(agent, "both", 4)).toBe(2);
  });
});
