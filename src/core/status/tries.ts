/** Which open calls of the invocation in progress are tried again, and how often they were tried. */
import type { ErrorEntry } from "../oplog/entry.ts";
import type { CurrentInvocation } from "./status.ts";

/** Whether it is a try of a call that failed, and not one of the invocation: calls start later. */
export function isOfCall(current: CurrentInvocation | undefined, entry: ErrorEntry): boolean {
  return current !== undefined && entry.retryFrom > current.startedIndex;
}

export function noteTry(
  current: CurrentInvocation,
  { retryFrom: start, attempt, retryAt }: ErrorEntry,
): CurrentInvocation {
  const { tries = [], ...rest } = forgetTries(current, start);
  if (retryAt === undefined) return current;
  return { ...rest, tries: [...tries, { start, attempt, retryAt }] };
}

/** The call has ended. */
export function forgetTries(current: CurrentInvocation, start: number): CurrentInvocation {
  const { tries, ...rest } = current;
  const left = tries?.filter((tried) => tried.start !== start) ?? [];
  return left.length === 0 ? rest : { ...rest, tries: left };
}
