/** GET A/export and POST …/import: what a file has, and why one is refused whole. */
import { beforeAll, describe, expect, test } from "vitest";
import type { AgentView, RevisionView } from "../../src/core/api/views.ts";
import { FILE_MEDIA_TYPE } from "../../src/core/copies/file.ts";
import { linesOf, sealed, type Line } from "./support/agent-file.ts";
import { agentPath, type Answer } from "./support/api.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const site = await openSite();
const { api, fresh } = site;

function script(by: number): string {
  return `
    import { Agent, sleep } from "perdure";
    export class Counter extends Agent {
      static snapshots = { everyInvocations: 2 };
      born = [Date.now(), Math.random(), this.key];
      count = 0;
      add() { return (this.count += ${by}); }
      state() { return { ...this }; }
      async nap(duration) { await sleep(duration); return ++this.count; }
    }`;
}

beforeAll(async () => {
  await api.upload("moved", script(1));
  await api.upload("moved", script(10));
});

function address(key = fresh("key"), component = "moved"): string {
  return agentPath(component, "Counter", key);
}

async function exported(agent: string): Promise<string> {
  const response = await fetch(`${api.url}${agent}/export`);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, FILE_MEDIA_TYPE]);
  return response.text();
}

type Refused = { readonly code: string; readonly detail: string };

function importFile<Body = AgentView & Refused>(
  body: string,
  component = "moved",
  type = FILE_MEDIA_TYPE,
): Promise<Answer<Body>> {
  const headers = { "content-type": type };
  return api.send<Body>("POST", `/v1/agents/${component}/import`, { body, headers });
}

/** An agent with two updates, snapshots, and something to do. */
async function travelled(): Promise<string> {
  const agent = address();
  await api.send("PUT", agent, { json: { revision: 1, params: { a: 1 } } });
  for (let round = 0; round < 3; round++) await api.result(agent, "add");
  await api.send("POST", `${agent}/update`, { json: { revision: 2, mode: "manual" } });
  await until(
    () => api.updates(agent),
    ({ successful }) => successful.length === 1,
  );
  for (let round = 0; round < 3; round++) await api.result(agent, "add");
  return agent;
}

/** The lines with some of them changed. */
function changed(
  lines: readonly Line[],
  kind: string,
  members: (line: Line) => Readonly<Record<string, unknown>>,
): Line[] {
  return lines.map((line) => (line.kind === kind ? Object.assign({}, line, members(line)) : line));
}

/** Refused, and nothing is left: no agent, no entry, no revision. */
async function refusedWhole(file: string, agent: string, component = "moved"): Promise<Refused> {
  const before = await api.get(`/v1/components/${component}/revisions`);
  const { status, body } = await importFile<Refused>(file, component);
  expect([status, body.code, body.detail]).toEqual([422, "invalid-export", expect.any(String)]);
  expect((await api.get(agent)).status).toBe(404);
  expect(await api.get(`/v1/components/${component}/revisions`)).toMatchObject({
    status: before.status,
    body: before.body,
  });
  return body;
}

describe("an exported agent", () => {
  test("is a header, its revisions, its rows, its snapshots and the last record, each with its seal", async () => {
    const agent = await travelled();
    const response = await fetch(`${api.url}${agent}/export`);
    expect(response.headers.get("content-disposition")).toMatch(
      /^attachment; filename="Counter-[\w.-]+\.perdure"$/,
    );
    const file = await response.text();
    const lines = linesOf(file);
    const { incarnation, lastOplogIndex, key } = await api.agent(agent);
    expect(lines[0]).toMatchObject({
      kind: "agent",
      format: 1,
      component: "moved",
      type: "Counter",
      key,
      incarnation,
      lastIndex: lastOplogIndex,
    });
    expect(lines.map(({ kind }) => kind)).toEqual([
      "agent",
      "revision",
      "revision",
      "rows",
      "snapshot",
      "snapshot",
      "snapshot",
      "end",
    ]);
    expect(lines.at(-1)).toEqual({
      kind: "end",
      revisions: 2,
      entries: lastOplogIndex,
      snapshots: 3,
    });
    expect(sealed(lines)).toBe(file);
  });

  test("has all up to the beginning of the request; the agent goes on meanwhile", async () => {
    const agent = address();
    await api.result(agent, "add");
    const adding = Promise.all(Array.from({ length: 50 }, () => api.result(agent, "add")));
    const file = await exported(agent);
    await adding;
    const lines = linesOf(file);
    const last = Number(lines[0]?.["lastIndex"]);
    await api.send("DELETE", agent);
    expect((await importFile(file)).status).toBe(201);
    expect((await api.agent(agent)).lastOplogIndex).toBe(last);
  });

  test("that is not there is 404", async () => {
    expect((await api.get(`${address()}/export`)).status).toBe(404);
  });
});

