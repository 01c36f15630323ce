/** Recurring schedules over HTTP: made, shown, listed and deleted; their runs are ordinary invocations. */
import { describe, expect, test } from "vitest";
import type { InvocationView, ScheduleView } from "../../src/core/api/views.ts";
import { agentPath, type Answer } from "./support/api.ts";
import { iso, uuid } from "./support/matchers.ts";
import { problemOf } from "./support/problem.ts";
import { openSite } from "./support/site.ts";
import { traceOf } from "./support/trace.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, fresh } = site;

const code = `import { Agent } from "perdure";
  export class Clock extends Agent {
    ticks = [];
    created = false;
    onCreate() { this.created = true; }
    tick(word) { this.ticks.push(word); return this.ticks.length; }
    list() { return this.ticks; }
    isCreated() { return this.created; }
    break() { throw new Error("it broke"); }
    static methods = { strict: { input: [{ "~standard": { validate: (value) =>
      typeof value === "number" ? { value } : { issues: [{ message: "no number" }] } } }] } };
    strict(value) { return value; }
  }`;
await api.upload("clocks", code);

const YEARLY = { cron: "0 0 1 1 *", method: "tick", args: ["new year"] };
const EVERY_SECOND = { cron: "* * * * * *", method: "tick", args: ["second"] };

const clock = (): string => agentPath("clocks", "Clock", fresh("clock"));

function create(agent: string, json: unknown, key?: string): Promise<Answer<ScheduleView>> {
  const named = key === undefined ? {} : { headers: { "idempotency-key": key } };
  return api.send("POST", `${agent}/schedules`, { json, ...named });
}

async function made(agent: string, json: unknown): Promise<ScheduleView> {
  const { status, body } = await create(agent, json);
  expect(status).toBe(201);
  return body;
}

async function list(agent: string, query = "") {
  const page = `${agent}/schedules${query}`;
  const { status, body } = await api.get<{ schedules: ScheduleView[]; cursor?: string }>(page);
  expect(status).toBe(200);
  return body;
}

async function runs(agent: string, query = ""): Promise<readonly InvocationView[]> {
  const path = `${agent}/invocations${query}`;
  return (await api.get<{ invocations: InvocationView[] }>(path)).body.invocations;
}

/** The schedule once it has run. */
function ran(agent: string, id: string): Promise<ScheduleView> {
  return until(
    async () => (await api.get<ScheduleView>(`${agent}/schedules/${id}`)).body,
    ({ lastRunAt }) => lastRunAt !== undefined,
  );
}

