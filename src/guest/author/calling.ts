/** Stubs of other agents: their methods as durable calls. */
import { addressOfName, nameOf } from "../../core/api/agent-name.ts";
import type { AgentAddress } from "../../core/api/views.ts";
import type { Agent } from "./agent.ts";
import { encodeSent, sendMessage } from "./messages.ts";
import { componentName, typeName } from "../code/own-code.ts";
import { PlatformDate } from "../platform.ts";
import { callingScope } from "../scopes/scope.ts";
import { durationMs } from "./sleep.ts";
import { keepClass } from "../values.ts";

type Method = (...args: never[]) => unknown;

/** The invocable methods of an agent class, each answering as `Answer` says (with its result: `"result"`). */
type Methods<T, Answer> = {
  [
    Name in keyof T as T[Name] extends Method
      ? Exclude<Name, keyof Agent | "onCreate" | "saveSnapshot" | "loadSnapshot">
      : never
  ]: T[Name] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Answer extends "result" ? Awaited<Result> : Answer>
    : never;
};

/** When a scheduled call is due: a date, epoch milliseconds, ISO 8601 text, or a duration such as `"5m"`. */
export type When = Date | number | string;

/** Another agent, as seen from here. */
export type AgentStub<T> = Methods<T, "result"> & {
  /** Calls are accepted at once, and answer with their idempotency keys. */
  readonly enqueue: Methods<T, string>;
  /** The same, later. */
  schedule(when: When): Methods<T, string>;
};

/** A stub of an agent whose class is not at hand. */
interface Untyped {
  readonly [method: string]: (...args: unknown[]) => Promise<unknown>;
}

interface Target {
  readonly type: string | (abstract new () => unknown);
  readonly key: string;
  readonly component?: string;
}

type Verb = "agent.invoke" | "agent.enqueue" | "agent.schedule";

function addressOf({ type, key, component }: Target): AgentAddress {
  return { component: component ?? componentName(), type: typeName(type), key };
}

async function send(
  target: Target,
  call: Verb,
  method: string,
  args: readonly unknown[],
  scheduledFor?: number,
): Promise<unknown> {
  const scope = callingScope("A call of another agent");
  const mode = call === "agent.invoke" ? "await" : "enqueue";
  const when = scheduledFor === undefined ? {} : { scheduledFor };
  const payload = encodeSent(args, "arguments", scope.settings.limits);
  const address = addressOf(target);
  const message = {
    address,
    idempotencyKey: scope.nextKey(`${call} ${nameOf(address)} ${method} ${payload}`)(),
    content: { kind: "invoke", method, args: payload, mode, ...when },
  } as const;
  return sendMessage(scope, call, message, { method, args, ...when });
}

/** Names that the language asks objects for: a stub is no promise. */
const NO_METHODS = new Set(["then", "toJSON", "constructor"]);

/** An object of which every name that is not its own is a method. */
export function methodsOf(
  base: object,
  call: (method: string, args: unknown[]) => unknown,
): object {
  return new Proxy(base, {
    get(target, name, receiver) {
      if (typeof name === "symbol" || NO_METHODS.has(name) || Object.hasOwn(target, name)) {
        return Reflect.get(target, name, receiver) as unknown;
      }
      return (...args: unknown[]) => call(name, args);
    },
  });
}

function dueTime(when: When, now: number): number {
  if (typeof when === "string" && /^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/.test(when.trim())) {
    return now + durationMs(when);
  }
  const at = new PlatformDate(when).getTime();
  if (!Number.isNaN(at)) return at;
  throw new RangeError(
    `${String(when)} is no time; give a date, epoch milliseconds, ISO 8601 text, or a duration such as "5m".`,
  );
}

class StubBase {
  readonly enqueue: object;
  readonly schedule: (when: When) => object;

  constructor(target: Target) {
    this.enqueue = methodsOf({}, (method, args) => send(target, "agent.enqueue", method, args));
    this.schedule = (when) => {
      const at = dueTime(when, callingScope("schedule").now());
      return methodsOf({}, (method, args) => send(target, "agent.schedule", method, args, at));
    };
  }
}

const targets = new WeakMap<object, Target>();

function makeStub(target: Target): object {
  const stub = methodsOf(new StubBase(target), (method, args) =>
    send(target, "agent.invoke", method, args),
  );
  targets.set(stub, target);
  return stub;
}

keepClass("AgentStub", {
  reduce: (value) => {
    const target = typeof value === "object" && value !== null ? targets.get(value) : undefined;
    return target !== undefined && addressOf(target);
  },
  revive: (address: AgentAddress) => makeStub(address),
});

/** A stub of another agent, by its class or the name of its type; of the own component if none is named. */
export function agent<T extends Agent>(
  type: abstract new () => T,
  key: string,
  options?: { readonly component?: string },
): AgentStub<T>;
export function agent(
  type: string,
  key: string,
  options?: { readonly component?: string },
): AgentStub<Untyped>;
export function agent(
  type: Target["type"],
  key: string,
  { component }: { readonly component?: string } = {},
): object {
  if ((typeof type !== "string" && typeof type !== "function") || typeof key !== "string") {
    throw new TypeError("agent(Type, key) takes a class or the name of a type, and a key.");
  }
  return makeStub({ type, key, ...(component === undefined ? {} : { component }) });
}

/** Completes a promise of another agent; answers whether this was the first completion. */
export async function completePromise(
  address: string,
  id: string,
  value?: unknown,
): Promise<boolean> {
  const scope = callingScope("completePromise");
  const result = encodeSent(value, "value", scope.settings.limits);
  const message = {
    address: addressOfName(address),
    idempotencyKey: scope.nextKey(`promise.complete ${address} ${id}`)(),
    content: { kind: "complete", promiseId: id, result },
  } as const;
  return (await sendMessage(scope, "promise.complete", message, { id, value })) as boolean;
}
