/**
 * Author classes that make every kind of durable call. What they answer does not depend on how long
 * anything takes, so a run with crashes ends like one without.
 */
import {
  Agent,
  agent,
  atomically,
  completePromise,
  createPromise,
  fetch,
  invocation,
  log,
  random,
  randomName,
  RetryableError,
  saga,
  sleep,
  startTimeout,
  step,
  withRetry,
} from "./guest.ts";
import { UPSTREAM } from "./upstream.ts";

async function send(label: string, asked = "", init: RequestInit = {}): Promise<string> {
  const response = await fetch(`${UPSTREAM}/${label}?${asked}`, init);
  return `${response.status} ${await response.text()}`;
}

function post(label: string, asked = ""): Promise<string> {
  return send(label, asked, { method: "POST", body: label });
}

function within(ms: number): Promise<void> {
  return new Promise((resolve) => {
    startTimeout(() => resolve(), ms);
  });
}

export class Traveller extends Agent {
  static snapshots = { everyInvocations: 2 };
  static methods = { stumble: { retry: { attempts: 4, initialMs: 40, jitter: 0 } } };
  trace: unknown[] = [];
  packed: string[] = [];

  #note(what: string, value?: unknown): void {
    this.trace.push([what, value]);
  }

  async onCreate(): Promise<void> {
    this.#note("created", await post("onCreate", "ms=5"));
    await sleep(3);
  }

  /** Calls that wait for nothing: many of them are committed together. */
  pack(thing: string): string {
    log(`packs ${thing}`);
    this.packed = [
      ...this.packed,
      `${thing} ${typeof randomName(thing)} ${random() < 1}`,
    ].toSorted();
    return thing;
  }

  async call(): Promise<unknown[]> {
    this.#note("read", await send("read", "ms=4&broken=1"));
    this.#note("written", await post("written", "ms=6"));
    this.#note("put", await send("put", "ms=3&broken=2", { method: "PUT", body: "put" }));
    const told = await Promise.all([post("left", "ms=9"), post("right", "ms=2"), sleep(5)]);
    this.#note("both", told);
    this.#note("step", await step("step", () => post("step/inside", "ms=3")));
    this.#note("quick step", await step("quick step", () => 7));
    const failed = await step("failing step", () => Promise.reject(new Error("no"))).catch(String);
    this.#note("failing step", failed);
    const tried = { attempts: 4, initialMs: 10, on: [503] };
    this.#note("retried", await withRetry(tried, () => post("retried", "busy=2")));
    await within(8);
    return this.trace;
  }

  async wait(): Promise<unknown[]> {
    const promise = createPromise();
    await post("asked", `approve=${promise.id}&agent=${this.address}&later=30`);
    this.#note("approved", await promise.wait());
    const sleepy = createPromise();
    await post("asked sleepily", `approve=${sleepy.id}&agent=${this.address}&later=10000.5`);
    this.#note("approved right when the agent is put to sleep", await sleepy.wait());
    const slow = createPromise();
    await post("asked slowly", `approve=${slow.id}&agent=${this.address}&later=40000`);
    this.#note("approved late", await Promise.race([slow.wait(), sleep("1d")]));
    await sleep("12s");
    this.#note("slept");
    const told = createPromise();
    const clerk = agent(Clerk, "a");
    await clerk.enqueue.tell(this.address, told.id);
    this.#note("told", await told.wait());
    return this.trace;
  }

  async delegate(): Promise<unknown[]> {
    const clerk = agent(Clerk, "a");
    this.#note("asked", await clerk.work("asked"));
    this.#note("sent", typeof (await clerk.enqueue.work("sent")));
    this.#note("scheduled", typeof (await clerk.schedule("2s").work("scheduled")));
    this.#note("refused", await clerk.refuse("refused").catch(String));
    this.#note("both", await Promise.all([clerk.work("one"), agent(Clerk, "b").work("two")]));
    return this.trace;
  }

  async compose(): Promise<unknown[]> {
    await atomically(async () => {
      this.#note("outer", await post("region/outer", "ms=4"));
      await atomically(async () => {
        this.#note("inner", await post("region/inner", "ms=4"));
      });
      this.#note("asked", await agent(Clerk, "b").work("region"));
    });
    const ended = await saga(async (tx) => {
      await tx.do(
        () => post("saga/first"),
        () => post("saga/first back"),
      );
      await tx.do(
        () => post("saga/second"),
        () => step("second back", () => post("second back/inside")),
      );
      throw new Error("the third fails");
    }).catch(String);
    this.#note("saga", ended);
    this.#note("after", await post("after"));
    return this.trace;
  }

  async stumble(): Promise<unknown[]> {
    const { attempt } = invocation();
    this.#note("attempt", attempt);
    this.#note("stumbled", await post("stumbled", "ms=3"));
    if (attempt < 3) throw new RetryableError("again");
    return this.trace;
  }
}

export class Clerk extends Agent {
  static snapshots = "disabled";
  done: string[] = [];

  async work(what: string): Promise<string> {
    await post(`clerk/${this.key}/${what}`, "ms=4");
    this.done = [...this.done, what].toSorted();
    return `${what} by ${this.key}`;
  }

  refuse(what: string): never {
    this.done = [...this.done, what].toSorted();
    throw new TypeError(`${what} by ${this.key}`);
  }

  async tell(address: string, id: string): Promise<void> {
    await sleep(20);
    await completePromise(address, id, `told by ${this.key}`);
  }
}
