/** What is known of a method call from its entries. */
import { showInvocation, type InvocationEntries } from "../../core/api/show.ts";
import type { InvocationView } from "../../core/api/views.ts";
import type { MethodCall } from "../../core/decide/invoke.ts";
import type { ErrorData, Outcome } from "../../core/oplog/entry.ts";
import { openRich } from "./rich.ts";

/** An invocation: its call, how far it is, and how to show it. */
export interface KnownInvocation {
  readonly call: MethodCall;
  readonly state: "pending" | "running" | "ended";
  readonly outcome?: Outcome;
  readonly failure?: ErrorData;
  /** It was taken back: before it began, or while it ran. */
  readonly isCancelled: boolean;
  show(): InvocationView;
}

/** Updates and the initialization are no method calls. `now` says the time, epoch milliseconds. */
export function knownInvocation(
  entries: InvocationEntries,
  now: () => number,
): KnownInvocation | undefined {
  const { pending, started, ended } = entries;
  if (pending.invocation.type !== "method") return undefined;
  const finished = ended?.kind === "AgentInvocationFinished" ? ended : undefined;
  const outcome = finished?.outcome;
  return {
    call: pending.invocation,
    state: ended !== undefined ? "ended" : started === undefined ? "pending" : "running",
    isCancelled: ended !== undefined && (finished === undefined || finished.cancelled === true),
    ...(outcome === undefined ? {} : { outcome }),
    ...(outcome?.ok === false ? { failure: outcome.error } : {}),
    show: () => showInvocation(entries, now(), openRich),
  };
}
