/** An agent that runs generated programs, and the one that it calls. */
import { interpreter } from "../../support/programs/interpreter.js";
import type { Helpers, Item, Program } from "../../support/programs/programs.ts";
import {
  Agent,
  agent,
  atomically,
  cancelTimer,
  createPromise,
  fetch,
  invocation,
  log,
  now,
  random,
  randomName,
  RetryableError,
  saga,
  sleep,
  startTimeout,
  step,
  withIdempotence,
  withRetry,
} from "./guest.ts";
import { UPSTREAM } from "./upstream.ts";

const helpers = {
  agent,
  atomically,
  clearTimeout: cancelTimer,
  createPromise,
  fetch,
  invocation,
  log,
  now,
  random,
  randomName,
  RetryableError,
  saga,
  setTimeout: startTimeout,
  sleep,
  step,
  withIdempotence,
  withRetry,
} as unknown as Helpers;

export class Programmed extends Agent {
  static snapshots = "disabled";
  static methods = { run: { retry: { attempts: 9 } } };
  trace: Item[] = [];

  /** `label` tells this program apart from the others of the agent. */
  async run(program: Program, label: string): Promise<number> {
    const { trace, address } = this;
    await this.interpret({ trace, address }, program, label);
    return trace.length;
  }

  /** Runs a program that leaves its items in the trace, and tells others the address. */
  protected async interpret(
    of: { readonly trace: Item[]; readonly address: string },
    program: Program,
    label: string,
  ): Promise<void> {
    const parts = { ...of, upstream: UPSTREAM, helper: "Helper" };
    await interpreter(helpers, parts)(program, label);
  }
}

export class Helper extends Agent {
  static snapshots = "disabled";
  done: string[] = [];

  async work(what: string, ms: number): Promise<string> {
    await fetch(`${UPSTREAM}/helper/${what}?ms=${ms}`, { method: "POST" });
    this.done.push(what);
    return what;
  }

  async fail(what: string, ms: number): Promise<never> {
    await this.work(what, ms);
    throw new RangeError(what);
  }
}
