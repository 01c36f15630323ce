/** A call that the code has made and not seen the end of. */
import type { End } from "../core/oplog/entry.ts";
import type { Payload } from "../core/oplog/payload.ts";
import { realNow } from "./platform.ts";
import type { CallSpec, Settlement } from "./scope.ts";

/** `id` is the index of its `Start`, or its ref while it has none; `at` is when it was made. */
export interface OpenCall {
  readonly spec: CallSpec;
  readonly id: number;
  readonly at: number;
  /** Set once this instance has waited for it for long. */
  isLong?: boolean;
  settlement?: Settlement;
  resolve(response: Payload | undefined): void;
  reject(error: Error): void;
}

/** The entry that ends the call. */
export function endOf({ id }: OpenCall, settlement: Settlement): End {
  const end = { kind: "End", at: realNow(), start: id } as const;
  if (!settlement.ok) return { ...end, error: settlement.error };
  return settlement.response === undefined ? end : { ...end, response: settlement.response };
}
