/** The console writes to the agent's oplog, each line once. */
import type { Log } from "../../core/oplog/entry.ts";
import { format } from "./format.ts";
import type { InvocationInfo } from "../scopes/scope.ts";
import { presentScope, replace } from "./replace.ts";

type Level = Log["level"];

function print(level: Level, ...values: unknown[]): void {
  presentScope().log(level, format(values));
}

const PRINTING: Readonly<Record<string, Level>> = {
  debug: "debug",
  log: "log",
  dir: "log",
  dirxml: "log",
  table: "log",
  info: "info",
  warn: "warn",
  error: "error",
};

/** What labels stand for, in one invocation: counts are the same again in replay. */
class Labels {
  readonly counts = new Map<string, number>();
  readonly timers = new Map<string, number>();
}

const labels = new WeakMap<InvocationInfo, Labels>();

function presentLabels(): Labels {
  const { invocation } = presentScope();
  if (invocation === undefined) return new Labels();
  const known = labels.get(invocation) ?? new Labels();
  labels.set(invocation, known);
  return known;
}

function printTime(label: string, rest: readonly unknown[]): void {
  const since = presentLabels().timers.get(label);
  if (since === undefined) print("warn", `Timer '${label}' does not exist`);
  else print("log", `${label}: ${presentScope().now() - since}ms`, ...rest);
}

const COUNTING = {
  count(label = "default") {
    const { counts } = presentLabels();
    const count = (counts.get(label) ?? 0) + 1;
    counts.set(label, count);
    print("log", `${label}: ${count}`);
  },
  countReset(label = "default") {
    presentLabels().counts.delete(label);
  },
  time(label = "default") {
    presentLabels().timers.set(label, presentScope().now());
  },
  timeLog(label = "default", ...rest: unknown[]) {
    printTime(label, rest);
  },
  timeEnd(label = "default") {
    printTime(label, []);
    presentLabels().timers.delete(label);
  },
};

const OTHERS = {
  ...COUNTING,
  trace(...values: unknown[]) {
    print("debug", ...values);
  },
  assert(condition: unknown, ...values: unknown[]) {
    if (condition) return;
    const [first, ...rest] = values;
    if (typeof first === "string") print("error", `Assertion failed: ${first}`, ...rest);
    else print("error", values.length === 0 ? "Assertion failed" : "Assertion failed:", ...values);
  },
  group(...label: unknown[]) {
    if (label.length > 0) print("log", ...label);
  },
  groupCollapsed(...label: unknown[]) {
    if (label.length > 0) print("log", ...label);
  },
};

const SILENT = ["clear", "groupEnd", "profile", "profileEnd", "timeStamp"];

export function replaceConsole(): void {
  for (const [name, level] of Object.entries(PRINTING)) {
    replace(console, name, (...values: unknown[]) => print(level, ...values));
  }
  for (const [name, method] of Object.entries(OTHERS)) replace(console, name, method);
  for (const name of SILENT) replace(console, name, () => {});
  replace(console, "context", () => console);
}
