/** What running code may know of its invocation. */
import { callingScope, type InvocationInfo } from "./scope.ts";

/** The invocation that the calling code belongs to. */
export function invocation(): InvocationInfo {
  const { invocation: present } = callingScope("invocation()");
  if (present === undefined)
    throw new Error("invocation() is only available inside an invocation.");
  return { ...present };
}
