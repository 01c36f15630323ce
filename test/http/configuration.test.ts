/** What an operator configures holds on the server that it was given to; each limit with its own code. */
import { afterAll, describe, expect, test } from "vitest";
import { defaultLimits, type Limits } from "../../src/core/limits.ts";
import { type Answer } from "./support/api.ts";
import { problemOf } from "./support/problem.ts";
import { openReceiver } from "./support/receiver.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

/** Each far below its default. */
const low = {
  requestBodyBytes: 8_192,
  importBytes: 6_000,
  componentBytes: 4_096,
  pendingInvocations: 3,
  schedules: 2,
  resultBytes: 100,
  snapshotBytes: 200,
  recordedBodyBytes: 100,
  cancelGraceMs: 100,
  dryRunSaveMs: 200,
  snapshotHookMs: 300,
} satisfies Partial<Limits>;

const site = await openSite({
  variables: {
    PERDURE_LIMITS: JSON.stringify(low),
    PERDURE_RETRY: '{"attempts":1}',
    PERDURE_SUSPEND_AFTER_MS: "200",
    PERDURE_ISOLATION: "shared",
  },
});
const { api } = site;
const receiver = await openReceiver((_, response) => {
  response.end("x".repeat(200));
});
afterAll(() => receiver.close());

const code = `import { Agent, agent, RetryableError, sleep, step } from "perdure";
let instances = 0;
export class Probe extends Agent {
  number = ++instances;
  text = "";
  tries = 0;
  sizes(text) { return text.length; }
  give(length) { return "x".repeat(length); }
  stepped(length) { return step("long", () => "x".repeat(length)); }
  keep(length) { this.text = "x".repeat(length); }
  async tell(length) { return agent("Probe", "other").sizes("x".repeat(length)); }
  async send(url, length) { return (await fetch(url, { method: "POST", body: "x".repeat(length) })).status; }
  async ask(url) { return (await fetch(url)).status; }
  async rest() { await sleep("1h"); }
  async nap() { await sleep("1s"); return "rested"; }
  async stay() { for (;;) await sleep(50); }
  again() { throw new RetryableError("once more"); }
  count() { return this.number; }
}
export class Endless extends Agent { saveSnapshot() { return new Promise(() => {}); } }`;

interface Place {
  readonly component: string;
  readonly agent: string;
}

/** What exceeds the limit, and the status and code of the answer. */
type Excess = readonly [status: number, code: string, exceed: (at: Place) => Promise<Answer>];

const excesses: Readonly<Record<keyof typeof low, Excess>> = {
  importBytes: [
    413,
    "payload-too-large",
    async ({ component, agent }) => {
      await api.invoke(agent, "count");
      const file = await (await fetch(`${api.url}${agent}/export`)).text();
      await api.send("DELETE", agent);
      const body = file + " ".repeat(low.importBytes);
      const headers = { "content-type": "application/vnd.perdure.agent" };
      return api.send("POST", `/v1/agents/${component}/import`, { body, headers });
    },
  ],
  requestBodyBytes: [
    413,
    "payload-too-large",
    ({ agent }) => api.invoke(agent, "sizes", { args: ["x".repeat(low.requestBodyBytes)] }),
  ],
  componentBytes: [
    413,
    "payload-too-large",
    ({ component }) =>
      api.send("POST", `/v1/components/${component}/revisions`, {
        body: `${code}//${"x".repeat(low.componentBytes)}`,
        headers: { "content-type": "text/javascript" },
      }),
  ],
  pendingInvocations: [
    429,
    "queue-full",
    async ({ agent }) => {
      await api.invoke(agent, "rest", { query: "?mode=enqueue" });
      await until(
        () => api.agent(agent),
        ({ status }) => status === "suspended",
      );
      for (let at = 0; at < low.pendingInvocations; at++) {
        expect((await api.invoke(agent, "count", { query: "?mode=enqueue" })).status).toBe(202);
      }
      return api.invoke(agent, "count", { query: "?mode=enqueue" });
    },
  ],
  schedules: [
    409,
    "too-many-schedules",
    async ({ agent }) => {
      const json = { cron: "@yearly", method: "count" };
      for (let at = 0; at < low.schedules; at++) {
        expect((await api.send("POST", `${agent}/schedules`, { json })).status).toBe(201);
      }
      return api.send("POST", `${agent}/schedules`, { json });
    },
  ],
  resultBytes: [
    500,
    "payload-too-large",
    async ({ agent }) => {
      problemOf(await api.invoke(agent, "stepped", { args: [100] }), 500, "payload-too-large");
      return api.invoke(agent, "give", { args: [100] });
    },
  ],
  snapshotBytes: [
    409,
    "not-snapshottable",
    async ({ agent }) => {
      await api.result(agent, "keep", 200);
      return api.send("POST", `${agent}/snapshot`);
    },
  ],
  recordedBodyBytes: [
    500,
    "payload-too-large",
    async ({ agent }) => {
      const send = await api.invoke(agent, "send", { args: [receiver.url, 101] });
      problemOf(send, 500, "payload-too-large");
      return api.invoke(agent, "ask", { args: [receiver.url] });
    },
  ],
  cancelGraceMs: [
    409,
    "invocation-cancelled",
    async ({ agent }) => {
      await api.invoke(agent, "stay", { key: "long", query: "?mode=enqueue" });
      await until(
        () => api.agent(agent),
        ({ status }) => status === "running",
      );
      const waiting = api.invoke<unknown>(agent, "stay", { key: "long" });
      await api.send("DELETE", `${agent}/invocations/long?force=true`);
      const answer = await waiting;
      const oplog = await api.oplog(agent);
      const [heard, ended] = ["Cancelled", "AgentInvocationFinished"].map((kind) =>
        Date.parse(oplog.findLast((entry) => entry.kind === kind)?.at ?? ""),
      );
      expect((ended ?? 0) - (heard ?? 0)).toBeLessThan(defaultLimits.cancelGraceMs);
      return answer;
    },
  ],
  dryRunSaveMs: [
    409,
    "agent-busy",
    async ({ component, agent }) => {
      await api.upload(component, `${code}// two`);
      await api.invoke(agent, "rest", { query: "?mode=enqueue" });
      const json = { revision: 2, mode: "manual", dryRun: true };
      return api.send("POST", `${agent}/update`, { json });
    },
  ],
  snapshotHookMs: [
    409,
    "not-snapshottable",
    async ({ agent }) => {
      const endless = agent.replace("/Probe/", "/Endless/");
      await api.send("PUT", endless);
      return api.send("POST", `${endless}/snapshot`);
    },
  ],
};

