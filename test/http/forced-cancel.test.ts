/**
 * `DELETE A/invocations/{key}?force=true`: a running invocation is told by its signal, and stopped
 * after a grace; its outcome is `cancelled`, in the oplog.
 */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { InvocationView } from "../../src/core/api/views.ts";
import { agentPath, type Answer } from "./support/api.ts";
import { iso } from "./support/matchers.ts";
import { openReceiver } from "./support/receiver.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api } = site;
const receiver = await openReceiver(async ({ path }, response) => {
  // What is asked for under /never is never answered.
  if (!path.startsWith("/never")) response.end("ok");
});
afterAll(() => receiver.close());

const component = "stoppable";
await api.upload(
  component,
  `import { Agent, agent, invocation, RetryableError, sleep, step } from "perdure";
  const aborted = (signal) => new Promise((resolve) => signal.addEventListener("abort", resolve));
  export class Job extends Agent {
    seen = [];
    note(word) { this.seen.push(word); return this.seen.length; }
    list() { return this.seen; }
    /** Hears of it, cleans up, and answers. */
    async polite(url) {
      const { signal } = invocation();
      this.seen.push(signal.aborted);
      await Promise.race([fetch(url + "/never"), aborted(signal)]);
      this.seen.push(signal.aborted, signal.reason.name);
      await fetch(url + "/clean-up", { method: "POST", body: "x" });
      this.seen.push("cleaned up");
      return "answer";
    }
    async passing(url) {
      try { await fetch(url + "/never-passing", { signal: invocation().signal }); }
      catch (error) { this.seen.push(error.name); }
    }
    async throwing(url) {
      const { signal } = invocation();
      await Promise.race([fetch(url + "/never"), aborted(signal)]);
      signal.throwIfAborted();
    }
    async deaf(url) { this.seen.push("deaf"); await fetch(url + "/never"); this.seen.push("not reached"); }
    async asleep() { this.seen.push("asleep"); await sleep("1h"); this.seen.push("not reached"); }
    async woken() {
      const { signal } = invocation();
      await Promise.race([sleep("1h"), aborted(signal)]);
      this.seen.push("woken");
    }
    retried() { this.seen.push("tried"); throw new RetryableError("again", { afterMs: 3_600_000 }); }
    async calls(key, url) {
      try { await agent(Job, key).deaf(url); } catch (error) { return [error.name, error.code]; }
    }
  }`,
);

let made = 0;
let job = "";
beforeEach(() => {
  made += 1;
  job = agentPath(component, "Job", `job ${made}`);
});

const force = (agent: string, key: string): Promise<Answer> =>
  api.send("DELETE", `${agent}/invocations/${key}?force=true`);
const invocation = async (key: string): Promise<InvocationView> =>
  (await api.get<InvocationView>(`${job}/invocations/${key}`)).body;

/** Begins the invocation, and waits until it is as far as that. */
async function begin(method: string, key: string, until_: "running" | "suspended" | "retrying") {
  await api.invoke(job, method, { args: [receiver.url], key, query: "?mode=enqueue" });
  await until(
    () => api.agent(job),
    ({ status }) => status === until_,
  );
  if (until_ !== "running") return;
  await until(
    () => api.oplog(job),
    (entries) => entries.some(({ kind }) => kind === "Start"),
  );
}

async function expectCancelled(key: string): Promise<void> {
  expect(await invocation(key)).toMatchObject({
    status: "cancelled",
    finishedAt: iso,
  });
  expect((await invocation(key)).result).toBeUndefined();
  expect(await api.agent(job)).toMatchObject({ status: "idle", pendingInvocations: 0 });
}

