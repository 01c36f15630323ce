/** Every route with every kind of token: who gets in is who should, and who does not changes nothing. */
import { beforeAll, expect, test } from "vitest";
import type { Route } from "../../src/http/routing/route.ts";
import { routes } from "../../src/http/routes/table.ts";
import { box as code } from "../e2e/support/box.ts";
import { agentPath, createApi } from "./support/api.ts";
import { openSite } from "./support/site.ts";
import { until } from "./support/until.ts";

const secret = "the-secret-of-the-table";
const { server } = await openSite({ token: secret });
const admin = createApi(server.url, secret);

/** What the contract says of each route: the scopes of which one will do, and what it is about. */
type About = "public" | "api" | "host" | "code" | "fleet" | "agent";
const contract: Readonly<Record<string, readonly [scopes: string, about: About]>> = {
  getHealth: ["", "public"],
  getDocs: ["", "public"],
  getDescription: ["read invoke operate deploy admin", "api"],
  getRevisionDescription: ["read invoke", "code"],
  listComponents: ["read", "host"],
  getComponent: ["read", "code"],
  listRevisions: ["read", "code"],
  getRevision: ["read", "code"],
  uploadRevision: ["deploy", "code"],
  listAgents: ["read", "fleet"],
  getAgent: ["read", "agent"],
  createAgent: ["invoke", "agent"],
  deleteAgent: ["operate", "agent"],
  invoke: ["invoke", "agent"],
  listInvocations: ["read invoke", "agent"],
  getInvocation: ["read invoke", "agent"],
  cancelInvocation: ["invoke", "agent"],
  completePromise: ["invoke", "agent"],
  listSchedules: ["read", "agent"],
  createSchedule: ["invoke", "agent"],
  getSchedule: ["read", "agent"],
  deleteSchedule: ["invoke", "agent"],
  interruptAgent: ["operate", "agent"],
  resumeAgent: ["operate", "agent"],
  updateAgent: ["operate", "agent"],
  listUpdates: ["read", "agent"],
  revertAgent: ["operate", "agent"],
  forkAgent: ["operate", "agent"],
  exportAgent: ["operate", "agent"],
  importAgent: ["admin", "fleet"],
  takeSnapshot: ["operate", "agent"],
  getSnapshot: ["read", "agent"],
  readOplog: ["read", "agent"],
  followOplog: ["read", "agent"],
  listRollouts: ["read operate", "fleet"],
  startRollout: ["operate", "fleet"],
  getRollout: ["read operate", "fleet"],
  listRolloutAgents: ["read operate", "fleet"],
  pauseRollout: ["operate", "fleet"],
  resumeRollout: ["operate", "fleet"],
  cancelRollout: ["operate", "fleet"],
  mintToken: ["admin", "host"],
  listTokens: ["admin", "host"],
  getToken: ["admin", "host"],
  revokeToken: ["admin", "host"],
};

const scopes = ["read", "invoke", "operate", "deploy", "admin"] as const;

/** All kinds of tokens, and whether each gets in where it is needed for `scopes` about `about`. */
const kinds: Readonly<Record<string, (needed: readonly string[], about: About) => boolean>> = {
  none: () => false,
  wrong: () => false,
  revoked: () => false,
  expired: () => false,
  ...Object.fromEntries(
    scopes.map((scope) => [
      scope,
      (needed: readonly string[]) => scope === "admin" || needed.includes(scope),
    ]),
  ),
  "this component": (_, about) => about !== "host",
  "another component": (_, about) => about === "api",
  "this prefix": (needed, about) =>
    about === "api" || about === "agent" || (about === "code" && needed.includes("read")),
  "another prefix": (needed, about) =>
    about === "api" || (about === "code" && needed.includes("read")),
  secret: () => true,
};

const tokens: Record<string, string | undefined> = { none: undefined, secret };

async function mint(name: string, request: object): Promise<void> {
  const answer = await admin.send<{ token: string; id: string }>("POST", "/v1/tokens", {
    json: { name, ...request },
  });
  expect(answer.status).toBe(201);
  tokens[name] = answer.body.token;
}

const agents = ["eu-ada", "us-bob"].map((key) => agentPath("shop", "Box", key));

