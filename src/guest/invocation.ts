/** What running code may know of its invocation. */
import { callingScope } from "./scope.ts";

export interface InvocationInfo {
  readonly idempotencyKey: string;
  readonly method: string;
}

/** The invocation that the calling code belongs to. */
export function invocation(): InvocationInfo {
  const { invocation: present } = callingScope("invocation()");
  if (present === undefined)
    throw new Error("invocation() is only available inside an invocation.");
  return { ...present };
}
