import { post } from "./load/request.ts";

/** The component of the benchmark's agents. */
export const COMPONENT = "bench";

/** The exported classes of `agents.js`. */
export type AgentType = "Counter" | "CounterWithoutSnapshots" | "Steps";

/** An awaited invocation of an agent. */
export function invoke(type: AgentType, key: string, method: string, args = "[]"): Buffer {
  return post(`/v1/agents/${COMPONENT}/${type}/${key}/invoke/${method}`, args);
}

/** The same work on a bare object, with the same body. */
export function bare(operation: "incr" | "ten", name: string, body = "[]"): Buffer {
  return post(`/bare/${operation}/${name}`, body);
}

/** `count` names, so that two lists of another prefix never name the same object. */
export function names(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
}