beforeAll(async () => {
  await admin.upload("shop", code({ mark: "one" }));
  for (const agent of agents) await admin.send("PUT", agent);
  for (const scope of scopes) await mint(scope, { scopes: [scope] });
  const all = { scopes: ["admin"] };
  await mint("this component", { ...all, component: "shop" });
  await mint("another component", { ...all, component: "bank" });
  await mint("this prefix", { ...all, component: "shop", keyPrefix: "eu-" });
  await mint("another prefix", { ...all, component: "shop", keyPrefix: "us-" });
  await mint("revoked", all);
  await mint("expired", { ...all, expiresAt: new Date(Date.now() + 1_000).toISOString() });
  await mint("wrong", all);
  tokens["wrong"] = `${tokens["wrong"]?.slice(0, -4)}AAAA`;
  const revoked = tokens["revoked"]?.split("_")[1];
  expect((await admin.send("DELETE", `/v1/tokens/${revoked}`)).status).toBe(204);
  const expired = createApi(server.url, tokens["expired"]);
  await until(
    () => expired.get("/v1/components"),
    ({ status }) => status === 401,
  );
});

const values: Readonly<Record<string, string>> = {
  component: "shop",
  type: "Box",
  key: "eu-ada",
  method: "list",
  revision: "1",
  index: "1",
};

/** The status of a route; its body, if there is one, is taken or refused once somebody is let in. */
async function statusOf(kind: string, { verb, path }: Route): Promise<number> {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "none");
  const token = tokens[kind];
  const response = await fetch(`${server.url}${filled}`, {
    method: verb,
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(verb === "POST" || verb === "PUT" ? { body: '{"method":"list"}' } : {}),
  });
  // What it says is of no interest here, and a stream would never end.
  await response.body?.cancel();
  return response.status;
}

/** Everything that a request of the table could change. */
async function state(): Promise<string> {
  const paths = [
    "/v1/components",
    "/v1/components/shop/revisions",
    "/v1/components/shop/rollouts",
    "/v1/agents/shop",
    "/v1/tokens",
    ...agents.flatMap((agent) => [agent, `${agent}/oplog`, `${agent}/schedules`]),
  ];
  const answers = await Promise.all(paths.map((path) => admin.get(path)));
  return answers.map(({ text }) => text).join("\n");
}

test("the contract says of every route who may call it", () => {
  expect(routes.map(({ id }) => id).toSorted()).toEqual(Object.keys(contract).toSorted());
});

test("who gets in is who should, and who does not changes nothing", async () => {
  const cells = routes.flatMap((route) =>
    Object.entries(kinds).map(([kind, getsIn]) => {
      const [needed = "", about = "host"] = contract[route.id] ?? [];
      return { route, kind, may: about === "public" || getsIn(needed.split(" "), about) };
    }),
  );
  const got = new Map<string, number>();
  const before = await state();
  for (const { route, kind } of cells.filter(({ may }) => !may)) {
    got.set(`${route.id} ${kind}`, await statusOf(kind, route));
  }
  expect(await state()).toBe(before);
  for (const { route, kind } of cells.filter(({ may }) => may)) {
    got.set(`${route.id} ${kind}`, await statusOf(kind, route));
  }
  const wrong = cells.filter(({ route, kind, may }) => {
    const status = got.get(`${route.id} ${kind}`) ?? 0;
    const isUnknown = ["none", "wrong", "revoked", "expired"].includes(kind);
    return may ? status === 401 || status === 403 : status !== (isUnknown ? 401 : 403);
  });
  expect(wrong.map(({ route, kind }) => [route.id, kind, got.get(`${route.id} ${kind}`)])).toEqual(
    [],
  );
  await expect(
    tableOf((route, kind) => ![401, 403].includes(got.get(`${route.id} ${kind}`) ?? 401)),
  ).toMatchFileSnapshot("access-table.md");
});

/** The table for people, as it was found. */
function tableOf(getsIn: (route: Route, kind: string) => boolean): string {
  const names = Object.keys(kinds);
  const rows = routes.map((route) =>
    [
      "",
      `\`${route.verb} ${route.path}\``,
      ...names.map((kind) => (getsIn(route, kind) ? "yes" : "")),
      "",
    ]
      .join(" | ")
      .trim(),
  );
  return [
    "# Who gets in",
    "",
    "Each request with each kind of token, as `access-table.test.ts` finds it on a server. The tokens with",
    "limits have the scope `admin`; the agent's key is `eu-ada`, and the prefixes are `eu-` and `us-`.",
    "A list of agents can have a `?prefix=` that begins with the token's: then it gets in, too.",
    "",
    `| request | ${names.join(" | ")} |`,
    `| --- |${" --- |".repeat(names.length)}`,
    ...rows,
    "",
  ].join("\n");
}
