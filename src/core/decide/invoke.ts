/** Whether a request to invoke is new, known, or refused (semantics.md section 3). */
import { showError } from "../api/show.ts";
import type { AgentTypeView, MethodView } from "../api/views.ts";
import { accept, refuse, type Refusal, type Result } from "../errors.ts";
import { equalJsonTexts } from "../json.ts";
import type { Limits } from "../limits.ts";
import { richText, type Payload } from "../oplog/payload.ts";
import type { Status } from "../status/status.ts";

/** A method call as it was accepted: what a second request with the same key must agree with. */
export interface MethodCall {
  readonly method: string;
  readonly args: Payload;
}

function samePayload(left: Payload, right: Payload): boolean {
  if (left === right) return true;
  if (richText(left) !== undefined || richText(right) !== undefined) return false;
  return equalJsonTexts(left, right);
}

/** The same key must mean the same call. */
export function checkReuse(known: MethodCall, request: MethodCall): Refusal | undefined {
  if (known.method === request.method && samePayload(known.args, request.args)) return undefined;
  return refuse(
    "idempotency-key-reused",
    `This Idempotency-Key was used for ${known.method} with ${
      known.method === request.method ? "other arguments" : "another method"
    }; send a new key for a new invocation.`,
  ).refusal;
}

/** The method of that name, or why it cannot be invoked. */
export function findMethod(type: AgentTypeView, method: string): Result<MethodView> {
  const found = type.methods.find(({ name }) => name === method);
  if (found !== undefined) return accept(found);
  const names = type.methods.map(({ name }) => name).join(", ");
  return refuse(
    "method-not-found",
    `${type.name} has no method ${method}; it has ${names === "" ? "none" : names}.`,
  );
}

/** A failed agent runs nothing until it is resumed, reverted or updated. */
export function checkFailure({ name, failure }: Status): Refusal | undefined {
  if (name !== "failed") return undefined;
  return refuse(
    "agent-failed",
    "The agent has failed and runs nothing; resume it to try again, revert it to before the failure, or update it automatically to code that gets past it.",
    failure === undefined ? {} : { lastError: showError(failure.error) },
  ).refusal;
}

/** Whether the agent takes new invocations at all. */
export function checkAdmission(
  status: Status,
  { pendingInvocations }: Pick<Limits, "pendingInvocations">,
): Refusal | undefined {
  const failed = checkFailure(status);
  if (failed !== undefined) return failed;
  if (status.pending.length >= pendingInvocations) {
    return refuse(
      "queue-full",
      `The agent has ${pendingInvocations} pending invocations; try again later.`,
      { retryAfterSeconds: 1 },
    ).refusal;
  }
  return undefined;
}
