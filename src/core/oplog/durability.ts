/** What a call does, and to what: local ones touch nothing outside of the agent. */
export type Durability = "read-local" | "write-local" | "read-remote" | "write-remote";

const SAFE_VERBS = new Set(["GET", "HEAD", "OPTIONS"]);

/** What a request with that verb does. */
export function requestDurability(verb: string): Durability {
  return SAFE_VERBS.has(verb) ? "read-remote" : "write-remote";
}
