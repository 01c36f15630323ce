import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What is measured is the bundle that `npm start` serves, not another build of its source. */
const builtProduct: Plugin = {
  name: "built-product",
  setup(esbuild) {
    esbuild.onResolve({ filter: /\/src\/worker\.ts$/ }, () => ({
      path: file("../dist/worker.js"),
    }));
  },
};

/** Builds the product, and around it the worker that `server.capnp` embeds. */
export async function bundleWorker(): Promise<void> {
  execFileSync(process.execPath, [file("../scripts/build.mjs"), "worker"], { stdio: "inherit" });
  await build({
    entryPoints: [file("worker/index.ts")],
    outfile: file("../dist/bench-worker.js"),
    bundle: true,
    format: "esm",
    platform: "neutral",
    target: "es2024",
    external: ["cloudflare:*", "node:*"],
    plugins: [builtProduct],
    logLevel: "warning",
  });
}
