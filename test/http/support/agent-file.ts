/** Files of agents, taken apart and put together again. */
import { createHash } from "node:crypto";

/** A record of an exported agent. */
export interface Line {
  readonly kind: string;
  readonly [member: string]: unknown;
}

/** The records of a file, without their seals. */
export function linesOf(file: string): Line[] {
  return file
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line.slice(65)) as Line);
}

/** Lines sealed anew, as by somebody who knows how. */
export function sealed(lines: readonly unknown[]): string {
  let seal = "";
  return lines
    .map((line) => {
      const json = JSON.stringify(line);
      seal = createHash("sha256")
        .update(seal + json)
        .digest("hex");
      return `${seal} ${json}\n`;
    })
    .join("");
}
