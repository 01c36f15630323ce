/** Results of methods as payloads, within the limit. */
import { limits } from "../core/limits.ts";
import type { Payload } from "../core/oplog/payload.ts";
import { AgentError } from "./errors.ts";
import { encode } from "./values.ts";

/** Throws when the result cannot be cloned, or is too large. */
export function encodeResult(value: unknown): Payload {
  const result = encode(value, "result");
  if (result.length <= limits.resultBytes) return result;
  const message = `The result has ${result.length} characters, more than ${limits.resultBytes}; return less, or in parts.`;
  throw new AgentError(message, { code: "payload-too-large" });
}
