import type { ErrorCode, Refusal } from "../../core/errors.ts";

/** Status and title of every code of http-api.md. */
const catalogue: Readonly<Record<ErrorCode, readonly [status: number, title: string]>> = {
  "access-keys-unavailable": [503, "Cloudflare Access's keys are out of reach"],
  "agent-already-exists": [409, "The agent already exists"],
  "agent-busy": [409, "The agent is busy"],
  "agent-deleted": [409, "The agent was deleted"],
  "agent-failed": [409, "The agent has failed"],
  "agent-interrupted": [409, "The agent is interrupted"],
  "agent-not-found": [404, "No such agent"],
  "agent-not-resumable": [409, "The agent cannot be resumed"],
  "agent-type-not-found": [404, "No such agent type"],
  "already-at-revision": [409, "The agent already has this revision"],
  "auth-not-configured": [503, "Authentication is not configured"],
  "call-cycle": [409, "The agents would wait for each other"],
  "component-not-found": [404, "No such component"],
  "configuration-invalid": [503, "The configuration is not valid"],
  forbidden: [403, "Not allowed"],
  "idempotency-key-reused": [422, "The idempotency key belongs to another request"],
  "internal-error": [500, "Internal error"],
  "invalid-arguments": [422, "The method refuses the arguments"],
  "invalid-component": [422, "The component cannot be used"],
  "invalid-cut": [422, "The oplog cannot be cut there"],
  "invalid-export": [422, "The file cannot become an agent"],
  "invalid-json": [400, "The body is not JSON"],
  "invalid-request": [400, "The request does not fit"],
  "invocation-cancelled": [409, "The invocation was cancelled"],
  "invocation-failed": [500, "The invocation failed"],
  "invocation-not-found": [404, "No such invocation"],
  "invocation-reverted": [409, "The invocation was reverted"],
  "invocation-running": [409, "The invocation is running"],
  "method-not-allowed": [405, "Verb not allowed here"],
  "method-not-found": [404, "No such method"],
  "not-found": [404, "No such route"],
  "not-snapshottable": [409, "No snapshot can be taken"],
  "payload-too-large": [413, "Too large"],
  "promise-not-found": [404, "No such promise"],
  "queue-full": [429, "Too many pending invocations"],
  "rate-limited": [429, "Too many requests with this token"],
  "read-only-violation": [500, "A read-only method tried to change something"],
  "revision-conflict": [409, "The revision is other code here"],
  "revision-not-found": [404, "No such revision"],
  "rollout-not-active": [409, "The rollout is not active"],
  "rollout-not-found": [404, "No such rollout"],
  "schedule-not-found": [404, "No such schedule"],
  "snapshot-not-found": [404, "No such snapshot"],
  "token-not-found": [404, "No such token"],
  "too-many-schedules": [409, "Too many schedules"],
  unauthorized: [401, "Authentication needed"],
  "unsupported-media-type": [415, "Unsupported media type"],
  "update-already-pending": [409, "The same update is already pending"],
};

/** Every code that there is. */
export const codes = Object.keys(catalogue) as readonly ErrorCode[];

const defaultRetryAfterSeconds = 1;

/** A problem document (RFC 9457) with the status and headers that go with it. */
export interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly title: string; readonly [member: string]: unknown };
}

/** The problem document of a refusal. */
export function toProblem({ code, detail, members = {} }: Refusal): Problem {
  const { status: authorStatus, authorCode, retryAfterSeconds, ...shown } = members;
  const [usualStatus, title] = catalogue[code];
  const authored = code === "invocation-failed";
  const status = authored && isErrorStatus(authorStatus) ? authorStatus : usualStatus;
  return {
    status,
    headers: headersFor(code, retryAfterSeconds),
    body: {
      type: "about:blank",
      title,
      status,
      detail,
      code: authored ? (authorCode ?? code) : code,
      ...shown,
    },
  };
}

function isErrorStatus(status: number | undefined): status is number {
  return status !== undefined && Number.isInteger(status) && status >= 400 && status <= 599;
}

function headersFor(
  code: ErrorCode,
  retryAfterSeconds: number = defaultRetryAfterSeconds,
): Readonly<Record<string, string>> {
  if (code === "unauthorized") return { "WWW-Authenticate": "Bearer" };
  if (code === "queue-full" || code === "rate-limited")
    return { "Retry-After": String(Math.ceil(retryAfterSeconds)) };
  return {};
}
