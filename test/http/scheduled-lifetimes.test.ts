/** Semantics 8: a scheduled invocation is durable from its acceptance, and ends with its incarnation. */
import { describe, expect, test } from "vitest";
import type { InvocationView } from "../../src/core/api/views.ts";
import { agentPath } from "./support/api.ts";
import { problemOf } from "./support/problem.ts";
import { openSite } from "./support/site.ts";

const site = await openSite();
const { api, fresh } = site;

await api.upload(
  "desk",
  `import { Agent, agent } from "perdure";
  export class Desk extends Agent {
    notes = [];
    note(word) { return this.notes.push(word); }
    list() { return this.notes; }
    remind(key, when, word) { return agent(Desk, key).schedule(when).note(word); }
  }`,
);

/** Schedules a note on a desk, and gives the key of the invocation. */
type Remind = (desk: string, when: number, word: string) => Promise<string>;

const ways: readonly [string, Remind][] = [
  [
    "over HTTP with ?at=",
    async (desk, when, word) => {
      const answer = await api.invoke(at(desk), "note", { args: [word], query: `?at=${when}` });
      return answer.body.idempotencyKey;
    },
  ],
  [
    "over HTTP with ?delay=",
    async (desk, when, word) => {
      const delay = Math.max(0, when - Date.now());
      const answer = await api.invoke(at(desk), "note", { args: [word], query: `?delay=${delay}` });
      return answer.body.idempotencyKey;
    },
  ],
  [
    "from an agent",
    async (desk, when, word) =>
      (await api.result(at(fresh("caller")), "remind", desk, when, word)) as string,
  ],
];

const at = (desk: string): string => agentPath("desk", "Desk", desk);

async function scheduled(desk: string): Promise<readonly InvocationView[]> {
  const path = `${at(desk)}/invocations?status=scheduled`;
  return (await api.get<{ invocations: InvocationView[] }>(path)).body.invocations;
}

/** The invocation once it has ended. */
async function ended(desk: string, key: string): Promise<InvocationView> {
  const path = `${at(desk)}/invocations/${encodeURIComponent(key)}?wait=30`;
  return (await api.get<InvocationView>(path)).body;
}

describe.each(ways)("an invocation that was scheduled %s", (_, remind) => {
  test("is listed as scheduled, and the agent is there from its acceptance", async () => {
    const desk = fresh("desk");
    const when = Date.now() + 3_600_000;
    const key = await remind(desk, when, "later");
    const [shown, ...more] = await scheduled(desk);
    expect(more).toEqual([]);
    expect(shown).toMatchObject({ idempotencyKey: key, method: "note", status: "scheduled" });
    const due = Date.parse(shown?.scheduledFor ?? "");
    expect(Math.abs(due - when)).toBeLessThan(30_000);
    expect(await api.agent(at(desk))).toMatchObject({ status: "idle", pendingInvocations: 0 });
  });

  test("survives kill -9, and runs once when it is due", async () => {
    const desk = fresh("desk");
    const key = await remind(desk, Date.now() + 1500, "survived");
    await site.crash();
    expect(await ended(desk, key)).toMatchObject({ status: "completed", result: 1 });
    expect(await api.result(at(desk), "list")).toEqual(["survived"]);
  });

  test("is dropped with the agent, although the address is used again", async () => {
    const desk = fresh("desk");
    const when = Date.now() + 1000;
    const key = await remind(desk, when, "of the old agent");
    expect((await api.send("DELETE", at(desk))).status).toBe(204);
    expect(await api.result(at(desk), "note", "of the new one")).toBe(1);
    problemOf(await api.get(`${at(desk)}/invocations/${key}`), 404, "invocation-not-found");
    expect(await scheduled(desk)).toEqual([]);
    // One that is due later has run: the old one would have run before.
    const control = await remind(desk, Math.max(when, Date.now()) + 200, "control");
    expect(await ended(desk, control)).toMatchObject({ status: "completed", result: 2 });
    expect(await api.result(at(desk), "list")).toEqual(["of the new one", "control"]);
  });

  test("never runs once it is cancelled", async () => {
    const desk = fresh("desk");
    const when = Date.now() + 1500;
    const key = await remind(desk, when, "cancelled");
    const { body } = await api.send("DELETE", `${at(desk)}/invocations/${encodeURIComponent(key)}`);
    expect(body).toEqual({ cancelled: true });
    const control = await remind(desk, Math.max(when, Date.now()) + 200, "control");
    expect(await ended(desk, control)).toMatchObject({ status: "completed", result: 1 });
    expect(await api.result(at(desk), "list")).toEqual(["control"]);
  });
});
