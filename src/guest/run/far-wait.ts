/** Whether an invocation waits for nothing near, so that its instance can be dropped meanwhile. */
import type { CallSpec } from "../scopes/scope.ts";

/** An open call; `isLong` once this instance has waited for it for long. */
export interface OpenWait {
  readonly spec: Pick<CallSpec, "endsAt" | "promiseId">;
  readonly at: number;
  readonly isLong?: boolean;
}

/** Until when nothing happens by itself (absent: never), and the promises that may end the wait before. */
export interface FarWait {
  readonly until?: number;
  readonly awaits: readonly string[];
}

/** The wait of these open calls, if all are waits and none of them ends within `nearMs`. */
export function farWait(
  open: Iterable<OpenWait>,
  now: number,
  nearMs: number,
): FarWait | undefined {
  const awaits: string[] = [];
  const ends: number[] = [];
  for (const { spec, at, isLong = false } of open) {
    const end = spec.endsAt?.(at);
    if (end !== undefined) ends.push(end);
    else if (spec.promiseId === undefined || !isLong) return undefined;
    else awaits.push(spec.promiseId);
  }
  if (ends.length === 0) return awaits.length === 0 ? undefined : { awaits };
  const until = Math.min(...ends);
  return until - now > nearMs ? { until, awaits } : undefined;
}
