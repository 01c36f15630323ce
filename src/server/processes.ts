import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";

/** The command line of a process, its words joined by spaces; undefined when it does not run. */
export async function commandLine(pid: number): Promise<string | undefined> {
  if (process.platform === "linux") {
    const raw = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    return raw === "" ? undefined : raw.replaceAll("\0", " ");
  }
  return new Promise((resolve) => {
    execFile("ps", ["-o", "command=", "-p", String(pid)], (error, stdout) => {
      resolve(error === null && stdout !== "" ? stdout : undefined);
    });
  });
}
