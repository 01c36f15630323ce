/** How an invocation enters the author's code: the method, its arguments, what is checked before. */
import type { Payload } from "../../core/oplog/payload.ts";
import type { Boot } from "../../core/protocol.ts";
import { INITIALIZATION_KEY } from "../../core/status/status.ts";
import type { Agent } from "../author/agent.ts";
import {
  argumentIssues,
  hasOutputSchema,
  hasSchema,
  invocable,
  isReadOnly,
  resultIssues,
  type AgentClass,
} from "./describe.ts";
import { AgentError } from "../author/errors.ts";
import { heldToReadOnly, ReadOnlyScope } from "../run/read-only.ts";
import { callingScope } from "../scopes/scope.ts";
import { decode } from "../values.ts";

/** An instance of the author's class, and what it was booted as. */
export interface AuthorInstance {
  readonly agent: Agent;
  readonly AgentClass: AgentClass;
  readonly boot: Boot;
}

/** What is to be entered. */
export interface Entrance {
  readonly idempotencyKey: string;
  readonly method: string;
  readonly args: Payload;
}

function initialization({ agent, boot }: AuthorInstance): () => unknown {
  const { params } = boot.identity;
  const creating = agent as Agent & { onCreate?(params: unknown): unknown };
  return () => creating.onCreate?.(params === undefined ? undefined : decode(params));
}

function missing(type: string, method: string): () => never {
  return () => {
    const message = `${type} has no method ${method}.`;
    throw new AgentError(message, { code: "method-not-found", status: 404 });
  };
}

async function checked(
  AgentClass: AgentClass,
  method: string,
  args: readonly unknown[],
  code: () => unknown,
): Promise<unknown> {
  const issues = await argumentIssues(AgentClass, method, args);
  if (issues.length === 0) return code();
  const message = `The arguments do not fit the schema of ${method}.`;
  throw new AgentError(message, { code: "invalid-arguments", status: 422, details: issues });
}

/** What the method returns goes on as it is: the validator judges, it does not change. */
async function judged(AgentClass: AgentClass, method: string, code: () => unknown) {
  const result = await code();
  const issues = await resultIssues(AgentClass, method, result);
  if (issues.length === 0) return result;
  const [first] = issues as { message: string; path: string[] }[];
  const where =
    first === undefined ? "" : `: ${["result", ...first.path].join(".")}: ${first.message}`;
  const message = `The result of ${method} does not fit its output schema${where}. Mend the method, or its schema.`;
  throw new AgentError(message, { code: "invalid-result", details: { issues } });
}

/** The code that an invocation runs; it throws when the revision has no such method. `scope` is that of a read outside of any. */
export function codeOf(
  instance: AuthorInstance,
  { idempotencyKey, method: name, args: payload }: Entrance,
  scope?: ReadOnlyScope,
): () => unknown {
  const { agent, AgentClass, boot } = instance;
  if (idempotencyKey === INITIALIZATION_KEY) return initialization(instance);
  const method = invocable(agent, name);
  if (method === undefined) return missing(boot.identity.type, name);
  const args = decode(payload) as readonly unknown[];
  const plain = (): unknown => Reflect.apply(method, agent, args);
  const held = (): unknown => {
    const inside = scope ?? new ReadOnlyScope(name, callingScope(name));
    return heldToReadOnly(agent, { method: name, scope: inside }, plain);
  };
  const call = isReadOnly(AgentClass, name) ? held : plain;
  const code = hasOutputSchema(AgentClass, name) ? () => judged(AgentClass, name, call) : call;
  return hasSchema(AgentClass, name) ? () => checked(AgentClass, name, args, code) : code;
}
