import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readConfig, variables } from "../../src/config.ts";

const names = Object.values(variables).map(({ name }) => name as string);

// `npm start` and a deployment run the same worker from two configurations.
const wrangler = readFileSync("wrangler.toml", "utf8");
const workerd = readFileSync("src/server/perdure.capnp", "utf8");

function all(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, value]) => value ?? "").toSorted();
}

test("wrangler.toml and perdure.capnp have the same compatibility date", () => {
  const [deployed] = all(wrangler, /^compatibility_date = "(.*)"$/gm);
  expect(deployed).toBeDefined();
  expect(all(workerd, /compatibilityDate = "(.*)"/g)).toEqual([deployed]);
});

test("wrangler.toml and perdure.capnp have the same bindings, and every variable there is", () => {
  const deployed = [...all(wrangler, /^(?:name|binding) = "([A-Z_]+)"$/gm), ...names].toSorted();
  expect(all(workerd, /\(name = "([A-Z_]+)"/g)).toEqual(deployed);
  expect(all(workerd, /fromEnvironment = "(\w+)"/g)).toEqual(names.toSorted());
});

test("wrangler.toml sets variables that there are, to values that are right", () => {
  const set = [...wrangler.matchAll(/^(PERDURE_\w+) = "(.*)"$/gm)];
  const environment = Object.fromEntries(set.map(([, name = "", value = ""]) => [name, value]));
  expect(readConfig(environment).faults).toEqual([]);
  expect(names).toEqual(expect.arrayContaining(Object.keys(environment)));
});

test("wrangler.toml and perdure.capnp have the same Durable Objects", () => {
  const deployed = all(wrangler, /^class_name = "(\w+)"$/gm);
  expect(deployed).toHaveLength(7);
  expect(all(workerd, /\(className = "(\w+)"/g)).toEqual(deployed);
});