describe("POST A/schedules", () => {
  test("201 with the schedule and its Location; creates the agent, and queues its next run", async () => {
    const agent = clock();
    const { status, headers, body } = await create(agent, { ...YEARLY, timezone: "Asia/Tokyo" });
    expect(status).toBe(201);
    expect(headers.get("location")).toBe(`${agent}/schedules/${body.id}`);
    const year = new Date(Date.now() + 9 * 3_600_000).getUTCFullYear();
    const nextRunAt = `${year}-12-31T15:00:00.000Z`;
    const timezone = "Asia/Tokyo";
    expect(body).toEqual({ id: uuid, ...YEARLY, timezone, createdAt: iso, nextRunAt });
    expect((await api.get(`${agent}/schedules/${body.id}`)).body).toEqual(body);
    expect(await api.result(agent, "isCreated")).toBe(true);
    expect(await api.agent(agent)).toMatchObject({ pendingInvocations: 0, nextWakeAt: nextRunAt });
    expect(await runs(agent, "?status=scheduled")).toEqual([
      {
        idempotencyKey: `${body.id}@${nextRunAt}`,
        method: "tick",
        status: "scheduled",
        acceptedAt: iso,
        scheduledFor: nextRunAt,
      },
    ]);
  });

  test("is recorded as ScheduleCreated; what only the host needs is not shown", async () => {
    const agent = clock();
    const { id, nextRunAt } = await made(agent, YEARLY);
    const kinds = new Set(["ScheduleCreated", "PendingAgentInvocation"]);
    const entries = (await api.oplog(agent)).filter(({ kind }) => kinds.has(kind));
    const call = { method: "tick", args: ["new year"] };
    const [index, at] = [expect.any(Number) as number, iso];
    expect(entries.slice(-2)).toEqual([
      {
        index,
        at,
        kind: "ScheduleCreated",
        scheduleId: id,
        cron: YEARLY.cron,
        timezone: "UTC",
        ...call,
      },
      {
        index,
        at,
        kind: "PendingAgentInvocation",
        idempotencyKey: `${id}@${nextRunAt}`,
        invocation: { type: "method", ...call },
        scheduledFor: nextRunAt,
      },
    ]);
  });

  test("without args there are none, without a time zone it is UTC", async () => {
    const { cron, method } = YEARLY;
    expect(await made(clock(), { cron, method })).toMatchObject({ args: [], timezone: "UTC" });
  });

  test("one that has no time ahead has no nextRunAt", async () => {
    const agent = clock();
    const schedule = await made(agent, { ...YEARLY, cron: "0 0 0 1 1 * 2020" });
    expect(schedule).not.toHaveProperty("nextRunAt");
    expect((await list(agent)).schedules).toEqual([schedule]);
    expect(await runs(agent)).toEqual([]);
  });

  test("the same Idempotency-Key is the same schedule: 200; with other content 422", async () => {
    const agent = clock();
    const first = await create(agent, YEARLY, "k");
    const again = await create(agent, { ...YEARLY, timezone: "UTC" }, "k");
    expect([first.status, again.status, again.body]).toEqual([201, 200, first.body]);
    for (const other of [
      { cron: "@daily" },
      { args: [1] },
      { timezone: "Asia/Tokyo" },
      { method: "list" },
    ]) {
      problemOf(await create(agent, { ...YEARLY, ...other }, "k"), 422, "idempotency-key-reused");
    }
    expect((await create(agent, YEARLY, "other")).status).toBe(201);
    expect((await list(agent)).schedules).toHaveLength(2);
  });

  test("several at once with the same key make one", async () => {
    // While the arguments of one are looked at, the others arrive, if not in each round.
    const wanted = { ...YEARLY, method: "strict", args: [1] };
    for (let round = 0; round < 10; round++) {
      const agent = clock();
      const all = Array.from({ length: 8 }, () => create(agent, wanted, "k"));
      const statuses = (await Promise.all(all)).map(({ status }) => status);
      expect(statuses.filter((status) => status !== 200)).toEqual([201]);
      expect((await list(agent)).schedules).toHaveLength(1);
    }
  });
});

describe("POST A/schedules refuses, and writes nothing:", () => {
  test.each<[string, object, string, RegExp]>([
    ["an expression that is none", { cron: "often" }, "cron", /5 fields .* like/],
    ["a field out of range", { cron: "61 * * * *" }, "cron", /5 fields .* like/],
    ["a single time", { cron: "2030-01-01T00:00:00Z" }, "cron", /\?at=/],
    ["an expression that is too long", { cron: "1,".repeat(200) }, "cron", /256/],
    ["no expression", { cron: undefined }, "cron", /string/],
    ["a zone that there is not", { timezone: "Mars/Base" }, "timezone", /IANA/],
    ["an offset", { timezone: "+02:00" }, "timezone", /IANA/],
    ["arguments that are no array", { args: "x" }, "args", /array/],
    ["no method", { method: undefined }, "method", /string/],
  ])("%s: 400 with issues", async (_, changed, member, message) => {
    const agent = clock();
    const problem = problemOf(
      await create(agent, { ...YEARLY, ...changed }),
      400,
      "invalid-request",
    );
    expect(problem.issues).toMatchObject([
      { path: ["body", member], message: expect.stringMatching(message) as string },
    ]);
    problemOf(await api.get(agent), 404, "agent-not-found");
  });

  test("an unknown member, a bad key, no body, another media type, no JSON", async () => {
    const agent = clock();
    problemOf(await create(agent, { ...YEARLY, zone: "UTC" }), 400, "invalid-request");
    problemOf(await create(agent, YEARLY, "with blank"), 400, "invalid-request");
    const path = `${agent}/schedules`;
    problemOf(await api.send("POST", path), 400, "invalid-request");
    const headers = { "content-type": "text/plain" };
    const json = { "content-type": "application/json" };
    problemOf(await api.send("POST", path, { body: "x", headers }), 415, "unsupported-media-type");
    problemOf(await api.send("POST", path, { body: "{", headers: json }), 400, "invalid-json");
    problemOf(await api.get(agent), 404, "agent-not-found");
  });

  test("a component, type or method that there is not: 404; arguments that do not fit: 422", async () => {
    const agent = clock();
    const nobody = agentPath("nobody", "Clock", "k");
    problemOf(await create(nobody, YEARLY), 404, "component-not-found");
    problemOf(
      await create(agentPath("clocks", "Sundial", "k"), YEARLY),
      404,
      "agent-type-not-found",
    );
    problemOf(await create(agent, { ...YEARLY, method: "tock" }), 404, "method-not-found");
    const misfit = { ...YEARLY, method: "strict", args: ["x"] };
    const problem = problemOf(await create(agent, misfit), 422, "invalid-arguments");
    expect(problem.issues).toMatchObject([{ message: "no number" }]);
    problemOf(await api.get(agent), 404, "agent-not-found");
    expect((await create(agent, { ...misfit, args: [1] })).status).toBe(201);
  });

  test("more than 1,000 of them: 409 too-many-schedules, until one is deleted", async () => {
    const agent = clock();
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < 1000) expect((await create(agent, YEARLY, `k${next++}`)).status).toBe(201);
    };
    await Promise.all(Array.from({ length: 16 }, lane));
    const before = await traceOf(api, agent);
    problemOf(await create(agent, YEARLY), 409, "too-many-schedules");
    expect((await create(agent, YEARLY, "k0")).status).toBe(200);
    expect(await traceOf(api, agent)).toEqual(before);
    const [first] = (await list(agent, "?limit=1")).schedules;
    expect((await api.send("DELETE", `${agent}/schedules/${first?.id}`)).status).toBe(204);
    expect((await create(agent, YEARLY)).status).toBe(201);
  });

  test("on a failed agent: 409 agent-failed", async () => {
    const { agent } = await site.place(
      "Broken",
      `import { Agent } from "perdure";
      export class Broken extends Agent { onCreate() { throw new Error("no"); } tick() {} }`,
    );
    await api.send("PUT", agent);
    problemOf(await create(agent, YEARLY), 409, "agent-failed");
  });
});

