/** semantics 8, errors of agent operations: where and when a fork is refused, with nothing left of it. */
import { beforeAll, describe, expect, test } from "vitest";
import { agentPath } from "./support/api.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, fresh } = site;

const script = `
import { Agent, sleep } from "perdure";
export class Counter extends Agent {
  count = 0;
  add(by = 1) { return (this.count += by); }
  async nap(duration) { await sleep(duration); }
}
export class Broken extends Agent {
  onCreate() { throw new Error("never"); }
}
`;

beforeAll(async () => {
  await api.upload("copied", script);
});

function address(key = fresh("key"), type = "Counter"): string {
  return agentPath("copied", type, key);
}

function fork(agent: string, json: unknown) {
  return api.send<{ code: string; detail: string }>("POST", `${agent}/fork`, { json });
}

async function refusal(agent: string, json: unknown) {
  const { status, body } = await fork(agent, json);
  return { is: `${status} ${body.code}`, detail: body.detail };
}

describe("a fork is refused", () => {
  test("onto an address that exists, also its own", async () => {
    const source = address();
    await api.result(source, "add");
    const other = fresh("key");
    await api.result(address(other), "add");
    const { key } = await api.agent(source);
    expect(await refusal(source, { key: other })).toMatchObject({ is: "409 agent-already-exists" });
    expect(await refusal(source, { key })).toMatchObject({ is: "409 agent-already-exists" });
  });

  test("when there is no source", async () => {
    const key = fresh("copy");
    expect(await refusal(address(), { key })).toMatchObject({ is: "404 agent-not-found" });
    expect((await api.get(address(key))).status).toBe(404);
  });

  test("where the history cannot be cut, with what stands in the way and where it can be", async () => {
    const source = address();
    await api.invoke(source, "nap", { args: ["1h"], query: "?mode=enqueue" });
    const { lastOplogIndex } = await until(
      () => api.agent(source),
      ({ status }) => status === "suspended",
    );
    const at = (atIndex: number) => refusal(source, { key: fresh("copy"), atIndex });
    expect(await at(0)).toMatchObject({ is: "422 invalid-cut" });
    expect(await at(lastOplogIndex + 1)).toMatchObject({ is: "422 invalid-cut" });
    const { detail } = await at(lastOplogIndex);
    expect(detail).toMatch(/inside the call sleep.*nearest index.* \d+/s);
    const unborn = address(fresh("key"), "Broken");
    await api.send("PUT", unborn);
    const early = await refusal(unborn, { key: fresh("copy"), atIndex: 3 });
    expect(early).toMatchObject({ is: "422 invalid-cut" });
  });

  test("with a key that no agent can have, or a body that does not fit", async () => {
    const source = address();
    await api.result(source, "add");
    for (const body of [
      {},
      { key: "" },
      { key: ".." },
      { key: "a", atIndex: 1.5 },
      { key: "a", x: 1 },
    ]) {
      expect(await refusal(source, body)).toMatchObject({ is: "400 invalid-request" });
    }
  });

  test("for all but one when several come at once", async () => {
    const source = address();
    await api.result(source, "add");
    const key = fresh("copy");
    const answers = await Promise.all([1, 2, 3].map(() => fork(source, { key })));
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([
      201, 409, 409,
    ]);
    expect(await api.result(address(key), "add", 0)).toBe(1);
  });
});
