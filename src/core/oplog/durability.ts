/** What a call does, and to what: local ones touch nothing outside of the agent. */
export type Durability = "read-local" | "write-local" | "read-remote" | "write-remote";
