/** What uploaded code says about itself: agent types, methods, hooks, policies. */
import type { AgentTypeDescription } from "../../core/api/description.ts";
import type { JsonValue, MethodView, SnapshotPolicy } from "../../core/api/views.ts";
import { defaultRetryPolicy, type RetryPolicy } from "../../core/retry.ts";
import { Agent } from "../author/agent.ts";
import { stateSchemaOf } from "./migrations.ts";
import { checkedPolicy } from "../author/retrying.ts";
import { jsonOrNothing } from "../values.ts";

export type AgentClass = new () => Agent;
export type AuthorModule = Readonly<Record<string, unknown>>;

/** A validator as the Standard Schema interface has it (standardschema.dev). */
interface Validator {
  readonly "~standard": {
    validate(value: unknown): StandardResult | Promise<StandardResult>;
    readonly jsonSchema?: { readonly input?: (options: { target: string }) => unknown };
  };
}

type StandardResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | {
      readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] }[];
    };

/** The author's options of one method. */
interface MethodOptions {
  readonly readOnly?: boolean;
  readonly description?: unknown;
  readonly input?: readonly Validator[];
  readonly output?: Validator;
  readonly retry?: unknown;
}

interface Statics {
  readonly snapshots?: unknown;
  readonly methods?: Readonly<Record<string, MethodOptions>>;
}

const RESERVED = new Set(["constructor", "onCreate", "saveSnapshot", "loadSnapshot"]);
const DEFAULT_POLICY: SnapshotPolicy = { everyInvocations: 100 };

function isAgentClass(value: unknown): value is AgentClass {
  return typeof value === "function" && value.prototype instanceof Agent;
}

/** The class exported as `type`, when it is an agent type. */
export function agentClass(module: AuthorModule, type: string): AgentClass | undefined {
  const exported = type === "default" ? undefined : module[type];
  return isAgentClass(exported) ? exported : undefined;
}

function isInvocable(prototype: object, name: string): boolean {
  if (RESERVED.has(name) || name.startsWith("_") || name in Agent.prototype) return false;
  const property = Object.getOwnPropertyDescriptor(prototype, name);
  return typeof property?.value === "function";
}

const knownMethods = new WeakMap<AgentClass, ReadonlySet<string>>();

function methodNames(AgentClass: AgentClass): ReadonlySet<string> {
  const known = knownMethods.get(AgentClass) ?? findMethods(AgentClass);
  knownMethods.set(AgentClass, known);
  return known;
}

function findMethods(AgentClass: AgentClass): ReadonlySet<string> {
  const names = new Set<string>();
  let prototype = AgentClass.prototype as object;
  while (prototype !== Agent.prototype) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      if (isInvocable(prototype, name)) names.add(name);
    }
    prototype = Object.getPrototypeOf(prototype) as object;
  }
  return names;
}

function optionsOf(AgentClass: AgentClass, method: string): MethodOptions {
  const { methods } = AgentClass as Statics;
  return (
    (methods !== undefined && Object.hasOwn(methods, method) ? methods[method] : undefined) ?? {}
  );
}

function schemaOf(validator: Validator): JsonValue {
  try {
    const schema = validator["~standard"].jsonSchema?.input?.({ target: "draft-2020-12" });
    return jsonOrNothing(schema) ?? {};
  } catch {
    // A validator that JSON Schema cannot express is described by the schema that accepts anything.
    return {};
  }
}

function describeMethod(AgentClass: AgentClass, name: string): MethodView {
  const { description, input, output } = optionsOf(AgentClass, name);
  retryPolicyOf(AgentClass, name, defaultRetryPolicy);
  return {
    name,
    readOnly: isReadOnly(AgentClass, name),
    ...(typeof description !== "string" ? {} : { description }),
    ...(input === undefined
      ? {}
      : { inputSchema: { type: "array", prefixItems: input.map(schemaOf) } }),
    ...(output === undefined ? {} : { outputSchema: schemaOf(output) }),
  };
}

/** Whether the author says that the method changes nothing and makes no durable call. */
export function isReadOnly(AgentClass: AgentClass, method: string): boolean {
  return optionsOf(AgentClass, method).readOnly === true;
}

