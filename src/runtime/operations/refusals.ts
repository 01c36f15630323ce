/** Refusals that many operations share. */
import { refuse, type Refusal } from "../../core/errors.ts";

export const noAgent = refuse(
  "agent-not-found",
  "There is no agent at this address; create it with PUT, or by invoking one of its methods.",
);

export const unknownInvocation = refuse(
  "invocation-not-found",
  "This agent has accepted no invocation with that idempotency key.",
);

export const unknownSchedule = refuse(
  "schedule-not-found",
  "This agent has no schedule with that id: it was deleted, or never created; see GET …/schedules.",
);

/** A refusal as the result of an operation. */
export function refused(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal };
}
