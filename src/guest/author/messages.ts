/** Calls that reach other agents, as durable calls. */
import { nameOf } from "../../core/api/agent-name.ts";
import type { CodeLimits } from "../../core/limits.ts";
import type { Payload } from "../../core/oplog/payload.ts";
import { isLongerThan } from "../../core/utf8-length.ts";
import type { AgentMessage, EffectCall } from "../../core/protocol.ts";
import { AgentError, toErrorData } from "./errors.ts";
import type { Scope } from "../scopes/scope.ts";
import { decode, encode } from "../values.ts";

/** What comes back from another agent is an `AgentError`, whatever it was there. */
function agentErrorOf(thrown: unknown): AgentError {
  if (thrown instanceof AgentError) return thrown;
  const { name, message, ...options } = toErrorData(thrown);
  const error = new AgentError(message, options);
  error.name = name;
  return error;
}

/** The payload of what is sent, not larger than a request may be. */
export function encodeSent(
  value: unknown,
  what: string,
  { requestBodyBytes }: CodeLimits,
): Payload {
  const payload = encode(value, what);
  if (!isLongerThan(payload, requestBodyBytes)) return payload;
  throw new AgentError(
    `The ${what} to be sent may not be larger than ${requestBodyBytes} bytes; send less, or in parts.`,
    { code: "payload-too-large" },
  );
}

/** Sends a message under a recorded call; `kept` is what the record says of it beside its address. */
export async function sendMessage(
  scope: Scope,
  call: EffectCall["call"],
  message: AgentMessage,
  kept: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const { address, idempotencyKey } = message;
  const request = encode({ to: nameOf(address), ...kept, idempotencyKey }, "arguments");
  const effect = { call, request, repeatable: true, message };
  const { settled } = scope.call({
    identity: { call, durability: "write-remote", request },
    perform: (start, link) =>
      start === undefined
        ? link.performUnrecorded(effect)
        : link.perform({ ...effect, start: start.id }),
  });
  try {
    const response = await settled;
    return response === undefined ? undefined : decode(response);
  } catch (error) {
    throw agentErrorOf(error);
  }
}
