import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { bindingsForTests, grantsForTests } from "./support/host-bindings.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const buildGuest = "test/support/build-guest.ts";
const buildWorker = "test/support/build-worker.ts";

/** Three grades of tests: pure ones, ones inside workerd, and ones against the real server. */
export default defineConfig({
  root,
  test: {
    // Most tests wait for a server more than they work: two at a time keep two cores busy.
    maxWorkers: 2,
    projects: [
      {
        root,
        test: {
          name: "core",
          include: ["test/{core,runtime,transport}/**/*.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        root,
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                PERDURE_LOCAL: "true",
                PERDURE_LOADING: "anonymous",
                PERDURE_SEED: process.env["PERDURE_SEED"] ?? "",
                ...grantsForTests,
              },
              ...bindingsForTests,
            },
          }),
        ],
        test: {
          name: "workers",
          // Workers see nothing of the environment that is not named here.
          env: { PERDURE_SEED: process.env["PERDURE_SEED"] ?? "" },
          include: ["test/host/**/*.test.ts"],
          globalSetup: [buildGuest, "test/support/deliveries.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        root,
        test: {
          name: "node",
          include: ["test/{guest,http,toolchain,server,client,cli,console,e2e}/**/*.test.ts"],
          globalSetup: [buildWorker],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
