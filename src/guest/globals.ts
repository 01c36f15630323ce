/**
 * Replaces what the platform's globals mean to author code, before any of it is evaluated: time,
 * randomness, network, timers and the console become durable; what cannot be is refused with advice.
 */
import creation from "perdure:creation";
import type { Log } from "../core/oplog/entry.ts";
import { durableFetch } from "./fetch.ts";
import { format } from "./format.ts";
import { getRandomValues, PlatformDate, randomUUID } from "./platform.ts";
import { AgentRequest } from "./request.ts";
import { callingScope, currentScope, type Scope } from "./scope.ts";
import { toErrorData } from "./errors.ts";
import { recordChanceOfSubtle } from "./chance-crypto.ts";
import { expectImports } from "./native-work.ts";
import { followNativeWork } from "./native-globals.ts";
import { replace } from "./replace.ts";
import { Run } from "./run.ts";
import { cancelTimer, startInterval, startTimeout } from "./timers.ts";
import { sleep } from "./sleep.ts";
import { FrozenScope } from "./unrecorded.ts";

const loading = new FrozenScope(creation.createdAt, creation.seed, "while a module loads");

function scope(): Scope {
  return currentScope() ?? loading;
}

const DurableDate: DateConstructor = new Proxy(PlatformDate, {
  construct(target, args: unknown[], newTarget) {
    const actual = args.length === 0 ? [scope().now()] : args;
    return Reflect.construct(
      target,
      actual,
      newTarget === DurableDate ? target : newTarget,
    ) as Date;
  },
  apply: () => new PlatformDate(scope().now()).toString(),
  get(target, property, receiver) {
    if (property === "now") return () => scope().now();
    return Reflect.get(target, property, receiver) as unknown;
  },
});

function replaceTime(): void {
  replace(globalThis, "Date", DurableDate);
  replace(PlatformDate.prototype, "constructor", DurableDate);
  replace(performance, "now", () => scope().now() - creation.createdAt);
  replace(performance, "timeOrigin", creation.createdAt);
}

const RANDOM_CALL = { call: "crypto.random", durability: "read-local" } as const;

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function durableRandomValues<T extends ArrayBufferView>(target: T): T {
  const view = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
  const request = JSON.stringify({ bytes: view.length });
  const recorded = callingScope("crypto.getRandomValues").inline(
    { ...RANDOM_CALL, request },
    () => {
      getRandomValues(view);
      return JSON.stringify(toHex(view));
    },
  );
  view.set(fromHex(JSON.parse(recorded) as string));
  return target;
}

function durableUuid(): string {
  const request = JSON.stringify({ uuid: true });
  const recorded = callingScope("crypto.randomUUID").inline({ ...RANDOM_CALL, request }, () =>
    JSON.stringify(randomUUID()),
  );
  return JSON.parse(recorded) as string;
}

function replaceRandomness(): void {
  replace(Math, "random", () => scope().random());
  replace(crypto, "getRandomValues", durableRandomValues);
  replace(crypto, "randomUUID", durableUuid);
}

function replaceTimers(): void {
  replace(globalThis, "setTimeout", startTimeout);
  replace(globalThis, "setInterval", startInterval);
  replace(globalThis, "clearTimeout", cancelTimer);
  replace(globalThis, "clearInterval", cancelTimer);
  replace(globalThis, "scheduler", { wait: (ms: number) => sleep(ms) });
}

const LEVELS: Readonly<Record<string, Log["level"]>> = {
  debug: "debug",
  trace: "debug",
  log: "log",
  dir: "log",
  info: "info",
  warn: "warn",
  error: "error",
};

function replaceConsole(): void {
  for (const [name, level] of Object.entries(LEVELS)) {
    replace(console, name, (...values: unknown[]) => scope().log(level, format(values)));
  }
}

function refused(what: string, instead: string): () => never {
  // A function that `new` may call as well.
  return function refuse() {
    throw new Error(`${what} cannot be made durable and is not available to agents; ${instead}.`);
  };
}

function refuseTheRest(): void {
  replace(globalThis, "WebSocket", refused("WebSocket", "exchange messages through fetch"));
  replace(globalThis, "EventSource", refused("EventSource", "poll with fetch"));
  replace(globalThis, "eval", refused("eval", "upload the code as a module"));
  Object.defineProperty(globalThis, "caches", {
    get: refused("caches", "keep what you need in the agent's fields"),
    configurable: true,
  });
}

/** A rejection that nobody handles fails nothing: it is a line in the log of who caused it. */
function logUnhandledRejections(): void {
  addEventListener("unhandledrejection", (event) => {
    const { name, message } = toErrorData(event.reason);
    (currentScope() ?? Run.latest)?.log("error", `Unhandled rejection: ${name}: ${message}`);
    event.preventDefault();
  });
}

replaceTime();
replaceRandomness();
replaceTimers();
replaceConsole();
refuseTheRest();
replace(globalThis, "fetch", durableFetch);
replace(globalThis, "Request", AgentRequest);
followNativeWork();
if (creation.importsLater) expectImports();
recordChanceOfSubtle();
logUnhandledRejections();
