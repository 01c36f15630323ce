/** Results of methods and of steps, not larger than they may be. */
import type { CodeLimits } from "../../core/limits.ts";
import type { Payload } from "../../core/oplog/payload.ts";
import { isLongerThan } from "../../core/utf8-length.ts";
import { AgentError } from "../author/errors.ts";
import { encode } from "../values.ts";

export function encodeResult(value: unknown, { resultBytes }: CodeLimits): Payload {
  const result = encode(value, "result");
  if (!isLongerThan(result, resultBytes)) return result;
  throw new AgentError(`The result has more than ${resultBytes} bytes; return less, or in parts.`, {
    code: "payload-too-large",
  });
}
