/** Errors as authors write and meet them, and as data in the record. */
import type { ErrorData } from "../../core/oplog/entry.ts";
import { jsonOrNothing } from "../values.ts";

export interface AgentErrorOptions {
  /** The problem's code over HTTP; `invocation-failed` without it. */
  readonly code?: string;
  /** HTTP status, 400 to 599; 500 without it. */
  readonly status?: number;
  /** Anything that JSON can hold. */
  readonly details?: unknown;
  readonly cause?: unknown;
}

/** An error that callers get whole: name, message, code, status and details. */
export class AgentError extends Error {
  override name = "AgentError";
  readonly code?: string;
  readonly status?: number;
  readonly details?: unknown;

  constructor(message: string, options: AgentErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    if (options.code !== undefined) this.code = options.code;
    if (options.status !== undefined) this.status = options.status;
    if (options.details !== undefined) this.details = options.details;
  }
}

/**
 * Thrown by a method: the invocation begins anew, in the state before it, after a delay by the
 * method's retry policy, or after `afterMs` milliseconds.
 */
export class RetryableError extends Error {
  override name = "RetryableError";
  readonly afterMs?: number;

  constructor(message: string, { afterMs }: { readonly afterMs?: number } = {}) {
    super(message);
    if (typeof afterMs === "number" && afterMs >= 0 && Number.isFinite(afterMs)) {
      this.afterMs = afterMs;
    }
  }
}

const BUILT_IN: Readonly<Record<string, ErrorConstructor>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

function isStatus(status: unknown): status is number {
  return typeof status === "number" && Number.isInteger(status) && status >= 400 && status <= 599;
}

function membersOf(error: Error): Omit<ErrorData, "name" | "message"> {
  const { code, status, details } = error as AgentError;
  const json = jsonOrNothing(details);
  return {
    ...(typeof code === "string" ? { code } : {}),
    ...(isStatus(status) ? { status } : {}),
    ...(json === undefined ? {} : { details: json }),
    ...(error instanceof RetryableError && error.afterMs !== undefined
      ? { afterMs: error.afterMs }
      : {}),
  };
}

/** What was thrown, as data. */
export function toErrorData(thrown: unknown): ErrorData {
  if (!(thrown instanceof Error)) return { name: "Error", message: String(thrown) };
  const { name, message }: { name: unknown; message: unknown } = thrown;
  return { name: String(name), message: String(message), ...membersOf(thrown) };
}

/** The error that code meets again: the same live and in replay, because both come from the data. */
export function fromErrorData(data: ErrorData): Error {
  const Known = Object.hasOwn(BUILT_IN, data.name) ? BUILT_IN[data.name] : undefined;
  if (Known !== undefined && data.code === undefined) return new Known(data.message);
  const { code, status, details } = data;
  const error = new AgentError(data.message, {
    ...(code === undefined ? {} : { code }),
    ...(status === undefined ? {} : { status }),
    ...(details === undefined ? {} : { details }),
  });
  error.name = data.name;
  if (data.afterMs !== undefined) Object.assign(error, { afterMs: data.afterMs });
  return error;
}