describe("GET and DELETE of schedules", () => {
  test("lists them by the page, oldest first", async () => {
    const agent = clock();
    const all: ScheduleView[] = [];
    for (const word of ["a", "b", "c"]) all.push(await made(agent, { ...YEARLY, args: [word] }));
    expect(await list(agent)).toEqual({ schedules: all });
    const first = await list(agent, "?limit=2");
    expect(first.schedules).toEqual(all.slice(0, 2));
    expect(await list(agent, `?limit=2&cursor=${first.cursor}`)).toEqual({
      schedules: all.slice(2),
    });
    problemOf(await api.get(`${agent}/schedules?cursor=x`), 400, "invalid-request");
    problemOf(await api.get(`${agent}/schedules?limit=0`), 400, "invalid-request");
  });

  test("a page of large arguments ends early, with a cursor", async () => {
    const agent = clock();
    const args = ["x".repeat(3_000_000)];
    for (let count = 0; count < 3; count++) await made(agent, { ...YEARLY, args });
    const first = await list(agent);
    expect(first.schedules).toHaveLength(2);
    expect((await list(agent, `?cursor=${first.cursor}`)).schedules).toHaveLength(1);
  });

  test("DELETE: 204; the queued run is cancelled and no other comes", async () => {
    const agent = clock();
    const { id, nextRunAt } = await made(agent, YEARLY);
    const other = await made(agent, { ...YEARLY, args: ["other"] });
    const path = `${agent}/schedules/${id}`;
    const { status, text } = await api.send("DELETE", path);
    expect([status, text]).toEqual([204, ""]);
    const key = encodeURIComponent(`${id}@${nextRunAt}`);
    expect((await api.get(`${agent}/invocations/${key}`)).body).toMatchObject({
      status: "cancelled",
    });
    expect(await list(agent)).toEqual({ schedules: [other] });
    expect(await runs(agent, "?status=scheduled")).toHaveLength(1);
    expect((await api.oplog(agent)).slice(-2)).toMatchObject([
      { kind: "ScheduleDeleted", scheduleId: id },
      { kind: "CancelPendingInvocation" },
    ]);
    problemOf(await api.send("DELETE", path), 404, "schedule-not-found");
    problemOf(await api.get(path), 404, "schedule-not-found");
  });

  test("of an agent that there is not: 404 agent-not-found; other verbs: 405", async () => {
    const agent = clock();
    problemOf(await api.get(`${agent}/schedules`), 404, "agent-not-found");
    problemOf(await api.get(`${agent}/schedules/x`), 404, "agent-not-found");
    problemOf(await api.send("DELETE", `${agent}/schedules/x`), 404, "agent-not-found");
    problemOf(await api.send("PUT", `${agent}/schedules`), 405, "method-not-allowed");
    problemOf(await api.send("POST", `${agent}/schedules/x`), 405, "method-not-allowed");
  });

  test("deleting the agent ends its schedules, although the address is used again", async () => {
    const agent = clock();
    await made(agent, EVERY_SECOND);
    expect((await api.send("DELETE", agent)).status).toBe(204);
    const again = await made(agent, { ...EVERY_SECOND, args: ["again"] });
    await ran(agent, again.id);
    const ticks = await api.result(agent, "list");
    expect(new Set(ticks as string[])).toEqual(new Set(["again"]));
    expect((await list(agent)).schedules).toHaveLength(1);
  });
});

