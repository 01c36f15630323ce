/** What an operator can set, and what is said of what is wrong. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readConfig, variables } from "../../src/config.ts";
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
    ["PERDURE_BINDINGS", "{", "is no JSON object: write it like"],
  ])("says what is wrong, and goes on with the default: %s = %j", (name, given, fault) => {
    const { config, faults } = readConfig({ [name]: given, PERDURE_LOCAL: given });
    expect(config).toEqual(defaults);
    expect(faults).toContainEqual(expect.stringContaining(`${name} ${fault}`));
  });

  test("never shows a secret that is wrong", () => {
    expect(readConfig({ PERDURE_TOKEN: "two words" }).faults.join()).not.toContain("words");
  });

  test("is read from whatever is set, each variable being right or named in a fault", () => {
    const given = fc.oneof(fc.jsonValue(), fc.json(), fc.string());
    const environments = fc.dictionary(fc.constantFrom(...names), given);
    const readsAll = (environment: object) => {
      const { config, faults } = readConfig(environment);
      expect(Object.keys(config)).toEqual(Object.keys(variables));
      for (const fault of faults) {
        expect(Object.keys(environment)).toContain(/^\w+/.exec(fault)?.[0]);
        expect(fault).toMatch(/: (write|set|give|take) .*\.$/);
      }
    };
    check(environments, readsAll, 2_000);
  });
});
