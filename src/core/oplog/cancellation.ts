/** How an invocation ends that is cancelled while it runs. */
import type { Outcome } from "./entry.ts";

export const CANCELLED_CODE = "invocation-cancelled";

/** What the oplog has of it; whoever waits for the invocation gets it as an error. */
export const cancelledOutcome: Outcome = {
  ok: false,
  error: {
    name: "AbortError",
    message: "The invocation was cancelled while it ran.",
    code: CANCELLED_CODE,
    status: 409,
  },
};
