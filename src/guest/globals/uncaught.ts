/** An error that nobody handles fails nothing: it is a line in the log of who caused it. */
import { toErrorData } from "../author/errors.ts";
import { enqueueMicrotask } from "../platform.ts";
import { Run } from "../run/run.ts";
import { currentScope } from "../scopes/scope.ts";
import { replace } from "./replace.ts";

function note(what: string, thrown: unknown): void {
  const { name, message } = toErrorData(thrown);
  (currentScope() ?? Run.latest)?.log("error", `${what}: ${name}: ${message}`);
}

function queueMicrotask(callback: () => void): void {
  if (typeof callback !== "function") throw new TypeError("queueMicrotask takes a function.");
  enqueueMicrotask(() => {
    try {
      callback();
    } catch (error) {
      note("Uncaught in a microtask", error);
    }
  });
}

export function logUncaught(): void {
  replace(globalThis, "queueMicrotask", queueMicrotask);
  replace(globalThis, "reportError", (error: unknown) => note("Uncaught", error));
  addEventListener("unhandledrejection", (event) => {
    note("Unhandled rejection", event.reason);
    event.preventDefault();
  });
}
