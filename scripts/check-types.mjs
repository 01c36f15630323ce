// Type-checks every part against the types of the platform that it runs on: core against none.
import { spawnSync } from "node:child_process";

const projects = ["src/core", "src", ".", "test/host", "bench/worker"];
const failed = projects.filter((project) => {
  const { status } = spawnSync("tsc", ["-p", project], { stdio: "inherit" });
  return status !== 0;
});
if (failed.length > 0) {
  console.error(`tsc found errors in: ${failed.join(", ")}`);
  process.exit(1);
}
