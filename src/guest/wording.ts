/** Recorded entries in the words of a divergence report. */
import type { Entry } from "../core/oplog/entry.ts";

/** What the record has at one place. */
export function describe(entry: Entry): string {
  switch (entry.kind) {
    case "Start":
      return `a call of ${entry.call}${entry.request ?? ""}`;
    case "End":
      return `the end of the call at ${entry.start}`;
    case "AgentInvocationFinished":
      return entry.outcome.ok
        ? `the result ${entry.outcome.result}`
        : `the error ${entry.outcome.error.name}: ${entry.outcome.error.message}`;
    default:
      return entry.kind;
  }
}
