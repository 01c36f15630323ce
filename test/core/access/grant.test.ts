/** Who may do what: scopes, and limits to a component and to a prefix of keys. */
import { describe, expect, test } from "vitest";
import {
  everything,
  mayCall,
  reaches,
  type Grant,
  type Scope,
  type Target,
} from "../../../src/core/access/grant.ts";

const host: Target = { kind: "host" };
const code: Target = { kind: "code", component: "shop" };
const otherCode: Target = { kind: "code", component: "bank" };
const agent = (key: string, component = "shop"): Target => ({ kind: "agent", component, key });
const fleet = (prefix: string, component = "shop"): Target => ({
  kind: "fleet",
  component,
  prefix,
});

const allows = (grant: Grant, needed: Scope, target: Target) => mayCall(grant, [needed], target).ok;

describe("a scope", () => {
  const scopes: readonly Scope[] = ["read", "invoke", "operate", "deploy", "admin"];
  const pairs = scopes.flatMap((has) => scopes.map((needed) => [has, needed] as const));

  test.each(pairs)("%s where %s is needed", (has, needed) => {
    expect(allows({ scopes: [has] }, needed, host)).toBe(has === needed || has === "admin");
  });

  test("any of those that a route names will do", () => {
    expect(mayCall({ scopes: ["operate"] }, ["invoke", "operate"], host).ok).toBe(true);
    expect(mayCall({ scopes: ["read"] }, ["invoke", "operate"], host).ok).toBe(false);
  });

  test("one that is missing is named, with what the caller has", () => {
    expect(mayCall({ scopes: ["read", "invoke"] }, ["deploy"], host)).toMatchObject({
      refusal: {
        code: "forbidden",
        detail: expect.stringMatching(/deploy or admin.* has read, invoke: use /) as string,
      },
    });
  });
});

describe("a grant without limits reaches everything", () => {
  test.each([[host], [code], [fleet("")], [agent("ada")]])("%j", (target) => {
    expect(reaches({ scopes: ["read"] }, target).ok).toBe(true);
    expect(mayCall(everything, ["admin"], target).ok).toBe(true);
  });
});

describe("limited to a component", () => {
  const limited: Grant = { scopes: ["admin"], component: "shop" };

  test.each([
    [code, true],
    [fleet(""), true],
    [fleet("eu-"), true],
    [agent("ada"), true],
    [host, false],
    [otherCode, false],
    [fleet("", "bank"), false],
    [agent("ada", "bank"), false],
    [agent("ada", "shopping"), false],
  ])("%j: %s", (target, may) => {
    expect(allows(limited, "deploy", target)).toBe(may);
    expect(reaches(limited, target).ok).toBe(may);
  });
});

test("the API itself is within every limit, for who has a scope for it", () => {
  const api: Target = { kind: "api" };
  const limited: Grant = { scopes: ["read"], component: "shop", keyPrefix: "eu-" };
  expect(allows(limited, "read", api)).toBe(true);
  expect(allows(limited, "invoke", api)).toBe(false);
});

describe("limited to a prefix of keys", () => {
  const limited: Grant = { scopes: ["admin"], component: "shop", keyPrefix: "eu-" };

  test.each([
    ["an agent whose key begins so", agent("eu-ada"), true],
    ["one whose key is the prefix", agent("eu-"), true],
    ["one whose key has it elsewhere", agent("x-eu-ada"), false],
    ["one whose key begins a little otherwise", agent("EU-ada"), false],
    ["one of another component", agent("eu-ada", "bank"), false],
    ["the agents that begin so", fleet("eu-"), true],
    ["fewer agents", fleet("eu-west"), true],
    ["more agents", fleet("eu"), false],
    ["all agents", fleet(""), false],
    ["the whole host", host, false],
  ])("%s: %j %s", (_, target, may) => {
    for (const needed of ["read", "operate", "deploy", "admin"] as const) {
      expect(allows(limited, needed, target)).toBe(may);
    }
  });

  test("the code is there to be read, and nothing else", () => {
    expect(allows(limited, "read", code)).toBe(true);
    expect(allows(limited, "deploy", code)).toBe(false);
    expect(allows(limited, "read", otherCode)).toBe(false);
  });

  test("a refusal says which limit it is and what it does not cover", () => {
    expect(reaches(limited, agent("us-bob"))).toMatchObject({
      refusal: {
        code: "forbidden",
        detail: expect.stringMatching(/limited to agents of shop.*"eu-".*"us-bob": use /) as string,
      },
    });
  });
});
