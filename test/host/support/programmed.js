/** An agent that runs generated programs on the platform, and the one that it calls. */
import {
  Agent,
  agent,
  atomically,
  createPromise,
  invocation,
  RetryableError,
  saga,
  sleep,
  step,
  withIdempotence,
  withRetry,
} from "perdure";
import { interpreter } from "./interpreter.js";
import { chunks, WORK } from "./native.js";

const upstream = "http://upstream.test";

const native = {
  work: (name) => WORK[name](),
  newKey: async () => {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    return new Uint8Array(await crypto.subtle.exportKey("raw", key)).toHex();
  },
  read: (made) => {
    const fed = chunks(made.length, async (at) => new TextEncoder().encode(await made[at]()));
    return new Response(fed.pipeThrough(new IdentityTransformStream())).text();
  },
};

const helpers = {
  agent,
  atomically,
  clearTimeout,
  createPromise,
  fetch,
  invocation,
  log: (message) => console.log(message),
  native,
  now: () => Date.now(),
  random: () => Math.random(),
  randomName: () => crypto.randomUUID(),
  RetryableError,
  saga,
  setTimeout,
  sleep,
  step,
  withIdempotence,
  withRetry,
};

export class Programmed extends Agent {
  static snapshots = "disabled";
  static methods = { run: { retry: { attempts: 9 } } };
  trace = [];

  /** `label` tells this program apart from all others. */
  async run(program, label) {
    const { trace, address } = this;
    await interpreter(helpers, { trace, upstream, helper: "Helper", address })(program, label);
    return trace.length;
  }
}

export class Helper extends Agent {
  static snapshots = "disabled";
  done = [];

  async work(what, ms) {
    await fetch(`${upstream}/helper/${what}?ms=${ms}`, { method: "POST" });
    this.done.push(what);
    return what;
  }

  async fail(what, ms) {
    await this.work(what, ms);
    throw new RangeError(what);
  }
}
