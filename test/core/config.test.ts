/** What an operator can set, and what is said of what is wrong. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readConfig, variables } from "../../src/config.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { defaultRetryPolicy } from "../../src/core/retry.ts";
import { announceSeed, check } from "../support/property.ts";

announceSeed();

const names = Object.values(variables).map(({ name }) => name);
const defaults = readConfig({}).config;

describe("the configuration", () => {
  test("is what it is by default where nothing is set, be it missing, null or empty", () => {
    for (const nothing of [undefined, null, ""]) {
      const environment = Object.fromEntries(names.map((name) => [name, nothing]));
      expect(readConfig(environment)).toEqual({ config: defaults, faults: [] });
    }
    expect(defaults).toMatchObject({ local: false, loading: "named", directoryShards: 16 });
  });

  test.each([
    ["PERDURE_TOKEN", "s3cret!", { token: "s3cret!" }],
    ["PERDURE_LOCAL", "true", { local: true }],
    ["PERDURE_LOCAL", true, { local: true }],
    ["PERDURE_LOADING", "anonymous", { loading: "anonymous" }],
    ["PERDURE_DIRECTORY_SHARDS", "64", { directoryShards: 64 }],
    ["PERDURE_DIRECTORY_SHARDS", 64, { directoryShards: 64 }],
    ["PERDURE_LIMITS", '{"schedules":5}', { limits: { ...defaultLimits, schedules: 5 } }],
    ["PERDURE_LIMITS", { schedules: 5 }, { limits: { ...defaultLimits, schedules: 5 } }],
    ["PERDURE_LIMITS", "{}", {}],
    ["PERDURE_CORS_ORIGINS", "https://a, http://b", { corsOrigins: ["https://a", "http://b"] }],
    ["PERDURE_RETRY", '{"attempts":1}', { retry: { ...defaultRetryPolicy, attempts: 1 } }],
    ["PERDURE_RETRY", { jitter: 0 }, { retry: { ...defaultRetryPolicy, jitter: 0 } }],
    ["PERDURE_SUSPEND_AFTER_MS", "1", { suspendAfterMs: 1 }],
    ["PERDURE_ISOLATION", "shared", { isolation: "shared" }],
    ["PERDURE_BINDINGS", '{"shop":["DB"]}', { bindings: new Map([["shop", ["DB"]]]) }],
    ["PERDURE_BINDINGS", { shop: ["DB"] }, { bindings: new Map([["shop", ["DB"]]]) }],
  ])("has what is set: %s = %j", (name, given, read) => {
    expect(readConfig({ [name]: given })).toEqual({ config: { ...defaults, ...read }, faults: [] });
  });

  test.each([
    ["PERDURE_TOKEN", "two words", "must be one or more visible ASCII characters"],
    ["PERDURE_LOCAL", "yes", 'is "yes": write true or false.'],
    ["PERDURE_LOADING", "eager", 'is "eager": write named or anonymous.'],
    ["PERDURE_DIRECTORY_SHARDS", "0", 'is "0": write a whole number from 1 to 1024.'],
    ["PERDURE_DIRECTORY_SHARDS", 1.5, "is 1.5: write a whole number from 1 to 1024."],
    ["PERDURE_ACCESS", "{", "is no JSON object: write it like"],
    ["PERDURE_ACCESS", '{"issuer":"http://team.example"}', "has no `issuer`: give the domain"],
    ["PERDURE_CORS_ORIGINS", "a, b", 'is "a, b": write origins like'],
    ["PERDURE_LIMITS", "10", 'is no JSON object: write it like {"pendingInvocations":100}.'],
    ["PERDURE_LIMITS", '{"queue":1}', 'names "queue", which is no limit: write one of requestBody'],
    ["PERDURE_LIMITS", '{"keyBytes":1024}', 'names "keyBytes", which is no limit: write one of'],
    ["PERDURE_LIMITS", '{"schedules":0}', "has no limit in schedules: write a whole number from 1"],
    ["PERDURE_LIMITS", '{"resultBytes":"1"}', "has no limit in resultBytes: write a whole number"],
    ["PERDURE_LIMITS", { resultBytes: 1e9 }, "has no limit in resultBytes: write a whole number"],
    ["PERDURE_RETRY", "[]", 'is no JSON object: write it like {"attempts":5,'],
    ["PERDURE_RETRY", '{"tries":1}', 'names "tries", which no policy has: write it like'],
    [
      "PERDURE_RETRY",
      '{"attempts":0}',
      "is no policy of retries: write attempts as a whole number",
    ],
    ["PERDURE_RETRY", '{"jitter":2}', "is no policy of retries: write attempts as a whole number"],
    ["PERDURE_SUSPEND_AFTER_MS", "10s", 'is "10s": write a whole number from 1 to 600000.'],
    ["PERDURE_ISOLATION", "none", 'is "none": write agent or shared.'],
    ["PERDURE_BINDINGS", "{", "is no JSON object: write it like"],
  ])("says what is wrong, and goes on with the default: %s = %j", (name, given, fault) => {
    const { config, faults } = readConfig({ [name]: given, PERDURE_LOCAL: given });
    expect(config).toEqual(defaults);
    expect(faults).toContainEqual({
      name,
      sentence: expect.stringContaining(`${name} ${fault}`) as string,
    });
  });

  test("never shows a secret that is wrong", () => {
    expect(readConfig({ PERDURE_TOKEN: "two words" }).faults[0]?.sentence).not.toContain("words");
  });

  test("is read from whatever is set, each variable being right or named in a fault", () => {
    const given = fc.oneof(fc.jsonValue(), fc.json(), fc.string());
    const environments = fc.dictionary(fc.constantFrom(...names), given);
    const readsAll = (environment: object) => {
      const { config, faults } = readConfig(environment);
      expect(Object.keys(config)).toEqual(Object.keys(variables));
      for (const { name, sentence } of faults) {
        expect(Object.keys(environment)).toContain(name);
        expect(sentence.startsWith(`${name} `)).toBe(true);
        expect(sentence).toMatch(/: (write|set|give|take) .*\.$/);
      }
    };
    check(environments, readsAll, 2_000);
  });
});
