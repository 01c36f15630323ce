/** A call of a binding of the host as a durable call. */
import { isLargerThan } from "../../core/bindings/size.ts";
import type { Durability } from "../../core/oplog/durability.ts";
import type { BindingInput, EffectResult } from "../../core/protocol.ts";
import { AgentError } from "../author/errors.ts";
import { PlatformReadableStream, PlatformResponse } from "../platform.ts";
import type { Scope, Settlement } from "../scopes/scope.ts";
import { decode, encode } from "../values.ts";
import { fromBindingValue } from "./whole-values.ts";

export interface BindingCall {
  readonly name: string;
  readonly method: string;
  readonly durability: Durability;
  readonly input: BindingInput;
}

function checkSize(call: string, input: BindingInput, limit: number): void {
  if (!isLargerThan(input, limit)) return;
  throw new AgentError(
    `The arguments of ${call} are larger than ${limit} bytes; send less, or in parts.`,
    { code: "payload-too-large" },
  );
}

/** What the host gave becomes a payload here, so that live code gets what replay will give it. */
function settlementOf(result: EffectResult): Settlement {
  if (!result.ok) return result;
  const value = result.value === undefined ? undefined : fromBindingValue(result.value);
  return value === undefined ? { ok: true } : { ok: true, response: encode(value, "result") };
}

/** Makes the call in `scope`; it is recorded within the turn. */
export async function callBinding(
  scope: Scope,
  { name, method, durability, input }: BindingCall,
): Promise<unknown> {
  const call = `binding.${name}.${method}` as const;
  checkSize(call, input, scope.settings.limits.recordedBodyBytes);
  const request = encode(input, "arguments");
  const isRead = durability === "read-remote";
  const once = !isRead && scope.settings.isIdempotent === false;
  const { settled } = scope.call({
    identity: { call, durability, request },
    perform: async (start, link) => {
      const effect = {
        call,
        request,
        repeatable: isRead,
        ...(once ? { once } : {}),
        binding: { name, method, input: decode(request) as BindingInput },
      } as const;
      return settlementOf(
        start === undefined
          ? await link.performUnrecorded(effect)
          : await link.perform({ ...effect, start: start.id }),
      );
    },
  });
  const response = await settled;
  return response === undefined ? undefined : decode(response);
}

/** Whether an argument has to be read before it can be recorded. */
function isUnread(value: unknown): value is ReadableStream | Blob {
  return value instanceof PlatformReadableStream || value instanceof Blob;
}

async function readArgument(value: unknown): Promise<unknown> {
  if (!isUnread(value)) return value;
  return new Uint8Array(await new PlatformResponse(value).arrayBuffer());
}

/** The same call with arguments as the author gave them: streams and blobs among them are read whole. */
export async function callWithArguments(
  scope: Scope,
  call: Omit<BindingCall, "input">,
  args: readonly unknown[],
): Promise<unknown> {
  const input = args.some(isUnread) ? await Promise.all(args.map(readArgument)) : args;
  return callBinding(scope, { ...call, input });
}
