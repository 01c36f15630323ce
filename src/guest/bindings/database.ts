/** D1: statements are put together here, and each execution is one call. */
import { methodDurability, statementDurability } from "../../core/bindings/kinds.ts";
import type { BoundStatement } from "../../core/protocol.ts";
import { callBinding, callWithArguments } from "./binding-call.ts";
import { AgentError } from "../author/errors.ts";
import { callingScope } from "../scopes/scope.ts";

class Statement {
  readonly #name: string;
  readonly #bound: BoundStatement;

  constructor(name: string, bound: BoundStatement) {
    this.#name = name;
    this.#bound = bound;
  }

  /** The statement to send; `undefined` for anything else. */
  static boundOf(value: unknown): BoundStatement | undefined {
    return value instanceof Statement ? value.#bound : undefined;
  }

  bind(...params: unknown[]): Statement {
    return new Statement(this.#name, { sql: this.#bound.sql, params });
  }

  all(): Promise<unknown> {
    return this.#execute("all");
  }

  run(): Promise<unknown> {
    return this.#execute("run");
  }

  first(column?: string): Promise<unknown> {
    return this.#execute("first", column === undefined ? {} : { column });
  }

  raw(options?: object): Promise<unknown> {
    return this.#execute("raw", options === undefined ? {} : { options });
  }

  #execute(method: string, more: object = {}): Promise<unknown> {
    const scope = callingScope("A call of a binding");
    const durability = statementDurability(method, this.#bound.sql);
    const input = { ...this.#bound, ...more };
    return callBinding(scope, { name: this.#name, method, durability, input });
  }
}

function batch(name: string, given: unknown): Promise<unknown> {
  const scope = callingScope("A call of a binding");
  const statements = (Array.isArray(given) ? given : []).map((value) => Statement.boundOf(value));
  if (statements.length === 0 || !statements.every((statement) => statement !== undefined)) {
    throw new TypeError(`batch takes a list of statements that ${name}.prepare made.`);
  }
  return callBinding(scope, {
    name,
    method: "batch",
    durability: methodDurability("d1", "batch"),
    input: { statements },
  });
}

/** A method of a D1 database. */
export function callDatabase(name: string, method: string, args: readonly unknown[]): unknown {
  if (method === "prepare") return new Statement(name, { sql: String(args[0]), params: [] });
  if (method === "batch") return batch(name, args[0]);
  if (method === "withSession") {
    throw new AgentError(
      `Sessions of ${name} cannot be recorded; prepare the statements on this.bindings.${name} itself.`,
      { code: "binding-not-recordable" },
    );
  }
  const durability = methodDurability("d1", method);
  const scope = callingScope("A call of a binding");
  return callWithArguments(scope, { name, method, durability }, args);
}
