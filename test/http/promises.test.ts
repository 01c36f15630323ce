/** Durable promises over HTTP: who completes them, and who learns of it. */
import { describe, expect, test } from "vitest";
import type { Answer } from "./support/api.ts";
import { agentPath } from "./support/api.ts";
import { uuid } from "./support/matchers.ts";
import { problemOf } from "./support/problem.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api } = site;

const approval = `import { Agent, createPromise, step } from "perdure";
export class Approval extends Agent {
  open() {
    this.promise = createPromise();
    return this.promise.id;
  }
  async answer() {
    return { value: await this.promise.wait() };
  }
  async refusal() {
    try {
      await this.promise.wait();
    } catch (error) {
      const { name, message, code, details } = error;
      return { name, message, code, details, isTypeError: error instanceof TypeError };
    }
  }
  async first() {
    const other = createPromise();
    return Promise.race([other.wait().then(() => "other"), this.promise.wait()]);
  }
  async ask() {
    return (this.asked = createPromise()).wait();
  }
  count = 0;
  add() {
    return (this.count += 1);
  }
  stepped() {
    return step("create", () => createPromise().id);
  }
}
export class Brief extends Approval {
  static snapshots = { everyInvocations: 1 };
}`;

interface Completion {
  readonly completed: boolean;
}

function complete(
  agent: string,
  id: unknown,
  json: unknown,
  query = "",
): Promise<Answer<Completion>> {
  return api.send<Completion>("POST", `${agent}/promises/${String(id)}${query}`, { json });
}

async function opened(type = "Approval"): Promise<{ agent: string; id: unknown }> {
  const { agent } = await site.place(type, approval);
  return { agent, id: await api.result(agent, "open") };
}

describe("POST A/promises/{promiseId}", () => {
  test("answers completed: true the first time and false after; the first completion wins", async () => {
    const { agent, id } = await opened();
    expect(id).toEqual(uuid);
    const answers = [];
    for (const value of [{ by: "ada" }, { by: "bob" }])
      answers.push(await complete(agent, id, value));
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [200, { completed: true }],
      [200, { completed: false }],
    ]);
    expect(await api.result(agent, "answer")).toEqual({ value: { by: "ada" } });
    const completions = (await api.oplog(agent)).filter(({ kind }) => kind === "PromiseCompleted");
    expect(completions).toEqual([
      expect.objectContaining({ promiseId: id, outcome: { ok: true, result: { by: "ada" } } }),
    ]);
    expect(completions[0]).not.toHaveProperty("completedBy");
  });

  test.each([null, false, 0, "text", [1, [2]], { error: { message: "not a rejection" } }])(
    "takes any JSON value: %j",
    async (value) => {
      const { agent, id } = await opened();
      await complete(agent, id, value);
      expect(await api.result(agent, "answer")).toEqual({ value });
    },
  );

  test("with reject=true the wait rejects with the given error", async () => {
    const { agent, id } = await opened();
    const error = { name: "Denied", message: "not today", code: "denied", details: { by: "bob" } };
    expect((await complete(agent, id, { error }, "?reject=true")).body).toEqual({
      completed: true,
    });
    expect(await api.result(agent, "refusal")).toEqual({ ...error, isTypeError: false });
    const entry = (await api.oplog(agent)).find(({ kind }) => kind === "PromiseCompleted");
    expect(entry).toMatchObject({ outcome: { ok: false, error } });
  });

  test("a rejection that has no error is refused, and completes nothing", async () => {
    const { agent, id } = await opened();
    for (const json of [{}, { error: "no" }, 1, { error: {}, more: 1 }]) {
      problemOf(await complete(agent, id, json, "?reject=true"), 400, "invalid-request");
    }
    problemOf(await complete(agent, id, 1, "?reject=maybe"), 400, "invalid-request");
    expect((await complete(agent, id, 1)).body).toEqual({ completed: true });
  });

  test("an id that is not known is promise-not-found, an agent that is not there agent-not-found", async () => {
    const { agent, id } = await opened();
    problemOf(await complete(agent, "no-such-id", 1), 404, "promise-not-found");
    const { agent: other } = await opened();
    problemOf(await complete(other, id, 1), 404, "promise-not-found");
    const nobody = agentPath("nobody", "Approval", "one");
    problemOf(await complete(nobody, id, 1), 404, "agent-not-found");
  });
});

describe("createPromise", () => {
  test("a wait that is open ends with the completion, and is recorded as a call", async () => {
    const { agent } = await site.place("Approval", approval);
    const waiting = api.result(agent, "ask");
    const oplog = await until(
      () => api.oplog(agent).catch(() => []),
      (entries) => entries.some(({ call }) => call === "promise.await"),
    );
    const created = oplog.find(({ call }) => call === "promise.create");
    const id = oplog.find(({ start }) => start === created?.index)?.["response"];
    expect(created).toMatchObject({ kind: "Start", durability: "write-local" });
    expect(oplog.at(-1)).toMatchObject({ durability: "read-remote", request: { id } });
    await complete(agent, id, "done");
    expect(await waiting).toBe("done");
    expect((await api.oplog(agent)).map(({ kind }) => kind).slice(-3)).toEqual([
      "PromiseCompleted",
      "End",
      "AgentInvocationFinished",
    ]);
  });

  test("a race of two waits is won by the one that is completed", async () => {
    const { agent, id } = await opened();
    const waiting = api.result(agent, "first");
    await complete(agent, id, "mine");
    expect(await waiting).toBe("mine");
  });

  test("a promise in a field survives a crash, and an automatic snapshot", async () => {
    for (const type of ["Approval", "Brief"]) {
      const { agent, id } = await opened(type);
      for (let count = 1; count <= 2; count++) expect(await api.result(agent, "add")).toBe(count);
      await api.send("POST", `${agent}/interrupt`, { json: { recover: true } });
      await complete(agent, id, type);
      expect(await api.result(agent, "answer")).toEqual({ value: type });
    }
  });

  test("in a step, where nothing is recorded, it is refused", async () => {
    const { agent } = await site.place("Approval", approval);
    const problem = problemOf(await api.invoke(agent, "stepped"), 500, "invocation-failed");
    expect(problem.detail).toMatch(/outside of step/);
  });

  test("a manual update leaves the promises behind that were made before it: waiting for one rejects at once", async () => {
    const { component, agent } = await site.place("Approval", approval);
    const id = await api.result(agent, "open");
    await api.upload(component, `${approval} // two`);
    await api.send("POST", `${agent}/update`, { json: { revision: 2, mode: "manual" } });
    await until(
      () => api.updates(agent),
      ({ successful }) => successful.length === 1,
    );
    problemOf(await complete(agent, id, 1), 404, "promise-not-found");
    expect(await api.result(agent, "refusal")).toMatchObject({ code: "promise-not-found" });
    const again = await api.result(agent, "open");
    await complete(agent, again, "new");
    expect(await api.result(agent, "answer")).toEqual({ value: "new" });
  });
});