describe("an imported agent", () => {
  test("has the same history, state and updates, under a new incarnation", async () => {
    const agent = await travelled();
    const file = await exported(agent);
    const [before, oplog] = [await api.agent(agent), await api.oplog(agent)];
    const state = await api.result(agent, "state");
    await api.send("DELETE", agent);
    const answer = await importFile(file);
    expect([answer.status, answer.headers.get("location")]).toEqual([201, agent]);
    const { incarnation, ...rest } = await api.agent(agent);
    expect({ ...rest, incarnation: before.incarnation }).toEqual(before);
    expect(incarnation).not.toBe(before.incarnation);
    expect((await api.oplog(agent)).slice(1)).toEqual(oplog.slice(1));
    expect(await api.result(agent, "state")).toEqual(state);
    expect(await api.result(agent, "add")).toBe(43);
  });

  test("sleeps on, and wakes by itself", async () => {
    const agent = address();
    void api.invoke(agent, "nap", { args: ["12s"], key: "nap", query: "?mode=enqueue" });
    const sleeping = await until(
      async () => (await api.get<AgentView>(agent)).body,
      ({ status }) => status === "suspended",
    );
    const file = await exported(agent);
    await api.send("DELETE", agent);
    expect((await importFile(file)).body).toMatchObject({
      status: "suspended",
      nextWakeAt: sleeping.nextWakeAt,
    });
    const { body } = await api.get<{ result: unknown }>(`${agent}/invocations/nap?wait=30`);
    expect(body.result).toBe(1);
  });
});