describe("DELETE …/invocations/{key}?force=true", () => {
  test("the code hears of it, and has a grace to clean up; its answer does not count", async () => {
    await begin("polite", "one", "running");
    const waiting = api.invoke(job, "polite", { args: [receiver.url], key: "one" });
    const answer = await force(job, "one");
    expect([answer.status, answer.body]).toEqual([200, { cancelled: true }]);
    const waited = await waiting;
    expect(waited.status).toBe(409);
    expect(waited.body).toMatchObject({
      code: "invocation-cancelled",
      invocation: { status: "cancelled" },
    });
    await expectCancelled("one");
    expect(await api.result(job, "list")).toEqual([false, true, "AbortError", "cleaned up"]);
    const listed = await api.get(`${job}/invocations?status=cancelled`);
    expect(listed.body).toMatchObject({ invocations: [{ idempotencyKey: "one" }] });
  });

  test("what the code did then is replayed as it was, after kill -9 too", async () => {
    await begin("polite", "one", "running");
    await force(job, "one");
    const before = await api.result(job, "list");
    const sent = receiver.received.length;
    await site.crash();
    expect(await api.result(job, "list")).toEqual(before);
    expect(receiver.received.length).toBe(sent);
    await expectCancelled("one");
  });

  test("a fetch that was given the signal is aborted by it", async () => {
    await begin("passing", "one", "running");
    expect((await force(job, "one")).body).toEqual({ cancelled: true });
    await expectCancelled("one");
    await site.crash();
    expect(await api.result(job, "list")).toEqual(["AbortError"]);
    expect(receiver.received.filter(({ path }) => path === "/never-passing")).toHaveLength(1);
  });

  test("an error that comes of it counts as little as an answer", async () => {
    await begin("throwing", "one", "running");
    expect((await force(job, "one")).body).toEqual({ cancelled: true });
    await expectCancelled("one");
  });

  test("code that does not listen is stopped after the grace; the state stays as it was then", async () => {
    await begin("deaf", "one", "running");
    await api.invoke(job, "note", { args: ["next"], key: "next", query: "?mode=enqueue" });
    expect((await force(job, "one")).body).toEqual({ cancelled: true });
    const next = await api.get(`${job}/invocations/next?wait=20`);
    expect(next.body).toMatchObject({ status: "completed", result: 2 });
    await expectCancelled("one");
    await site.crash();
    expect(await api.result(job, "list")).toEqual(["deaf", "next"]);
  });

  test("a sleeping invocation wakes to hear of it", async () => {
    await begin("woken", "one", "suspended");
    expect((await force(job, "one")).body).toEqual({ cancelled: true });
    expect(await api.result(job, "list")).toEqual(["woken"]);
    await expectCancelled("one");
  });

  test("a sleeping invocation that does not listen is stopped after the grace", async () => {
    await begin("asleep", "one", "suspended");
    expect((await force(job, "one")).body).toEqual({ cancelled: true });
    await expectCancelled("one");
    expect(await api.result(job, "list")).toEqual(["asleep"]);
  });

  test("an interrupted invocation ends at once, and the agent stays interrupted", async () => {
    await begin("deaf", "one", "running");
    await api.send("POST", `${job}/interrupt`);
    expect((await force(job, "one")).body).toEqual({ cancelled: true });
    expect(await invocation("one")).toMatchObject({ status: "cancelled" });
    expect(await api.agent(job)).toMatchObject({ status: "interrupted" });
    expect(await api.result(job, "list")).toEqual(["deaf"]);
    expect((await api.agent(job)).status).toBe("idle");
  });

  test("an invocation that waits for its next try ends at once", async () => {
    await begin("retried", "one", "retrying");
    expect((await force(job, "one")).body).toEqual({ cancelled: true });
    await expectCancelled("one");
    expect(await api.result(job, "note", "usable")).toEqual(expect.any(Number));
  });

  test("a pending one never runs, as without force", async () => {
    await begin("deaf", "one", "running");
    await api.invoke(job, "note", { args: ["never"], key: "two", query: "?mode=enqueue" });
    expect((await force(job, "two")).body).toEqual({ cancelled: true });
    expect((await invocation("two")).status).toBe("cancelled");
    expect((await invocation("one")).status).toBe("running");
  });

  test("an agent that waits for the invocation gets an AgentError with the code invocation-cancelled", async () => {
    const caller = agentPath(component, "Job", `caller ${made}`);
    const called = api.result(caller, "calls", `job ${made}`, receiver.url);
    const [running] = await until(
      async () =>
        (await api.get<{ invocations?: InvocationView[] }>(`${job}/invocations?status=running`))
          .body.invocations ?? [],
      (invocations) => invocations.length === 1,
    );
    await force(job, running?.idempotencyKey ?? "");
    expect(await called).toEqual(["AbortError", "invocation-cancelled"]);
  });

  test("one that has ended, or is not known, or is not to be forced", async () => {
    await api.invoke(job, "note", { args: ["a"], key: "one" });
    expect((await force(job, "one")).body).toEqual({ cancelled: false });
    expect((await force(job, "other")).body).toMatchObject({ code: "invocation-not-found" });
    await begin("deaf", "two", "running");
    const plain = await api.send("DELETE", `${job}/invocations/two`);
    expect([plain.status, plain.body]).toEqual([
      409,
      expect.objectContaining({ code: "invocation-running" }),
    ]);
    const odd = await api.send("DELETE", `${job}/invocations/two?force=perhaps`);
    expect([odd.status, odd.body]).toEqual([
      400,
      expect.objectContaining({ code: "invalid-request" }),
    ]);
  });

  test("kill -9 during the grace: the invocation is stopped when it is over, without a request", async () => {
    await begin("deaf", "one", "running");
    const broken = force(job, "one").catch(() => "the connection broke");
    await until(
      () => api.oplog(job),
      (entries) => entries.some(({ kind }) => kind === "Cancelled"),
    );
    await site.crash();
    expect(await broken).toBe("the connection broke");
    await until(
      () => invocation("one"),
      ({ status }) => status === "cancelled",
    );
    await expectCancelled("one");
    expect(await api.result(job, "list")).toEqual(["deaf"]);
  });
});
