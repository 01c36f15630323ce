/** Tokens inside workerd: what is stored of them, who is known by them, and how long they are remembered. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import type { TokenStoreOperations } from "../../src/core/api/tokens.ts";
import type { RateOperations } from "../../src/core/api/tokens.ts";
import { KnownTokens } from "../../src/host/access/known-tokens.ts";
import { Tokens } from "../../src/host/access/tokens.ts";

const bindings = env as unknown as {
  readonly TOKENS: DurableObjectNamespace;
  readonly RATES: DurableObjectNamespace;
};
const stub = () => bindings.TOKENS.getByName("tokens");
const store = () => stub() as unknown as TokenStoreOperations;
const rates = (id: string) => bindings.RATES.getByName(id) as unknown as RateOperations;
const soon = () => new Date(Date.now() + 60_000).toISOString();

afterEach(() => {
  vi.useRealTimers();
});

test("a token is pdr_, an id, and a secret of 256 bits, and no two are the same", async () => {
  const tokens = new Tokens(store);
  const { token, ...view } = await tokens.mint({ name: "one", scopes: ["read"] });
  const other = await tokens.mint({ name: "one", scopes: ["read"] });
  expect(token).toMatch(/^pdr_[0-9a-f]{24}_[\w-]{43}$/);
  expect(token.startsWith(`pdr_${view.id}_`)).toBe(true);
  expect(other.token.slice(-43)).not.toBe(token.slice(-43));
  expect(other.id).not.toBe(view.id);
});

test("what is stored of a token is its hash: neither the token nor its secret", async () => {
  const { token } = await new Tokens(store).mint({ name: "stored", scopes: ["read"] });
  const rows = await runInDurableObject(stub(), (_, { storage }) =>
    storage.sql
      .exec<{ view: string; hash: ArrayBuffer }>("SELECT * FROM tokens")
      .toArray()
      .map(({ view, hash }) => [view, new Uint8Array(hash).toHex()].join(" ")),
  );
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  expect(rows.join("\n")).toContain(new Uint8Array(digest).toHex());
  expect(rows.join("\n")).not.toContain(token.slice(-43));
});

test("a token is known with its limits, also after the object was out of memory", async () => {
  const rateLimit = { requests: 5, perSeconds: 10 };
  const limits = { scopes: ["read", "invoke"], component: "shop", keyPrefix: "eu-" } as const;
  const request = { name: "limited", ...limits, rateLimit, expiresAt: soon() };
  const { token, ...view } = await new Tokens(store).mint(request);
  await evictDurableObject(stub());
  const tokens = new Tokens(store);
  expect(await tokens.show(view.id)).toEqual(view);
  expect(await tokens.callerOf(token)).toEqual({
    grant: limits,
    limited: { tokenId: view.id, rateLimit },
  });
});

test("nobody is known by another secret, another id, or what is no token", async () => {
  const tokens = new Tokens(store);
  const { token, ...view } = await tokens.mint({ name: "mine", scopes: ["admin"] });
  const other = await tokens.mint({ name: "other", scopes: ["admin"] });
  const lastChanged = token.slice(0, -1) + (token.endsWith("A") ? "E" : "A");
  for (const wrong of [
    lastChanged,
    `pdr_${view.id}_${other.token.slice(-43)}`,
    `pdr_${"0".repeat(24)}_${token.slice(-43)}`,
    token.slice(0, -1),
    `${token}A`,
    token.toUpperCase(),
    view.id,
    "",
  ]) {
    expect(await tokens.callerOf(wrong), wrong).toBeUndefined();
  }
  expect(await tokens.callerOf(token)).toEqual({ grant: { scopes: ["admin"] } });
});

test("an expired token is nobody's, from the millisecond on, although it is remembered", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const tokens = new Tokens(store);
  const expiresAt = new Date(Date.now() + 5_000).toISOString();
  const { token } = await tokens.mint({ name: "short", scopes: ["read"], expiresAt });
  vi.setSystemTime(Date.parse(expiresAt) - 1);
  expect(await tokens.callerOf(token)).toBeDefined();
  vi.setSystemTime(Date.parse(expiresAt));
  expect(await tokens.callerOf(token)).toBeUndefined();
});

test("revocation holds at once where it is made, and after ten seconds everywhere", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const here = new Tokens(store);
  const elsewhere = new Tokens(store);
  const { token, ...view } = await here.mint({ name: "revoked", scopes: ["read"] });
  expect(await here.callerOf(token)).toBeDefined();
  expect(await elsewhere.callerOf(token)).toBeDefined();
  expect(await here.revoke(view.id)).toBe(true);
  expect(await here.callerOf(token)).toBeUndefined();
  expect(await here.show(view.id)).toBeUndefined();
  expect(await here.revoke(view.id)).toBe(false);
  vi.setSystemTime(Date.now() + 10_000);
  expect(await elsewhere.callerOf(token)).toBeUndefined();
});

test("a read that a revocation overtakes is not remembered", async () => {
  const known = new KnownTokens();
  const { token: _, ...view } = await new Tokens(store).mint({ name: "race", scopes: ["read"] });
  const stored = await store().find(view.id);
  const read = Promise.withResolvers<typeof stored>();
  const found = known.find(view.id, () => read.promise);
  known.forget(view.id);
  read.resolve(stored);
  expect(await found).toEqual(stored);
  expect(await known.find(view.id, async () => undefined)).toBeUndefined();
});

test("no more than a thousand tokens are remembered, the latest", async () => {
  const known = new KnownTokens();
  const token = {
    view: { id: "", name: "", scopes: [], createdAt: "" },
    hash: new ArrayBuffer(32),
  };
  const readBy = async (id: string) => {
    let isRead = false;
    await known.find(id, async () => {
      isRead = true;
      return token;
    });
    return isRead;
  };
  for (let id = 0; id <= 1_000; id += 1) expect(await readBy(String(id))).toBe(true);
  expect(await readBy("1000")).toBe(false);
  expect(await readBy("1")).toBe(false);
  expect(await readBy("0")).toBe(true);
});

test("lists are newest first, page by page", async () => {
  const tokens = new Tokens(store);
  const made: string[] = [];
  for (const name of ["a", "b", "c"]) {
    made.unshift((await tokens.mint({ name, scopes: ["read"] })).id);
  }
  const first = await tokens.list(2);
  expect(first.tokens.map(({ id }) => id)).toEqual(made.slice(0, 2));
  const second = await tokens.list(1, first.before);
  expect(second.tokens.map(({ id }) => id)).toEqual(made.slice(2));
});

test("requests are counted for each token on its own, and none is let through too many", async () => {
  const limit = { requests: 10, perSeconds: 60 };
  const answers = await Promise.all(Array.from({ length: 30 }, () => rates("busy").take(limit)));
  expect(answers.filter((waitMs) => waitMs === 0)).toHaveLength(10);
  for (const waitMs of answers.filter((ms) => ms > 0)) expect(waitMs).toBeLessThanOrEqual(6_000);
  expect(await rates("idle").take(limit)).toBe(0);
});

test("a count is kept in memory until nothing of it matters any more", async () => {
  const begun = Date.now();
  await rates("kept").take({ requests: 1, perSeconds: 1 });
  await evictDurableObject(bindings.RATES.getByName("kept"));
  expect(Date.now() - begun).toBeGreaterThanOrEqual(1_000);
});