describe("an import is refused", () => {
  test("onto an address that is taken: 409, and who lives there notices nothing", async () => {
    const agent = await travelled();
    const before = await api.oplog(agent);
    const { status, body } = await importFile(await exported(agent));
    expect([status, body.code]).toEqual([409, "agent-already-exists"]);
    expect(await api.oplog(agent)).toEqual(before);
  });

  test("into another component than the file is from", async () => {
    const agent = await travelled();
    const { status, body } = await importFile(await exported(agent), "other");
    expect([status, body.code]).toEqual([422, "invalid-export"]);
  });

  test("when a revision has other code here: 409 revision-conflict", async () => {
    const agent = address(fresh("key"), "clash");
    await api.upload("clash", script(1));
    await api.result(agent, "add");
    const lines = linesOf(await exported(agent));
    await api.send("DELETE", agent);
    const other = linesOf(await exported(await travelled())).find(
      ({ kind, revision }) => kind === "revision" && revision === 2,
    );
    const swapped = changed(lines, "revision", () => ({ ...other, revision: 1 }));
    const { status, body } = await importFile(sealed(swapped), "clash");
    expect([status, body.code]).toEqual([409, "revision-conflict"]);
    expect((await api.get(agent)).status).toBe(404);
  });

  test("with another media type, or nothing", async () => {
    expect((await importFile("x", "moved", "text/plain")).status).toBe(415);
    expect((await importFile("")).body.code).toBe("invalid-export");
  });

  test("when any byte of the file is damaged, and when it ends too early", async () => {
    const agent = address();
    await api.send("PUT", agent, { json: { revision: 2 } });
    await api.result(agent, "add");
    const file = await exported(agent);
    await api.send("DELETE", agent);
    const places = Array.from({ length: 60 }, (_, at) => Math.floor((at * file.length) / 60));
    for (const place of [...places, file.length - 2]) {
      const damaged = `${file.slice(0, place)}${file[place] === "x" ? "y" : "x"}${file.slice(place + 1)}`;
      await refusedWhole(damaged, agent);
      await refusedWhole(file.slice(0, place), agent);
    }
    await refusedWhole(`${file}${file}`, agent);
    const cut = file.split("\n").toSpliced(2, 1).join("\n");
    await refusedWhole(cut, agent);
    expect((await importFile(file)).status).toBe(201);
  });

  test("when somebody has made it up: every record is looked at, not its seal alone", async () => {
    const agent = await travelled();
    const lines = linesOf(await exported(agent));
    await api.send("DELETE", agent);
    const change = (kind: string, members: (line: Line) => Readonly<Record<string, unknown>>) =>
      sealed(changed(lines, kind, members));
    type Rows = [number, [number, ...(unknown[] | undefined)[]]][];
    const rowsOf = (line: Line) => structuredClone(line["rows"]) as Rows;
    const cases: Record<string, string> = {
      "another format": change("agent", () => ({ format: 2 })),
      "another last index": change("agent", () => ({ lastIndex: 3 })),
      "a revision that is not its digest": change("revision", () => ({
        digest: "sha256:0",
      })),
      "a snapshot of another size": change("snapshot", () => ({ payload: "{}" })),
      "a snapshot of nothing": change("snapshot", () => ({ index: 2 })),
      "fewer entries": change("rows", (line) => ({ rows: rowsOf(line).slice(0, -1) })),
      "a gap": change("rows", (line) => ({ rows: rowsOf(line).toSpliced(1, 1) })),
      "an unknown kind of entry": change("rows", (line) => {
        const rows = rowsOf(line);
        rows[1]?.[1].push([99, 1]);
        return { rows };
      }),
      "a format of rows to come": change("rows", (line) => {
        const rows = rowsOf(line);
        if (rows[0]) rows[0][1][0] = 2;
        return { rows };
      }),
      "another Create": change("rows", (line) => {
        const rows = rowsOf(line);
        const create = rows[0]?.[1][1];
        if (create) create[4] = "somebody else";
        return { rows };
      }),
      "no record at all": sealed([null]),
      "no header": sealed(lines.slice(1)),
      "two headers": sealed([lines[0], ...lines]),
      "no code for its first revision": sealed(
        changed(lines, "end", () => ({ revisions: 1 })).filter(
          ({ kind, revision }) => kind !== "revision" || revision !== 1,
        ),
      ),
      "other counts": change("end", () => ({ snapshots: 9 })),
    };
    for (const [what, file] of Object.entries(cases)) {
      const body = await refusedWhole(file, agent).catch((error: unknown) => {
        throw new Error(what, { cause: error });
      });
      expect(body.detail, what).toMatch(
        /(?:Line \d+|The file|Revision \d) .*Nothing was imported/s,
      );
    }
  });

  test("without a snapshot that an update has handed over: what came before it goes again", async () => {
    const component = fresh("carried").replaceAll(/[^a-z0-9-]/g, "-");
    const agent = await travelled();
    const lines = linesOf(await exported(agent)).filter(({ kind }) => kind !== "snapshot");
    const { key } = await api.agent(agent);
    const bare = changed(lines, "end", () => ({ snapshots: 0 }));
    const renamed = bare.map(
      (line) => JSON.parse(JSON.stringify(line).replaceAll('"moved"', `"${component}"`)) as Line,
    );
    const there = address(key, component);
    const { detail } = await refusedWhole(sealed(renamed), there, component);
    expect(detail).toContain("without the snapshot of");
    expect((await api.get(`/v1/components/${component}`)).status).toBe(404);
  });

  test("of a class that its revisions do not have, though they are known here", async () => {
    const agent = await travelled();
    const text = (await exported(agent)).replaceAll('"Counter"', '"Other"');
    const { key } = await api.agent(agent);
    const other = agentPath("moved", "Other", key);
    const { detail } = await refusedWhole(sealed(linesOf(text)), other);
    expect(detail).toContain("exports no agent class Other");
  });

  test("leaves no revision behind, and the next upload gets the number", async () => {
    const component = "left";
    const agent = address(fresh("key"), component);
    await api.upload(component, script(1));
    await api.upload(component, script(2));
    await api.result(agent, "add");
    const lines = linesOf(await exported(agent));
    await api.send("DELETE", agent);
    const unknown = changed(lines, "revision", () => ({ revision: 7 }));
    await refusedWhole(sealed([...unknown.slice(0, -1), { kind: "end" }]), agent, component);
    const { body } = await api.get<{ revisions: RevisionView[] }>(
      `/v1/components/${component}/revisions`,
    );
    expect(body.revisions.map(({ revision }) => revision)).toEqual([2, 1]);
    expect((await api.upload(component, script(3))).revision).toBe(3);
  });
});
