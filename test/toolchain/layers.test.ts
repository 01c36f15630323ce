import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

// Every line: a layer, what it may import, what it may not.
const layers: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  [
    "core",
    ["./errors.ts", "./oplog/entry.ts", "../errors.ts", "../../status/fold.ts"],
    [
      "../host/env.ts",
      "../transport/packing.ts",
      "../../../http/app.ts",
      "../config.ts",
      "../worker.ts",
      "hono",
      "node:fs",
      "devalue",
    ],
  ],
  [
    "config",
    ["./readers.ts", "../core/limits.ts"],
    ["../host/env.ts", "../http/app.ts", "../server/main.ts", "hono", "node:fs"],
  ],
  [
    "runtime",
    ["./ports.ts", "../core/status/fold.ts", "devalue", "croner"],
    [
      "../host/env.ts",
      "../transport/packing.ts",
      "../config.ts",
      "../http/app.ts",
      "../guest/main.ts",
      "cloudflare:workers",
      "hono",
    ],
  ],
  [
    "host",
    [
      "./env.ts",
      "./a/b.ts",
      "../config.ts",
      "../core/status/fold.ts",
      "../runtime/ports.ts",
      "../transport/packing.ts",
      "../generated/guest-source.ts",
      "jose",
      "cloudflare:workers",
    ],
    ["../http/app.ts", "../guest/main.ts", "../server/main.ts", "../worker.ts", "hono"],
  ],
  [
    "http",
    ["./app.ts", "../core/api/views.ts", "../core/errors.ts", "../core/limits.ts", "hono", "zod"],
    [
      "../core/status/fold.ts",
      "../core/decide/next.ts",
      "../core/oplog/entry.ts",
      "../config.ts",
      "../host/env.ts",
      "../../runtime/ports.ts",
      "cloudflare:workers",
      "node:fs",
    ],
  ],
  [
    "guest",
    [
      "./agent.ts",
      "../core/oplog/entry.ts",
      "../core/replay/cursor.ts",
      "../core/protocol.ts",
      "../transport/packing.ts",
      "cloudflare:workers",
      "node:async_hooks",
      "devalue",
    ],
    [
      "../core/decide/next.ts",
      "../config.ts",
      "../runtime/ports.ts",
      "../host/env.ts",
      "node:fs",
      "hono",
    ],
  ],
  [
    "transport",
    ["./packing.ts", "../core/protocol.ts", "../core/api/views.ts", "../core/weight.ts"],
    [
      "../core/status/fold.ts",
      "../config.ts",
      "../host/env.ts",
      "../guest/main.ts",
      "cloudflare:workers",
      "hono",
    ],
  ],
  [
    "server",
    ["./options.ts", "../config.ts", "node:fs", "node:fs/promises"],
    [
      "../config/readers.ts",
      "../core/errors.ts",
      "../host/env.ts",
      "../worker.ts",
      "miniflare",
      "hono",
    ],
  ],
  ["client", ["./client.ts"], ["cloudflare:workers"]],
];

const directory = mkdtempSync(join(tmpdir(), "perdure-layers-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The imports that the lint rules refuse, each as "file: import", for one file per import. */
function refused(): Set<string> {
  copyFileSync(".oxlintrc.json", join(directory, ".oxlintrc.json"));
  for (const [layer, may, mayNot] of layers) {
    for (const [index, specifier] of [...may, ...mayNot].entries()) {
      const file = join(directory, "src", layer, `${index}.ts`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `export { x } from "${specifier}";\n`);
    }
  }
  let report = "";
  try {
    report = execFileSync("oxlint", ["-f", "unix", "src"], { cwd: directory, encoding: "utf8" });
  } catch (error) {
    if (error instanceof Error && "stdout" in error) report = String(error.stdout);
  }
  const found = report.matchAll(/^src\/(\w+)\/\d+\.ts:.*?'([^']+)' import is restricted/gm);
  return new Set([...found].map(([, layer, specifier]) => `${layer}: ${specifier}`));
}

describe("imports between layers go one way", () => {
  const found = refused();

  test.each(layers)("%s", (layer, may, mayNot) => {
    const isRefused = (specifier: string) => found.has(`${layer}: ${specifier}`);
    expect(may.filter(isRefused)).toEqual([]);
    expect(mayNot.filter(isRefused)).toEqual(mayNot);
  });
});
