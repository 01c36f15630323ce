/** `this.bindings`: the host's bindings that were granted, each a proxy whose methods are durable calls. */
import type { Binding, Bindings } from "../author/agent.ts";
import { methodDurability, type BindingKind } from "../../core/bindings/kinds.ts";
import { callWithArguments } from "./binding-call.ts";
import { callStorage } from "./bucket.ts";
import { methodsOf } from "../author/calling.ts";
import { callDatabase } from "./database.ts";
import { AgentError } from "../author/errors.ts";
import { callingScope, currentScope, type Scope } from "../scopes/scope.ts";
import { fetchFromService } from "./service.ts";
import { keepClass } from "../values.ts";

function notGranted(name: string): AgentError {
  return new AgentError(
    `The binding ${name} was not granted when this invocation began; name it in \`perdure.bindings\` of the upload, or have the operator grant it in PERDURE_BINDINGS.`,
    { code: "binding-not-granted" },
  );
}

function dispatch(
  scope: Scope,
  kind: BindingKind,
  name: string,
  method: string,
  args: readonly unknown[],
): unknown {
  if (kind === "d1") return callDatabase(name, method, args);
  if (kind === "r2") return callStorage(scope, name, method, args);
  if (kind === "service" && method === "fetch") return fetchFromService(scope, name, args);
  return callWithArguments(
    scope,
    { name, method, durability: methodDurability(kind, method) },
    args,
  );
}

function invoke(name: string, method: string, args: readonly unknown[]): unknown {
  const scope = callingScope("A call of a binding");
  const { bindings = {} } = scope.settings;
  const kind = Object.hasOwn(bindings, name) ? bindings[name] : undefined;
  if (kind !== undefined) return dispatch(scope, kind, name, method, args);
  if (scope.link === undefined) {
    // Nothing durable can be called here: the scope says so.
    const identity = { call: `binding.${name}.${method}`, durability: "write-remote" } as const;
    return scope.call({ identity, perform: () => ({ ok: true }) }).settled;
  }
  // What gives a statement elsewhere cannot reject: its user does not wait for it.
  if (method === "prepare") throw notGranted(name);
  return Promise.reject(notGranted(name));
}

const names = new WeakMap<object, string>();
const stubs = new Map<string, Binding>();

/** A stub knows its name only: what is granted, and of what kind it is, is asked at each call. */
function stubOf(name: string): Binding {
  const known = stubs.get(name);
  if (known !== undefined) return known;
  const stub = methodsOf({}, (method, args) => invoke(name, method, args)) as Binding;
  stubs.set(name, stub);
  names.set(stub, name);
  return stub;
}

keepClass("Binding", {
  reduce: (value) => {
    const name = typeof value === "object" && value !== null ? names.get(value) : undefined;
    return name !== undefined && { name };
  },
  revive: ({ name }: { name: string }) => stubOf(name),
});

const everyName = new Proxy<Bindings>(Object.freeze({}), {
  get: (_, name) => (typeof name === "string" ? stubOf(name) : undefined),
});

/** The bindings of the running code's scope. */
export function currentBindings(): Bindings {
  const scope = currentScope();
  if (scope === undefined || scope.link === undefined) return everyName;
  const { bindings = {} } = scope.settings;
  return Object.freeze(
    Object.fromEntries(Object.keys(bindings).map((name) => [name, stubOf(name)])),
  );
}
