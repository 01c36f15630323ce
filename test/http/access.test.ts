/** Tokens over HTTP: minted, listed, revoked, limited, and never to be seen again. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { AgentsPage } from "../../src/core/api/directory.ts";
import type { TokenView } from "../../src/core/access/token.ts";
import { startServer } from "../support/server.ts";
import { box as code } from "../e2e/support/box.ts";
import { agentPath, createApi, type Api } from "./support/api.ts";
import { makeKey, openIssuer, sign } from "./support/issuer.ts";
import { iso } from "./support/matchers.ts";
import { problemOf } from "./support/problem.ts";
import { sendRaw } from "./support/raw.ts";
import { openSite } from "./support/site.ts";

const secret = "the-secret-of-the-administrator";
const { server } = await openSite({ token: secret });
const admin = createApi(server.url, secret);

interface Minted extends TokenView {
  readonly token: string;
}

async function mint(request: object): Promise<Minted> {
  const answer = await admin.send<Minted>("POST", "/v1/tokens", { json: request });
  expect(answer.status).toBe(201);
  return answer.body;
}

async function holderOf(request: object): Promise<Api> {
  return createApi(server.url, (await mint({ name: "some", ...request })).token);
}

await admin.upload("shop", code({ mark: "one" }));
await admin.upload("bank", code({ mark: "one" }));
for (const key of ["eu-ada", "us-bob"]) await admin.send("PUT", agentPath("shop", "Box", key));

describe("minting", () => {
  test("shows the token once, beside what it is for", async () => {
    const request = {
      name: "the European shop",
      scopes: ["read", "invoke"],
      component: "shop",
      keyPrefix: "eu-",
      rateLimit: { requests: 100, perSeconds: 10 },
      expiresAt: "2099-01-01T01:00:00+01:00",
    };
    const answer = await admin.send<Minted>("POST", "/v1/tokens", { json: request });
    const { token, ...view } = answer.body;
    expect(answer.status).toBe(201);
    expect(view).toEqual({
      id: token.split("_")[1],
      ...request,
      expiresAt: "2099-01-01T00:00:00.000Z",
      createdAt: iso,
    });
    expect(answer.headers.get("location")).toBe(`/v1/tokens/${view.id}`);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const shown = await admin.get(`/v1/tokens/${view.id}`);
    expect(shown.body).toEqual(view);
    const listed = await admin.get<{ tokens: TokenView[] }>("/v1/tokens?limit=1");
    expect(listed.body.tokens).toEqual([view]);
  });

  test("takes what the README shows", async () => {
    const section = readFileSync("README.md", "utf8").split("\n## Access\n")[1] ?? "";
    const shown = /-d '([^']+)'/.exec(section)?.[1] ?? "";
    const { token, createdAt: _, id: __, ...view } = await mint(JSON.parse(shown) as object);
    expect(token).toMatch(/^pdr_/);
    expect(view).toEqual({
      ...(JSON.parse(shown) as object),
      expiresAt: "2099-01-01T00:00:00.000Z",
    });
  });

  const valid = { name: "some", scopes: ["read"] };
  test.each([
    ["no name", { scopes: ["read"] }, "name"],
    ["an empty name", { ...valid, name: "" }, "name"],
    ["no scopes", { ...valid, scopes: [] }, "scopes"],
    ["a scope that there is not", { ...valid, scopes: ["write"] }, "scopes"],
    ["a component that is none", { ...valid, component: "Shop" }, "component"],
    ["a prefix without a component", { ...valid, keyPrefix: "eu-" }, "keyPrefix"],
    ["an empty prefix", { ...valid, component: "shop", keyPrefix: "" }, "keyPrefix"],
    ["no requests", { ...valid, rateLimit: { requests: 0, perSeconds: 1 } }, "rateLimit"],
    ["a long window", { ...valid, rateLimit: { requests: 1, perSeconds: 61 } }, "rateLimit"],
    ["an end that is past", { ...valid, expiresAt: "2020-01-01T00:00:00Z" }, "expiresAt"],
    ["an end that is no time", { ...valid, expiresAt: "tomorrow" }, "expiresAt"],
    ["a member that is misspelt", { ...valid, prefix: "eu-" }, ""],
  ])("is refused with %s", async (_, json, member) => {
    const answer = await admin.send("POST", "/v1/tokens", { json });
    const { issues } = problemOf(answer, 400, "invalid-request");
    expect(issues?.[0]?.path.slice(0, 2)).toEqual(member === "" ? ["body"] : ["body", member]);
  });
});

describe("lists", () => {
  test("are newest first, page by page, each token once", async () => {
    const made: string[] = [];
    for (let at = 0; at < 5; at += 1) {
      made.unshift((await mint({ name: `page ${at}`, scopes: ["read"] })).id);
    }
    const listed: string[] = [];
    let query = "?limit=2";
    for (let page = 0; page < 3; page += 1) {
      const { body } = await admin.get<{ tokens: TokenView[]; cursor?: string }>(
        `/v1/tokens${query}`,
      );
      expect(body.tokens).toHaveLength(2);
      listed.push(...body.tokens.map(({ id }) => id));
      query = `?limit=2&cursor=${body.cursor}`;
    }
    expect(listed.slice(0, 5)).toEqual(made);
    problemOf(await admin.get("/v1/tokens?cursor=none"), 400, "invalid-request");
  });
});

describe("a token", () => {
  test("that was revoked lets nobody in from then on, and is not there any more", async () => {
    const { token, id } = await mint({ name: "revoked", scopes: ["read"] });
    const holder = createApi(server.url, token);
    expect((await holder.get("/v1/components")).status).toBe(200);
    expect((await admin.send("DELETE", `/v1/tokens/${id}`)).status).toBe(204);
    problemOf(await holder.get("/v1/components"), 401, "unauthorized");
    problemOf(await admin.get(`/v1/tokens/${id}`), 404, "token-not-found");
    problemOf(await admin.send("DELETE", `/v1/tokens/${id}`), 404, "token-not-found");
  });

  test("that is wrong is told the same as one that is revoked or was never minted", async () => {
    const { token, id } = await mint({ name: "compared", scopes: ["read"] });
    const wrong = `${token.slice(0, -1)}${token.endsWith("A") ? "E" : "A"}`;
    const answers = [await createApi(server.url, wrong).get("/v1/components")];
    await admin.send("DELETE", `/v1/tokens/${id}`);
    for (const one of [token, `pdr_${"0".repeat(24)}_${"0".repeat(43)}`, "another"]) {
      answers.push(await createApi(server.url, one).get("/v1/components"));
    }
    const told = answers.map(({ status, headers, text }) => {
      expect(headers.get("www-authenticate")).toBe("Bearer");
      return [status, text];
    });
    for (const one of told) expect(one).toEqual(told[0]);
    expect(told[0]?.[0]).toBe(401);
  });

  test("works after a kill and a restart, and one that was revoked does not", async () => {
    const kept = await mint({ name: "kept", scopes: ["read"] });
    const gone = await mint({ name: "gone", scopes: ["read"] });
    await admin.send("DELETE", `/v1/tokens/${gone.id}`);
    await server.kill9();
    await server.restart();
    expect((await createApi(server.url, kept.token).get("/v1/components")).status).toBe(200);
    const answer = await createApi(server.url, gone.token).get("/v1/components");
    problemOf(answer, 401, "unauthorized");
  });

  test("is nowhere to be found: in no answer, in no file of the state, in no log", async () => {
    const { token, id } = await mint({ name: "hidden", scopes: ["admin"] });
    const hidden = token.split("_").slice(2).join("_");
    const holder = createApi(server.url, token);
    const answers = [
      await holder.get("/v1/tokens?limit=1000"),
      await holder.get(`/v1/tokens/${id}`),
      await holder.send("POST", "/v1/tokens", { json: {} }),
      await holder.get("/v1/none"),
    ];
    for (const { text, headers } of answers) {
      expect(text).not.toContain(hidden);
      expect(JSON.stringify([...headers])).not.toContain(hidden);
    }
    const files = readdirSync(server.state, { recursive: true, encoding: "utf8" })
      .map((name) => join(server.state, name))
      .filter((name) => statSync(name).isFile());
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) expect(readFileSync(file).includes(hidden), file).toBe(false);
    expect(server.output.stdout + server.output.stderr).not.toContain(hidden);
  });
});

test("a token that was minted opens nothing where nobody could revoke it, and is not asked for where all is open", async () => {
  const first = await startServer({ token: secret });
  const client = createApi(first.url, secret);
  const request = { json: { name: "left", scopes: ["admin"] } };
  const { token } = (await client.send<Minted>("POST", "/v1/tokens", request)).body;
  await first.stop();
  const { state } = first;
  const closed = await startServer({ state, variables: { PERDURE_LOCAL: "false" } });
  const answer = await createApi(closed.url, token).get("/v1/components");
  problemOf(answer, 503, "auth-not-configured");
  await closed.stop();
  const open = await startServer({ state });
  for (const any of [undefined, token, "another"]) {
    expect((await createApi(open.url, any).get("/v1/tokens")).status).toBe(200);
  }
  await open.stop();
});

describe("a token with a rate limit", () => {
  test("gets 429 with Retry-After when it is used up, and nobody else does", async () => {
    const scarce = { scopes: ["read"], rateLimit: { requests: 3, perSeconds: 60 } };
    const one = await holderOf(scarce);
    const other = await holderOf(scarce);
    // Whatever comes of a request, it counts.
    const statuses = [];
    for (const path of ["/v1/components", "/v1/tokens", "/v1/none", "/v1/components"]) {
      statuses.push((await one.get(path)).status);
    }
    expect(statuses).toEqual([200, 403, 404, 429]);
    const refused = await one.get("/v1/components");
    problemOf(refused, 429, "rate-limited");
    expect(refused.headers.get("retry-after")).toMatch(/^([1-9]|1\d|20)$/);
    expect((await other.get("/v1/components")).status).toBe(200);
    expect((await admin.get("/v1/components")).status).toBe(200);
  });
});

describe("a token that is limited to a prefix cannot get out of it", async () => {
  const limits = { component: "shop", keyPrefix: "eu-" };
  const { token } = await mint({ name: "limited", scopes: ["admin"], ...limits });
  const limited = createApi(server.url, token);
  const before = await admin.get(agentPath("shop", "Box", "us-bob"));

  test.each([
    ["/v1/agents/shop/Box/us-bob"],
    ["/v1/agents/shop/Box/%75s-bob"],
    ["/v1/agents/shop/Box/..%2Feu-ada"],
    ["/v1/agents/shop/Box/%20eu-ada"],
    ["/v1/agents/shop/Box/EU-ada"],
    ["/v1/agents/shop/Box/%2565u-ada"],
    ["/v1/agents/bank/Box/eu-ada"],
    ["/v1/agents/%62ank/Box/eu-ada"],
    ["/v1/agents/shop"],
    ["/v1/agents/shop?prefix="],
    ["/v1/agents/shop?prefix=e"],
    ["/v1/agents/shop?prefix=us-"],
    ["/v1/agents/shop?prefix=%65"],
    ["/v1/agents/shop?Prefix=eu-"],
    ["/v1/agents/bank?prefix=eu-"],
    ["/v1/components"],
    ["/v1/components/bank"],
    ["/v1/components/shop/rollouts"],
    ["/v1/components/shop/rollouts?prefix=eu-"],
    ["/v1/tokens"],
  ])("GET %s is forbidden", async (path) => {
    problemOf(await limited.get(path), 403, "forbidden");
  });

  test.each([
    ["/v1/agents/shop?prefix=eu-&prefix=us-", 400],
    ["/v1/agents/shop?prefix=us-&prefix=eu-", 400],
    ["/v1/agents/shop/Box/%ff", 400],
    ["/v1/agents/shop/Box/", 400],
  ])("GET %s is no request at all: %i", async (path, status) => {
    expect((await limited.get(path)).status).toBe(status);
  });

  test.each([
    ["/v1/agents/shop/Box/eu-ada"],
    ["/v1/agents/%73hop/Box/%65u-ada"],
    ["/v1/components/shop"],
    ["/v1/components/shop/revisions/1"],
    ["/v1/agents/shop?prefix=eu-"],
    ["/v1/agents/shop?prefix=%65u-a"],
  ])("GET %s is within it", async (path) => {
    expect((await limited.get(path)).status).toBe(200);
  });

  test("a path with dots leads to no other agent", async () => {
    for (const path of [
      "/v1/agents/shop/Box/eu-x/../us-bob",
      "/v1/agents/shop/Box/eu-x/%2e%2e/us-bob",
    ]) {
      const { status, text } = await sendRaw(server.url, "GET", path, {
        authorization: `Bearer ${token}`,
      });
      expect([400, 403, 404]).toContain(status);
      expect(text).not.toContain("incarnation");
    }
  });

  test("a cursor from the list of all agents leads to none outside", async () => {
    const all = await admin.get<AgentsPage & { cursor?: string }>("/v1/agents/shop?limit=1");
    const { cursor = "" } = all.body;
    expect(cursor).not.toBe("");
    const page = await limited.get<AgentsPage>(`/v1/agents/shop?prefix=eu-&cursor=${cursor}`);
    expect(page.status).toBe(200);
    expect(page.body.agents).toEqual([]);
  });

  test("nor does it change anything outside", async () => {
    const bob = agentPath("shop", "Box", "us-bob");
    const refused = [
      await limited.invoke(bob, "add", { args: ["x"] }),
      await limited.send("PUT", agentPath("shop", "Box", "us-new")),
      await limited.send("DELETE", bob),
      await limited.send("POST", `${bob}/promises/none`, { json: 1 }),
      await limited.send("POST", "/v1/components/shop/revisions", {
        body: "",
        headers: { "content-type": "text/javascript" },
      }),
      await limited.send("POST", "/v1/components/shop/rollouts", {
        json: { revision: 1, mode: "automatic", prefix: "eu-" },
      }),
      await limited.send("POST", "/v1/tokens", { json: { name: "more", scopes: ["admin"] } }),
    ];
    for (const answer of refused) problemOf(answer, 403, "forbidden");
    expect((await admin.get(bob)).body).toEqual(before.body);
    expect((await admin.get(agentPath("shop", "Box", "us-new"))).status).toBe(404);
  });
});

describe("Cloudflare Access", async () => {
  const key = await makeKey("one");
  const issuer = await openIssuer(key.publicJwk);
  afterAll(() => issuer.close());
  const setting = { issuer: issuer.url, audience: "tag", scopes: ["read"], component: "shop" };
  const guarded = await openSite({ variables: { PERDURE_ACCESS: JSON.stringify(setting) } });
  const ask = async (path: string, headers: Readonly<Record<string, string>>) =>
    guarded.api.send("GET", path, { headers });
  const assertion = await sign(key, issuer.url);
  const asserted = { "cf-access-jwt-assertion": assertion };

  test("lets in who has its assertion, as far as is configured", async () => {
    expect((await ask("/v1/components/none", asserted)).status).toBe(403);
    problemOf(await ask("/v1/components/shop", asserted), 404, "component-not-found");
    problemOf(await ask("/v1/tokens", asserted), 403, "forbidden");
  });

  test("and nobody else, although the server is a developer's", async () => {
    problemOf(await ask("/v1/components/shop", {}), 401, "unauthorized");
    const other = { "cf-access-jwt-assertion": await sign(key, issuer.url, { aud: ["other"] }) };
    problemOf(await ask("/v1/components/shop", other), 401, "unauthorized");
    const both = { ...asserted, authorization: "Bearer wrong" };
    problemOf(await ask("/v1/components/shop", both), 401, "unauthorized");
  });

  test("proves nothing about a page of another site that makes a browser call", async () => {
    const headers = { ...asserted, origin: "https://evil.example" };
    problemOf(await ask("/v1/components/shop", headers), 403, "forbidden");
  });

  test("counts for nothing where it is not configured", async () => {
    const answer = await createApi(server.url).send("GET", "/v1/components", { headers: asserted });
    problemOf(answer, 401, "unauthorized");
  });

  test("lets nobody in while its configuration is wrong: the server does not start", async () => {
    const variables = {
      PERDURE_ACCESS: JSON.stringify({ ...setting, issuer: "http://a.example" }),
    };
    await expect(startServer({ variables })).rejects.toThrow("PERDURE_ACCESS has no `issuer`");
  });
});
