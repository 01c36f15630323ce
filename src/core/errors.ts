/**
 * The closed catalogue of refusals. Codes are those of http-api.md and never change; which HTTP
 * status a code has is decided in `http/routing/problems.ts`.
 */
import type { ErrorView, InvocationView, JsonValue } from "./api/views.ts";

export type ErrorCode =
  | "access-keys-unavailable"
  | "agent-already-exists"
  | "agent-busy"
  | "agent-deleted"
  | "agent-failed"
  | "agent-interrupted"
  | "agent-not-found"
  | "agent-not-resumable"
  | "agent-type-not-found"
  | "already-at-revision"
  | "auth-not-configured"
  | "call-cycle"
  | "component-not-found"
  | "configuration-invalid"
  | "forbidden"
  | "idempotency-key-reused"
  | "internal-error"
  | "invalid-arguments"
  | "invalid-component"
  | "invalid-cut"
  | "invalid-export"
  | "invalid-json"
  | "invalid-request"
  | "invocation-cancelled"
  | "invocation-failed"
  | "invocation-not-found"
  | "invocation-reverted"
  | "invocation-running"
  | "method-not-allowed"
  | "method-not-found"
  | "not-found"
  | "not-snapshottable"
  | "payload-too-large"
  | "promise-not-found"
  | "queue-full"
  | "rate-limited"
  | "read-only-violation"
  | "revision-conflict"
  | "revision-not-found"
  | "rollout-not-active"
  | "rollout-not-found"
  | "schedule-not-found"
  | "snapshot-not-found"
  | "token-not-found"
  | "too-many-schedules"
  | "unauthorized"
  | "unsupported-media-type"
  | "update-already-pending";

/** A refusal as a value. `detail` is a sentence for the user that also says what to do next. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly detail: string;
  /** Extra members of the problem document. */
  readonly members?: {
    readonly issues?: readonly JsonValue[];
    readonly invocation?: InvocationView;
    readonly lastError?: ErrorView;
    readonly error?: ErrorView;
    readonly retryAfterSeconds?: number;
    /** HTTP status chosen by the author of a failed invocation (400..599). */
    readonly status?: number;
    /** Problem code chosen by the author of a failed invocation; replaces `code`. */
    readonly authorCode?: string;
  };
}

/** What every operation answers: values, never exceptions, cross the object boundary. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal };

export function accept<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function refuse(
  code: ErrorCode,
  detail: string,
  members?: Refusal["members"],
): { readonly ok: false; readonly refusal: Refusal } {
  return {
    ok: false,
    refusal: members === undefined ? { code, detail } : { code, detail, members },
  };
}
