import { execFileSync } from "node:child_process";

/** Makes the bundles that a server started by a test serves. */
export function setup(): void {
  execFileSync(process.execPath, ["scripts/build.mjs", "worker"], { stdio: "inherit" });
}