describe("the runs of a schedule", () => {
  test("come when they are due, each once, without a request; next and last run are shown", async () => {
    const agent = clock();
    const { id, nextRunAt } = await made(agent, EVERY_SECOND);
    const { lastRunAt = "", nextRunAt: later = "" } = await ran(agent, id);
    expect(Date.parse(lastRunAt)).toBeGreaterThanOrEqual(Date.parse(nextRunAt ?? ""));
    expect(Date.parse(later)).toBeGreaterThan(Date.parse(lastRunAt));
    const done = await until(
      () => runs(agent, "?status=completed"),
      (found) => found.length >= 3,
    );
    await api.send("DELETE", `${agent}/schedules/${id}`);
    const times = done.map(({ scheduledFor = "" }) => scheduledFor);
    expect(new Set(times).size).toBe(times.length);
    for (const { idempotencyKey, scheduledFor = "", startedAt = "" } of done) {
      expect(idempotencyKey).toBe(`${id}@${scheduledFor}`);
      expect(Date.parse(startedAt)).toBeGreaterThanOrEqual(Date.parse(scheduledFor));
    }
    const words = await api.result(agent, "list");
    expect(words).toHaveLength((await runs(agent, "?status=completed")).length - 1);
  });

  test("cancelling one drops that run only: the next takes its place", async () => {
    const agent = clock();
    const { id, nextRunAt = "" } = await made(agent, YEARLY);
    const key = encodeURIComponent(`${id}@${nextRunAt}`);
    const answer = await api.send("DELETE", `${agent}/invocations/${key}`);
    expect(answer.body).toEqual({ cancelled: true });
    const year = Number(nextRunAt.slice(0, 4)) + 1;
    const { body } = await api.get<ScheduleView>(`${agent}/schedules/${id}`);
    expect(body.nextRunAt).toBe(`${year}-01-01T00:00:00.000Z`);
    expect(body).not.toHaveProperty("lastRunAt");
    expect(await runs(agent, "?status=scheduled")).toHaveLength(1);
  });

  test("one that throws fails, and the schedule goes on", async () => {
    const agent = clock();
    await made(agent, { ...EVERY_SECOND, method: "break", args: [] });
    const failed = await until(
      () => runs(agent, "?status=failed"),
      (found) => found.length >= 2,
    );
    expect(failed[0]).toMatchObject({ method: "break", error: { message: "it broke" } });
    expect(await runs(agent, "?status=scheduled")).toHaveLength(1);
  });

  test("they go on after a manual update, in the new code", async () => {
    const component = fresh();
    await api.upload(component, code);
    await api.upload(component, `${code} // two`);
    const agent = agentPath(component, "Clock", "one");
    await api.send("PUT", agent, { json: { revision: 1 } });
    const { id } = await made(agent, EVERY_SECOND);
    await ran(agent, id);
    await api.send("POST", `${agent}/update`, { json: { revision: 2, mode: "manual" } });
    await until(
      () => api.updates(agent),
      ({ successful }) => successful.length === 1,
    );
    await until(
      () => runs(agent, "?status=completed"),
      (found) => found.some(({ revision }) => revision === 2),
    );
    await site.crash();
    expect((await list(agent)).schedules).toMatchObject([{ id, cron: "* * * * * *" }]);
  });
});
