import { execFileSync } from "node:child_process";

/** Makes the guest bundle that the worker's source imports. */
export function setup(): void {
  execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" });
}