describe("a limit that is configured is the one that is enforced", () => {
  test.each(Object.entries(excesses))("%s", async (name, [status, expected, exceed]) => {
    const place = await site.place("Probe", code);
    await api.send("PUT", place.agent);
    const answer = await exceed(place);
    const { detail } = problemOf(answer, status, expected);
    const limit = low[name as keyof typeof low];
    const shown = name.endsWith("Ms") ? String(limit / 1_000) : String(limit);
    if (name !== "cancelGraceMs") expect(detail).toContain(shown);
  });

  test("what agents send each other, too", async () => {
    const { agent } = await site.place("Probe", code);
    const answer = await api.invoke(agent, "tell", { args: [low.requestBodyBytes] });
    problemOf(answer, 500, "payload-too-large");
  });
});

test("the policy of retries is the one of whatever names none", async () => {
  const { agent } = await site.place("Probe", code);
  problemOf(await api.invoke(agent, "again"), 500, "invocation-failed");
  expect((await api.oplog(agent)).map(({ kind }) => kind)).not.toContain("Error");
});

test("a wait that is longer than the threshold takes the agent out of memory", async () => {
  const { agent } = await site.place("Probe", code);
  expect(await api.result(agent, "nap")).toBe("rested");
  expect((await api.oplog(agent)).map(({ kind }) => kind)).toContain("Suspend");
});

test("an upload that does not say how it is isolated is as configured, one that says is as it says", async () => {
  const { agent } = await site.place("Probe", `${code}// shared`);
  expect(await api.result(agent, "count")).toBe(1);
  expect(await api.result(agent.replace("/one", "/two"), "count")).toBe(2);
  const component = site.fresh();
  const source = { main: "m.js", modules: { "m.js": code }, isolation: "agent" };
  await api.send("POST", `/v1/components/${component}/revisions`, { json: source });
  for (const key of ["one", "two"]) {
    expect(await api.result(`/v1/agents/${component}/Probe/${key}`, "count")).toBe(1);
  }
});

test("with other limits the server has what it had, and takes what it would not take", async () => {
  const { agent } = await site.place("Probe", code);
  problemOf(await api.invoke(agent, "give", { args: [500] }), 500, "payload-too-large");
  await site.server.restart({ variables: {} });
  expect(await api.result(agent, "give", 500)).toHaveLength(500);
  await site.server.restart();
  expect(await api.result(agent, "count")).toBe(1);
  problemOf(await api.invoke(agent, "give", { args: [500] }), 500, "payload-too-large");
});
