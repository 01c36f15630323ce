/** What running code may know of its invocation. */
import { callingScope, type InvocationInfo } from "../scopes/scope.ts";

/** The invocation that the calling code belongs to. */
export function invocation(): InvocationInfo {
  const { invocation: present } = callingScope("invocation()");
  if (present === undefined)
    throw new Error("invocation() is only available inside an invocation.");
  const { idempotencyKey, method, attempt } = present;
  // Not among what is kept when the code keeps or returns the whole: a signal cannot be cloned.
  return Object.defineProperty({ idempotencyKey, method, attempt }, "signal", {
    get: () => present.signal,
  }) as InvocationInfo;
}
