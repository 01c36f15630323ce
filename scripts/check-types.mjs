// Type-checks every part against the types of the platform that it runs on: core against none, the
// simulation in test/runtime against both.
import { spawnSync } from "node:child_process";

const projects = ["src/core", "src", ".", "test/host", "test/runtime", "bench/worker"];
const failed = projects.filter((project) => {
  const { status } = spawnSync("tsc", ["-p", project], { stdio: "inherit" });
  return status !== 0;
});
if (failed.length > 0) {
  console.error(`tsc found errors in: ${failed.join(", ")}`);
  process.exit(1);
}
