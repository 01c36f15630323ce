/**
 * In which scope code runs decides what time, randomness and durable calls mean to it. The scope
 * follows the code through promises and callbacks; it is never a global, for isolates may be shared.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Grants } from "../../core/bindings/kinds.ts";
import type { CodeLimits } from "../../core/limits.ts";
import type { CallRetryPolicy, RetryPolicy } from "../../core/retry.ts";
import type { ErrorData, ErrorEntry, Log } from "../../core/oplog/entry.ts";
import type { Payload } from "../../core/oplog/payload.ts";
import type { HostLink } from "../link.ts";
import type { NativeWork } from "../run/native-work.ts";
import type { CallIdentity } from "../../core/replay/cursor.ts";

/** How a call ended. */
export type Settlement =
  | { readonly ok: true; readonly response?: Payload }
  | { readonly ok: false; readonly error: ErrorData };

/**
 * Where a call's `Start` stands: its index, or its ref while it has none; and when it was made.
 * `tried` is there when tries of it have failed before; `isOpen` tells whether anybody waits for it.
 */
export interface StartPlace {
  readonly id: number;
  readonly at: number;
  isOpen(): boolean;
  readonly tried?: Pick<ErrorEntry, "attempt" | "retryAt">;
}

/** A durable call: what it is known by, and how it is performed when it is not answered by the record. */
export interface CallSpec {
  readonly identity: CallIdentity;
  /**
   * `start` is absent where calls are not recorded. A settlement that is given within the turn is
   * seen by the code within the turn, live and in replay. `cancelled` is there where `start` is not.
   */
  perform(
    start: StartPlace | undefined,
    link: HostLink,
    cancelled?: AbortSignal,
  ): Settlement | Promise<Settlement>;
  /** For waits: when it ends, in epoch milliseconds, given when it was made. */
  endsAt?(madeAt: number): number;
  /** For waits that only a completion ends: the promise. */
  readonly promiseId?: string;
}

/** A call that code has made: `settled` never settles once the call is cancelled. */
export interface MadeCall {
  readonly settled: Promise<Payload | undefined>;
  cancel(): void;
}

/** What holds for the calls that are made in a scope. */
export interface CallSettings {
  /** False: a write whose outcome is unknown after a crash is an error. */
  readonly isIdempotent?: boolean;
  readonly retry?: CallRetryPolicy;
  /** The bindings that there are. */
  readonly bindings?: Grants;
  readonly limits: CodeLimits;
  /** The policy of which authors' own are variations. */
  readonly usualRetry: RetryPolicy;
}

export interface Scope {
  /** Epoch milliseconds as the code sees them. */
  now(): number;
  /** A number in [0, 1). */
  random(): number;
  call(spec: CallSpec): MadeCall;
  /** A call that ends within the code's own turn. */
  inline(identity: CallIdentity, produce: () => Payload): Payload;
  log(level: Log["level"], message: string): void;
  /** The idempotency key of the next write that is described so; it is derived when it is asked for. */
  nextKey(what: string): () => string;
  /** Absent where nothing durable can be called. */
  readonly link: HostLink | undefined;
  readonly invocation?: InvocationInfo;
  readonly settings: CallSettings;
  /** What the platform does for the code here; absent where the order of what it sees is not recorded. */
  readonly native?: NativeWork | undefined;
  /** Begins an atomic region and gives what ends it; nothing where calls are not recorded. */
  beginRegion(): () => void;
}

/** What running code may know of its invocation. */
export interface InvocationInfo {
  readonly idempotencyKey: string;
  readonly method: string;
  /** Which try this is, from 1: `RetryableError` makes more of them. */
  readonly attempt: number;
  /** Aborted when the invocation is cancelled while it runs. */
  readonly signal: AbortSignal;
}

const scopes = new AsyncLocalStorage<Scope>();

/** Runs `code` with everything it starts in `scope`. */
export function within<T>(scope: Scope, code: () => T): T {
  return scopes.run(scope, code);
}

/** Runs what the guest does for itself: it is no work of the code that called it. */
export function outsideScopes<T>(work: () => T): T {
  return scopes.exit(work);
}

/** The scope of the running code, or `undefined` while a module loads. */
export function currentScope(): Scope | undefined {
  return scopes.getStore();
}

/** The scope for a helper that makes durable calls. */
export function callingScope(what: string): Scope {
  const scope = scopes.getStore();
  if (scope !== undefined) return scope;
  throw new Error(
    `${what} is not available while a module loads; call it in a method or in onCreate.`,
  );
}
