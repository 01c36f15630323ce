// Builds what cannot run from source. Without arguments: the guest runtime, as a string that the
// host hands to every isolate it loads. With "worker": also the whole worker, for `npm start`.
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** @type {import("esbuild").BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  charset: "utf8",
  format: "esm",
  legalComments: "none",
  logLevel: "warning",
  platform: "neutral",
  mainFields: ["module", "main"],
  target: "es2024",
};

/**
 * Replaces a file only when its content differs, and never shows half of it: test runs and
 * wrangler build side by side, and watch what they have read.
 * @param {string} path
 * @param {string} content
 */
async function replaceFile(path, content) {
  const target = join(root, path);
  const present = await readFile(target, "utf8").catch(() => undefined);
  if (present === content) return;
  await mkdir(dirname(target), { recursive: true });
  const draft = `${target}.${process.pid}`;
  await writeFile(draft, content);
  await rename(draft, target);
}

/** @param {import("esbuild").BuildOptions} options */
async function bundle(options) {
  const result = await build({ ...common, ...options, write: false });
  const [output] = result.outputFiles;
  if (output === undefined) throw new Error("esbuild gave no output");
  return output.text;
}

async function buildGuest() {
  const source = await bundle({
    entryPoints: ["src/guest/main.ts"],
    minifySyntax: true,
    minifyWhitespace: true,
    external: ["cloudflare:workers", "node:async_hooks", "perdure:*"],
  });
  const doc = "/** The bundled guest runtime (src/guest/main.ts), made by scripts/build.mjs. */";
  await replaceFile(
    "src/generated/guest-source.ts",
    `${doc}\nexport const guestSource: string = ${JSON.stringify(source)};\n`,
  );
}

async function buildWorker() {
  const source = await bundle({
    entryPoints: ["src/worker.ts"],
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
  });
  await replaceFile("dist/worker.js", source);
}

await buildGuest();
if (process.argv[2] === "worker") await buildWorker();
