/**
 * The runtime's module inside an isolate. It is evaluated before any author code, so that the
 * globals are replaced by then. `perdure`, which authors import, re-exports the public part.
 */
import "./globals.ts";

export { Agent } from "./author/agent.ts";
export { connect } from "./globals/refused.ts";
export { atomically } from "./author/atomically.ts";
export { AgentError, RetryableError } from "./author/errors.ts";
export { withIdempotence } from "./author/idempotence.ts";
export { agent, completePromise } from "./author/calling.ts";
export { inspectorClass } from "./inspector.ts";
export { instanceClass } from "./facet.ts";
export { invocation } from "./author/invocation.ts";
export { createPromise } from "./author/promise.ts";
export { withRetry } from "./author/retrying.ts";
export { saga } from "./author/saga.ts";
export { sleep } from "./author/sleep.ts";
export { step } from "./author/step.ts";
