import { describe, expect, test } from "vitest";
import { accept, refuse } from "../../../src/core/errors.ts";
import { json, problemOf, rollout, startApp } from "./fake-ports.ts";

const summary = {
  component: "shop",
  type: "Cart",
  key: "a/é",
  status: "idle",
  revision: 1,
  createdAt: "2026-01-01T00:00:00.000Z",
} as const;

async function issuesOf(response: Response) {
  const { code, issues = [] } = await problemOf(response);
  return [response.status, code, ...issues.map(({ path }) => path.join("."))];
}

describe("GET /v1/agents/{component}", () => {
  test("passes the filters on, and leaves out what is not given", async () => {
    const { calls, send } = startApp({ directory: { list: async () => ({ agents: [summary] }) } });
    const query = "type=Cart&status=retrying&revision=3&prefix=user%2F%C3%A9&limit=7";
    await send("GET", `/v1/agents/shop?${query}`);
    await send("GET", "/v1/agents/shop");
    expect(calls).toEqual([
      [
        "list",
        {
          component: "shop",
          type: "Cart",
          status: "retrying",
          revision: 3,
          prefix: "user/é",
          limit: 7,
        },
      ],
      ["list", { component: "shop", limit: 100 }],
    ]);
  });

  test("shows the agents, and a cursor that leads to the next page whatever the key has in it", async () => {
    const { calls, send } = startApp({
      directory: {
        list: async () => ({ agents: [summary], after: { type: "Cart", key: summary.key } }),
      },
    });
    const response = await send("GET", "/v1/agents/shop?limit=1");
    const body = (await response.json()) as { agents: unknown; cursor: string };
    expect(body).toEqual({
      agents: [summary],
      cursor: expect.stringMatching(/^[\w-]+$/) as string,
    });
    await send("GET", `/v1/agents/shop?cursor=${body.cursor}`);
    expect(calls.at(-1)?.[1]).toMatchObject({ after: { type: "Cart", key: summary.key } });
  });

  test("has no cursor on the last page", async () => {
    const { send } = startApp({ directory: { list: async () => ({ agents: [summary] }) } });
    expect(await (await send("GET", "/v1/agents/shop")).json()).toEqual({ agents: [summary] });
  });

  test("without any agent tells whether there is such a component", async () => {
    const { send } = startApp();
    expect(await (await send("GET", "/v1/agents/shop")).json()).toEqual({ agents: [] });
    const missing = startApp({
      component: { revision: async () => refuse("component-not-found", "none") },
    });
    const response = await missing.send("GET", "/v1/agents/shop");
    expect([response.status, (await problemOf(response)).code]).toEqual([
      404,
      "component-not-found",
    ]);
  });

  test.each([
    ["status=asleep", "query.status"],
    ["revision=0", "query.revision"],
    ["revision=latest", "query.revision"],
    ["type=1x", "query.type"],
    ["limit=0", "query.limit"],
    ["limit=1001", "query.limit"],
    ["cursor=%20", "query.cursor"],
    ["cursor=Q2FydA", "query.cursor"],
    // "Cart/%FF": no UTF-8.
    ["cursor=Q2FydC8lRkY", "query.cursor"],
    ["prefix=a&prefix=b", "query.prefix"],
  ])("refuses %s", async (query, path) => {
    const { calls, send } = startApp();
    const response = await send("GET", `/v1/agents/shop?${query}`);
    expect(await issuesOf(response)).toEqual([400, "invalid-request", path]);
    expect(calls).toEqual([]);
  });

  test("refuses other verbs, and names of components that cannot be", async () => {
    const { send } = startApp();
    expect((await send("POST", "/v1/agents/shop")).status).toBe(405);
    expect((await send("GET", "/v1/agents/Shop")).status).toBe(400);
  });
});

const route = "/v1/components/shop/rollouts";
const one = `${route}/${rollout.id}`;

