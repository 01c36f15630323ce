import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

// `npm start` and a deployment run the same worker from two configurations.
const wrangler = readFileSync("wrangler.toml", "utf8");
const workerd = readFileSync("src/server/perdure.capnp", "utf8");

/** What has no value in either: who deploys or starts the host sets it. */
const settable = ["PERDURE_ACCESS", "PERDURE_CORS_ORIGINS", "PERDURE_TOKEN"];

function all(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, value]) => value ?? "").toSorted();
}

test("wrangler.toml and perdure.capnp have the same compatibility date", () => {
  const [deployed] = all(wrangler, /^compatibility_date = "(.*)"$/gm);
  expect(deployed).toBeDefined();
  expect(all(workerd, /compatibilityDate = "(.*)"/g)).toEqual([deployed]);
});

test("wrangler.toml and perdure.capnp have the same bindings", () => {
  const deployed = [
    ...all(wrangler, /^(?:name|binding) = "([A-Z_]+)"$/gm),
    ...all(wrangler, /^(PERDURE_\w+) = /gm),
    ...settable,
  ].toSorted();
  expect(all(workerd, /\(name = "([A-Z_]+)"/g)).toEqual(deployed);
});

test("wrangler.toml and perdure.capnp have the same Durable Objects", () => {
  const deployed = all(wrangler, /^class_name = "(\w+)"$/gm);
  expect(deployed).toHaveLength(7);
  expect(all(workerd, /\(className = "(\w+)"/g)).toEqual(deployed);
});
