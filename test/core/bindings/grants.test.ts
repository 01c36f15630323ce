import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  grantsOf,
  isOwnName,
  missingBindingFault,
  ownNameFault,
  toConfiguredGrants,
} from "../../../src/core/bindings/grants.ts";
import type { BindingKind } from "../../../src/core/bindings/kinds.ts";

const host = new Map<string, BindingKind>([
  ["CACHE", "kv"],
  ["DB", "d1"],
  ["FILES", "r2"],
  ["AGENTS", "other"],
  ["PERDURE_X", "other"],
]);

describe("a component is granted what its upload asks for and what is configured for it", () => {
  test.each([
    ["nothing", [], {}, {}],
    ["by upload", ["DB"], {}, { DB: "d1" }],
    ["by configuration", [], { shop: ["CACHE"] }, { CACHE: "kv" }],
    ["by configuration for all", [], { "*": ["CACHE"] }, { CACHE: "kv" }],
    ["not what another component has", [], { other: ["CACHE"] }, {}],
    [
      "all three, each once",
      ["FILES", "DB"],
      { shop: ["DB"], "*": ["CACHE", "DB"] },
      { CACHE: "kv", DB: "d1", FILES: "r2" },
    ],
    ["not what the host does not have", ["GONE"], { shop: ["NEVER"] }, {}],
    ["nothing of Perdure's own", ["AGENTS"], { "*": ["PERDURE_X", "AGENTS"] }, {}],
  ] as const)("%s", (_, asked, configured, granted) => {
    const entries = new Map<string, readonly string[]>(Object.entries(configured));
    expect(grantsOf("shop", asked, entries, host)).toEqual(granted);
  });
});

describe("the configuration", () => {
  test("is a JSON object of lists of names", () => {
    expect(toConfiguredGrants({ shop: ["CACHE"], "*": [] })).toEqual(
      new Map([
        ["shop", ["CACHE"]],
        ["*", []],
      ]),
    );
    expect(toConfiguredGrants({})).toEqual(new Map());
  });

  test.each([
    [undefined, /^is no JSON object: write it like/],
    ["CACHE", /^is no JSON object: write it like/],
    [null, /^is no JSON object: write it like/],
    [["CACHE"], /^is no JSON object: write it like/],
    [{ Shop: ["CACHE"] }, /^names "Shop", which is no name of a component: give one/],
    [{ shop: "CACHE" }, /^gives "shop" what is no list of names: write one like/],
    [{ shop: [1] }, /^gives "shop" what is no list of names: write one like/],
    [{ shop: ["CACHE"], "*": ["LOADER"] }, /^grants LOADER, which is Perdure's own: take it out/],
  ])("that is none says what is wrong: %j", (given, fault) => {
    expect(toConfiguredGrants(given)).toMatch(fault);
  });
});

describe("names that an upload asks for", () => {
  const wrangler = readFileSync("wrangler.toml", "utf8");
  const declared = [...wrangler.matchAll(/^(?:name|binding) = "([A-Z_]+)"$/gm)];

  test("that Perdure's own configuration declares are known", () => {
    expect(declared).toHaveLength(8);
  });

  test.each([
    ...declared.map(([, name = ""]) => name),
    "PERDURE_TOKEN",
    "PERDURE_ANY",
    "perdure_x",
  ])("are not Perdure's own: %s", (name) => {
    expect(isOwnName(name)).toBe(true);
    expect(ownNameFault(["CACHE", name])).toMatch(new RegExp(`names ${name}.*take it out`));
  });

  test("are bindings of the host, else the fault names those that there are", () => {
    expect(ownNameFault(["CACHE", "AGENT"])).toBeUndefined();
    expect(missingBindingFault(["CACHE", "DB"], host)).toBeUndefined();
    expect(missingBindingFault(["CACHE", "GONE"], new Map([["CACHE", "kv"]]))).toMatch(
      /"GONE".*it has CACHE\..*wrangler\.toml/,
    );
    expect(missingBindingFault(["GONE"], new Map())).toMatch(/it has none/);
  });
});