/** By which policy `RetryableError` of a method is retried: what the author leaves out is as in `usual`. */
export function retryPolicyOf(
  AgentClass: AgentClass,
  method: string,
  usual: RetryPolicy,
): RetryPolicy {
  const { retry } = optionsOf(AgentClass, method);
  if (retry === undefined) return usual;
  return checkedPolicy(retry, usual, `static methods.${method}.retry of ${AgentClass.name}`);
}

function isPositive(value: unknown): value is number {
  return typeof value === "number" && value > 0 && Number.isFinite(value);
}

function policyOf(AgentClass: AgentClass): SnapshotPolicy {
  const declared = (AgentClass as Statics).snapshots;
  if (declared === undefined) return DEFAULT_POLICY;
  if (declared === "disabled") return "disabled";
  const { everyInvocations, everySeconds } = declared as Record<string, unknown>;
  if (Number.isInteger(everyInvocations) && isPositive(everyInvocations))
    return { everyInvocations };
  if (isPositive(everySeconds)) return { everySeconds };
  throw new TypeError(
    `static snapshots of ${AgentClass.name} must be { everyInvocations: n }, { everySeconds: t } or "disabled".`,
  );
}

function describeType(name: string, AgentClass: AgentClass): AgentTypeDescription {
  const prototype = AgentClass.prototype as object;
  stateSchemaOf(AgentClass);
  return {
    name,
    methods: [...methodNames(AgentClass)]
      .toSorted()
      .map((method) => describeMethod(AgentClass, method)),
    hooks: { saveSnapshot: "saveSnapshot" in prototype, loadSnapshot: "loadSnapshot" in prototype },
    initializes: "onCreate" in prototype,
    snapshots: policyOf(AgentClass),
  };
}

/** All agent types of a module, in the order of their names. */
export function describeModule(module: AuthorModule): AgentTypeDescription[] {
  return Object.keys(module)
    .toSorted()
    .flatMap((name) => {
      const AgentClass = agentClass(module, name);
      return AgentClass === undefined ? [] : [describeType(name, AgentClass)];
    });
}

/** The method as it is invoked: a function of the instance that is not reserved. */
export function invocable(
  instance: Agent,
  name: string,
): ((...args: unknown[]) => unknown) | undefined {
  const method: unknown = (instance as unknown as Record<string, unknown>)[name];
  if (typeof method !== "function") return undefined;
  return methodNames(instance.constructor as AgentClass).has(name)
    ? (method as (...args: unknown[]) => unknown)
    : undefined;
}

/** Whether the author gave the method's arguments a schema. */
export function hasSchema(AgentClass: AgentClass, method: string): boolean {
  return optionsOf(AgentClass, method).input !== undefined;
}

function pathOf(path: readonly unknown[] | undefined): unknown[] {
  return (path ?? []).map((step) =>
    typeof step === "object" && step !== null && "key" in step ? step.key : step,
  );
}

/** Whether the author gave the method's result a schema. */
export function hasOutputSchema(AgentClass: AgentClass, method: string): boolean {
  return optionsOf(AgentClass, method).output !== undefined;
}

/** The issues that the method's own schema has with a result; none when it passes. */
export async function resultIssues(
  AgentClass: AgentClass,
  method: string,
  result: unknown,
): Promise<JsonValue[]> {
  const checked = await optionsOf(AgentClass, method).output?.["~standard"].validate(result);
  return (checked?.issues ?? []).map(({ message, path }) => ({
    message,
    path: pathOf(path).map(String),
  }));
}

/** The issues that the method's own schema has with the arguments; none when they pass or there is no schema. */
export async function argumentIssues(
  AgentClass: AgentClass,
  method: string,
  args: readonly unknown[],
): Promise<JsonValue[]> {
  const validators = optionsOf(AgentClass, method).input ?? [];
  const issues: JsonValue[] = [];
  for (const [position, validator] of validators.entries()) {
    const result = await validator["~standard"].validate(args[position]);
    for (const { message, path } of result.issues ?? []) {
      issues.push({ message, path: [position, ...pathOf(path).map(String)] });
    }
  }
  return issues;
}
