/**
 * What kinds of bindings there are, and which of their calls only read. Whether a call is a read is
 * a part of what it is known by in the record: another answer for a call makes histories diverge.
 */
import type { Durability } from "../oplog/durability.ts";
import { isReadStatement } from "./sql.ts";

/** `other`: a binding of a kind that is not well known. */
export type BindingKind = "kv" | "r2" | "d1" | "queue" | "ai" | "service" | "other";

/** The bindings that an agent may use, by name. */
export type Grants = Readonly<Record<string, BindingKind>>;

const READS: Readonly<Record<BindingKind, ReadonlySet<string>>> = {
  kv: new Set(["get", "getWithMetadata", "list"]),
  r2: new Set(["head", "get", "list"]),
  d1: new Set(["dump"]),
  queue: new Set(),
  // A run changes nothing, but it costs: one that must not be repeated is to be told from a read.
  ai: new Set(),
  service: new Set(),
  other: new Set(),
};

/** How a method of a binding is recorded: what is not known to read only is a write. */
export function methodDurability(kind: BindingKind, method: string): Durability {
  return READS[kind].has(method) ? "read-remote" : "write-remote";
}

const ROWS = new Set(["all", "first", "raw"]);

/** How the execution of a D1 statement is recorded. */
export function statementDurability(method: string, sql: string): Durability {
  return ROWS.has(method) && isReadStatement(sql) ? "read-remote" : "write-remote";
}