describe("POST /v1/components/{component}/rollouts", () => {
  test("starts one, with its defaults: 202 and where it is", async () => {
    const { calls, send } = startApp();
    const response = await send("POST", route, json({ revision: "latest", mode: "manual" }));
    expect([response.status, response.headers.get("location")]).toEqual([202, one]);
    expect(await response.json()).toEqual(rollout);
    const settings = { revision: "latest", mode: "manual", concurrency: 10, dryRun: false };
    expect(calls).toEqual([["start", "shop", "shop", settings]]);
  });

  test.each([{ agents: 3 }, { percent: 2.5 }])(
    "takes every setting, and the canary %j",
    async (canary) => {
      const { calls, send } = startApp();
      const settings = {
        revision: 2,
        mode: "automatic",
        check: "calls",
        type: "Cart",
        prefix: "eu-",
        fromRevision: 1,
        concurrency: 3,
        canary,
        stopOnFailures: 5,
        dryRun: true,
      };
      expect((await send("POST", route, json(settings))).status).toBe(202);
      expect(calls[0]?.[3]).toEqual(settings);
    },
  );

  test.each<[string, object, string]>([
    ["no revision", { revision: undefined }, "body.revision"],
    ["a revision below 1", { revision: 0 }, "body.revision"],
    ["no mode", { mode: undefined }, "body.mode"],
    ["another mode", { mode: "both" }, "body.mode"],
    ["another check", { check: "none" }, "body.check"],
    ["a type that no class can have", { type: "1x" }, "body.type"],
    ["a prefix that no key can begin with", { prefix: "x".repeat(512) }, "body.prefix"],
    ["a revision to come from that cannot be", { fromRevision: 0 }, "body.fromRevision"],
    ["no agent at a time", { concurrency: 0 }, "body.concurrency"],
    ["too many at a time", { concurrency: 101 }, "body.concurrency"],
    ["an empty canary", { canary: {} }, "body.canary"],
    ["a canary of both kinds", { canary: { agents: 1, percent: 1 } }, "body.canary"],
    ["a canary of nobody", { canary: { agents: 0 } }, "body.canary.agents"],
    ["a canary of more than all", { canary: { percent: 101 } }, "body.canary.percent"],
    ["to stop at no failure", { stopOnFailures: 0 }, "body.stopOnFailures"],
    ["another member", { what: 1 }, "body"],
  ])("refuses %s", async (_, wrong, path) => {
    const { calls, send } = startApp();
    const body = { revision: 2, mode: "automatic", ...wrong };
    const response = await send("POST", route, json(body));
    expect((await issuesOf(response)).slice(0, 3)).toEqual([400, "invalid-request", path]);
    expect(calls).toEqual([]);
  });

  test("is never repeated, for that might start two", async () => {
    const broken = Object.assign(new Error("reset"), { retryable: true });
    const { calls, send } = startApp({ rollouts: { start: () => Promise.reject(broken) } });
    const response = await send("POST", route, json({ revision: 2, mode: "manual" }));
    expect([response.status, calls.length]).toEqual([500, 1]);
  });
});

describe("a rollout", () => {
  test.each([
    ["GET", one, ["show", "shop", rollout.id]],
    ["POST", `${one}/pause`, ["command", "shop", rollout.id, "pause"]],
    ["POST", `${one}/resume`, ["command", "shop", rollout.id, "resume"]],
    ["POST", `${one}/cancel`, ["command", "shop", rollout.id, "cancel"]],
  ])("%s %s answers the rollout", async (verb, path, call) => {
    const { calls, send } = startApp();
    const response = await send(verb, path);
    expect([response.status, await response.json()]).toEqual([200, rollout]);
    expect(calls).toEqual([call]);
  });

  test.each([
    ["rollout-not-found", 404],
    ["rollout-not-active", 409],
  ] as const)("%s is %d", async (code, status) => {
    const refused = async () => refuse(code, "so it is");
    const { send } = startApp({ rollouts: { show: refused, command: refused, agents: refused } });
    for (const [verb, path] of [
      ["GET", one],
      ["GET", `${one}/agents`],
      ["POST", `${one}/pause`],
    ] as const) {
      const response = await send(verb, path);
      expect([response.status, (await problemOf(response)).code]).toEqual([status, code]);
    }
  });

  test("lists its agents by outcome and by the page", async () => {
    const agents = [{ type: "Cart", key: "k", outcome: "diverges" }] as const;
    const { calls, send } = startApp({
      rollouts: { agents: async () => accept({ agents, after: 41 }) },
    });
    const response = await send("GET", `${one}/agents?outcome=diverges&limit=1`);
    const body = (await response.json()) as { cursor: string };
    expect(body).toEqual({ agents, cursor: expect.any(String) as string });
    await send("GET", `${one}/agents?cursor=${body.cursor}`);
    expect(calls).toEqual([
      ["agents", "shop", rollout.id, { outcome: "diverges", limit: 1 }],
      ["agents", "shop", rollout.id, { limit: 100, after: 41 }],
    ]);
    const refused = await send("GET", `${one}/agents?outcome=lost`);
    expect(await issuesOf(refused)).toEqual([400, "invalid-request", "query.outcome"]);
  });
});

describe("GET /v1/components/{component}/rollouts", () => {
  test("lists them by the page", async () => {
    const { calls, send } = startApp({
      rollouts: { list: async () => ({ rollouts: [rollout], before: 4 }) },
    });
    const body = (await (await send("GET", `${route}?limit=1`)).json()) as { cursor: string };
    expect(body).toEqual({ rollouts: [rollout], cursor: expect.any(String) as string });
    await send("GET", `${route}?cursor=${body.cursor}`);
    expect(calls).toEqual([
      ["list", "shop", 1, undefined],
      ["list", "shop", 100, 4],
    ]);
  });

  test("without any tells whether there is such a component", async () => {
    const rollouts = { list: async () => ({ rollouts: [] }) };
    const { send } = startApp({ rollouts });
    expect(await (await send("GET", route)).json()).toEqual({ rollouts: [] });
    const component = { revision: async () => refuse("component-not-found", "none") };
    expect((await startApp({ rollouts, component }).send("GET", route)).status).toBe(404);
  });
});
