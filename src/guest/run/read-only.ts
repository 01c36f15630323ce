/** Read-only methods promise to change nothing and to make no durable call: here they are held to it. */
import type { CallIdentity } from "../../core/replay/cursor.ts";
import type { Payload } from "../../core/oplog/payload.ts";
import type { Agent } from "../author/agent.ts";
import { AgentError } from "../author/errors.ts";
import { NativeWork } from "./native-work.ts";
import { isThenable } from "../thenable.ts";
import {
  within,
  type CallSettings,
  type InvocationInfo,
  type MadeCall,
  type Scope,
} from "../scopes/scope.ts";
import { encode } from "../values.ts";

export class ReadOnlyViolation extends AgentError {
  /** The instance is not what it was before. */
  readonly hasChanged: boolean;

  constructor(method: string, what: string, hasChanged = false) {
    super(
      `The read-only method ${method} ${what}; take readOnly out of its options, or leave that to another method.`,
      { code: "read-only-violation", status: 500 },
    );
    this.hasChanged = hasChanged;
  }
}

/** What the code of a read-only method may still know. */
export type Surroundings = Pick<
  Scope,
  "now" | "random" | "log" | "invocation" | "native" | "settings"
>;

/** Refuses every durable call, and remembers the first one: the code may swallow the error. */
export class ReadOnlyScope implements Scope {
  readonly link = undefined;
  readonly settings: CallSettings;
  readonly native: NativeWork;
  readonly invocation?: InvocationInfo;
  readonly #method: string;
  readonly #around: Surroundings;
  violation: ReadOnlyViolation | undefined;

  constructor(method: string, around: Surroundings) {
    this.#method = method;
    this.#around = around;
    const { limits, usualRetry } = around.settings;
    this.settings = { limits, usualRetry };
    this.native = around.native ?? new NativeWork();
    if (around.invocation !== undefined) this.invocation = around.invocation;
  }

  now(): number {
    return this.#around.now();
  }

  random(): number {
    return this.#around.random();
  }

  log: Scope["log"] = (level, message) => this.#around.log(level, message);

  #refuse(what: string): never {
    this.violation ??= new ReadOnlyViolation(this.#method, `called ${what}`);
    throw this.violation;
  }

  call({ identity }: { readonly identity: CallIdentity }): MadeCall {
    return this.#refuse(identity.call);
  }

  inline({ call }: CallIdentity): Payload {
    return this.#refuse(call);
  }

  beginRegion(): () => void {
    return this.#refuse("atomically");
  }

  /** For a call that is refused as soon as it is made. */
  nextKey(): () => string {
    return () => "";
  }
}

/** What can be told of a field's value: all of it where it can be saved, else which object it is. */
function likeness(value: unknown): unknown {
  try {
    return encode(value, "field");
  } catch {
    return value;
  }
}

function fieldsOf(agent: Agent): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(agent).map(([name, value]) => [name, likeness(value)]));
}

function changedField(
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): string | undefined {
  for (const [name, value] of after) if (before.get(name) !== value) return name;
  return [...before.keys()].find((name) => !after.has(name));
}

/** Runs the code of a read-only method; it throws when the method does not keep its promise. */
export function heldToReadOnly(
  agent: Agent,
  { method, scope }: { readonly method: string; readonly scope: ReadOnlyScope },
  code: () => unknown,
): unknown {
  const before = fieldsOf(agent);
  const check = (): void => {
    const field = changedField(before, fieldsOf(agent));
    if (field !== undefined)
      throw new ReadOnlyViolation(method, `changed the field ${field}`, true);
    if (scope.violation !== undefined) throw scope.violation;
  };
  const checked = (value: unknown): unknown => {
    check();
    return value;
  };
  const failed = (error: unknown): never => {
    check();
    throw error;
  };
  let returned: unknown;
  try {
    returned = within(scope, code);
  } catch (error) {
    return failed(error);
  }
  return isThenable(returned) ? Promise.resolve(returned).then(checked, failed) : checked(returned);
}
