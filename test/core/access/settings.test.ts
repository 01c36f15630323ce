import { describe, expect, test } from "vitest";
import { doorOf, toCloudflareAccess, toCorsOrigins } from "../../../src/core/access/settings.ts";

const issuer = "https://team.cloudflareaccess.com";
const valid = { issuer, audience: "tag", scopes: ["read"] };
const access = { issuer, audience: "tag", grant: { scopes: ["read"] } } as const;

describe("who is let in without being known", () => {
  test.each([
    ["nobody, where nothing is configured", { local: false }, "closed"],
    ["everybody, on a developer's own server", { local: true }, "open"],
    ["nobody, where there is a secret", { local: false, token: "s" }, "guarded"],
    [
      "nobody, where there is a secret, on a developer's server too",
      { local: true, token: "s" },
      "guarded",
    ],
    ["nobody, where Cloudflare Access is configured", { local: true, access }, "guarded"],
  ] as const)("%s: %j", (_, configured, door) => {
    expect(doorOf(configured)).toBe(door);
  });
});

describe("PERDURE_ACCESS", () => {
  test.each([
    [{}, {}],
    [{ component: "shop" }, { component: "shop" }],
    [
      { component: "shop", keyPrefix: "eu-" },
      { component: "shop", keyPrefix: "eu-" },
    ],
    [{ scopes: ["read", "admin"] }, { scopes: ["read", "admin"] }],
  ])("%j", (more, grant) => {
    const expected = { issuer, audience: "tag", grant: { scopes: ["read"], ...grant } };
    expect(toCloudflareAccess({ ...valid, ...more })).toEqual(expected);
  });

  test.each(["http://127.0.0.1:4000", "http://localhost", "https://team.example:8443"])(
    "takes the issuer %s",
    (origin) => {
      expect(toCloudflareAccess({ ...valid, issuer: origin })).toMatchObject({ issuer: origin });
    },
  );

  test.each([
    ["nothing", undefined, "no JSON object"],
    ["a list", [], "no JSON object"],
    ["no issuer", { ...valid, issuer: undefined }, "issuer"],
    ["an issuer without TLS", { ...valid, issuer: "http://team.example" }, "issuer"],
    [
      "one that only looks like the own machine",
      { ...valid, issuer: "http://127.0.0.1.evil.example" },
      "issuer",
    ],
    ["one with a path", { ...valid, issuer: `${issuer}/` }, "issuer"],
    ["one with a user", { ...valid, issuer: "https://user@team.example" }, "issuer"],
    ["no audience", { ...valid, audience: "" }, "audience"],
    ["no scopes", { ...valid, scopes: [] }, "scopes"],
    ["a scope that there is not", { ...valid, scopes: ["read", "write"] }, "scopes"],
    ["scopes as text", { ...valid, scopes: "admin" }, "scopes"],
    ["a component that is none", { ...valid, component: "Shop" }, "component"],
    ["a component that is null", { ...valid, component: null }, "component"],
    ["a prefix without a component", { ...valid, keyPrefix: "eu-" }, "keyPrefix"],
    ["an empty prefix", { ...valid, component: "shop", keyPrefix: "" }, "keyPrefix"],
    [
      "a prefix that is no Unicode",
      { ...valid, component: "shop", keyPrefix: "\ud800" },
      "keyPrefix",
    ],
    ["a member that is misspelt", { ...valid, componnent: "shop" }, "componnent"],
  ])("refuses %s", (_, given, named) => {
    const fault = toCloudflareAccess(given);
    expect(fault).toMatch(/: (write|give|take) /);
    expect(fault).toContain(named);
  });
});

describe("PERDURE_CORS_ORIGINS", () => {
  test.each([[["https://a.example"]], [["https://a.example", "http://localhost:3000"]], [["*"]]])(
    "%j",
    (origins) => {
      expect(toCorsOrigins(origins)).toEqual(origins);
    },
  );

  test.each([
    [[]],
    [["a.example"]],
    [["https://a.example/"]],
    [["null"]],
    [["https://a.example", ""]],
  ])("refuses %j", (origins) => {
    expect(toCorsOrigins(origins)).toMatch(/^write origins like/);
  });
});
