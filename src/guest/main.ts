/**
 * The runtime's module inside an isolate. It is evaluated before any author code, so that the
 * globals are replaced by then. `perdure`, which authors import, re-exports the public part.
 */
import "./globals.ts";

export { Agent } from "./agent.ts";
export { connect } from "./globals/refused.ts";
export { atomically } from "./atomically.ts";
export { AgentError, RetryableError } from "./errors.ts";
export { withIdempotence } from "./idempotence.ts";
export { agent, completePromise } from "./calling.ts";
export { inspectorClass } from "./inspector.ts";
export { instanceClass } from "./facet.ts";
export { invocation } from "./invocation.ts";
export { createPromise } from "./promise.ts";
export { withRetry } from "./retrying.ts";
export { saga } from "./saga.ts";
export { sleep } from "./sleep.ts";
export { step } from "./step.ts";
