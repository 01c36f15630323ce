/**
 * Runs generated programs in an agent. Plain JavaScript that imports nothing: tests import it, and it
 * can be uploaded beside an agent's module as it is.
 *
 * Every durable call leaves one item in the trace when it has ended, with the time that the code sees
 * then: so the items stand in the order of the `End`s in the record, each at the time of its own.
 */

/** @import { Program, Helpers, Item } from "./programs.ts" */

/**
 * Makes the function that runs programs: `trace` takes the items, `upstream` is the URL that requests
 * go to, `helper` the type of the agent that is called.
 *
 * @param {Helpers} helpers
 * @param {{ trace: Item[], upstream: string, helper: string, address: string }} agent
 */
export function interpreter(helpers, { trace, upstream, helper, address }) {
  /** @type {(kind: string, label: string, value?: unknown) => void} */
  const note = (kind, label, value) => {
    trace.push([kind, label, value, helpers.now()]);
  };

  /**
   * Notes how a call ends.
   *
   * @type {(kind: string, label: string, called: Promise<unknown>) => Promise<unknown>}
   */
  const noted = async (kind, label, called) => {
    try {
      const value = await called;
      note(kind, label, value);
      return value;
    } catch (error) {
      note(kind, label, String(error));
      throw error;
    }
  };

  const platform = () => {
    if (helpers.native === undefined) throw new Error("there is no platform here");
    return helpers.native;
  };

  /** @type {(label: string, asked: Record<string, unknown>, method: string) => Promise<string>} */
  const send = async (label, asked, method) => {
    const query = Object.entries(asked).map(([name, value]) => `${name}=${String(value)}`);
    const body = method === "GET" ? {} : { body: label };
    const response = await helpers.fetch(`${upstream}/${label}?${query.join("&")}`, {
      method,
      ...body,
    });
    return `${response.status} ${await response.text()}`;
  };

  /** @type {(kind: "invoke" | "enqueue" | "schedule", label: string, ms: number, fails: boolean) => Promise<unknown>} */
  const ask = (kind, label, ms, fails) => {
    const stub = helpers.agent(helper, String(label.length % 3));
    const method = fails ? "fail" : "work";
    if (kind === "enqueue") return stub.enqueue[method](label, ms);
    if (kind === "schedule") return stub.schedule(helpers.now() + ms)[method](label, ms);
    return stub[method](label, ms);
  };

  /** @type {(ms: number) => Promise<void>} */
  const timer = (ms) =>
    new Promise((resolve) => {
      helpers.setTimeout(resolve, ms);
    });

  /** @type {(label: string, program: Extract<Program, { do: "step" }>) => Promise<unknown>} */
  const step = (label, { ms, fails }) => {
    let tries = 0;
    const body = async () => {
      const answer = await send(`${label}/inside`, { ms }, "POST");
      tries += 1;
      if (tries <= fails) throw new Error(`${label} fails`);
      return answer;
    };
    const retry = { attempts: 2, initialMs: 5, jitter: 0 };
    return helpers.step(label, body, { retry });
  };

  /** @type {(label: string, later: number) => Promise<unknown>} */
  const approval = async (label, later) => {
    const promise = helpers.createPromise();
    note("promise.create", label, promise.id);
    const asked = { approve: promise.id, agent: address, later };
    await noted("fetch", `${label}/ask`, send(`${label}/ask`, asked, "POST"));
    return noted("promise.await", label, promise.wait());
  };

  /** @type {(label: string, program: Extract<Program, { do: "saga" }>) => Promise<unknown>} */
  const saga = (label, { of, fails }) =>
    helpers.saga(async (tx) => {
      for (const [at, program] of of.entries()) {
        const back = `${label}/back ${at}`;
        await tx.do(
          () => run(program, `${label}/${at}`),
          () => noted("fetch", back, send(back, { ms: 2 }, "POST")),
        );
      }
      if (fails) throw new Error(`${label} fails`);
    });

  /** @type {(label: string, of: readonly Program[]) => Promise<unknown>} */
  const fed = async (label, of) => {
    const chunks = of.map((one, at) => async () => String(await run(one, `${label}/${at}`)));
    return platform().read(chunks);
  };

  /** @type {(programs: readonly Program[], label: string) => Promise<unknown>[]} */
  const started = (programs, label) => programs.map((one, at) => run(one, `${label}/${at}`));

  /** @type {(programs: readonly Program[], label: string) => Promise<void>} */
  const inTurn = async (programs, label) => {
    for (const [at, one] of programs.entries()) await run(one, `${label}/${at}`);
  };

  /** @type {(program: Program, label: string) => Promise<unknown>} */
  async function run(program, label) {
    switch (program.do) {
      case "fetch": {
        const { method, ms, broken, busy } = program;
        return noted("fetch", label, send(label, { ms, broken, busy }, method));
      }
      case "sleep":
        return noted("sleep", label, helpers.sleep(program.ms));
      case "timer":
        return noted("sleep", label, timer(program.ms));
      case "cancelled timer":
        helpers.clearTimeout(helpers.setTimeout(() => note("never", label), program.ms));
        return undefined;
      case "once": {
        const once = `${label}/once`;
        const write = () => send(once, { ms: program.ms }, "POST");
        return noted("fetch", once, helpers.withIdempotence(false, write));
      }
      case "step":
        return noted("step", label, step(label, program));
      case "quick step":
        return noted(
          "step",
          label,
          helpers.step(label, () => 7),
        );
      case "name":
        return note("crypto.random", label, helpers.randomName(label));
      case "random":
        return note("random", label, helpers.random());
      case "log":
        return helpers.log(label);
      case "approval":
        return approval(label, program.later);
      case "ask": {
        const { kind, ms, fails } = program;
        return noted(`agent.${kind}`, label, ask(kind, label, ms, fails));
      }
      case "throw":
        throw new Error(label);
      case "seq":
        return inTurn(program.of, label);
      case "all":
        return Promise.all(started(program.of, label));
      case "race":
        return Promise.race(started(program.of, label));
      case "any":
        return Promise.any(started(program.of, label));
      case "allSettled":
        return Promise.allSettled(started(program.of, label));
      case "stray":
        void run(program.of, `${label}/0`).catch(() => {});
        return undefined;
      case "catch":
        return run(program.of, `${label}/0`).catch(() => note("caught", label));
      case "loop":
        return inTurn(
          Array.from({ length: program.times }, () => program.of),
          label,
        );
      case "atomically":
        return helpers.atomically(() => run(program.of, `${label}/0`));
      case "patiently":
        return helpers.withRetry({ attempts: 4, initialMs: 5, on: [503] }, () =>
          run(program.of, `${label}/0`),
        );
      case "saga":
        return saga(label, program);
      case "again":
        note("attempt", label, helpers.invocation().attempt);
        if (helpers.invocation().attempt <= program.times) {
          throw new helpers.RetryableError(label, { afterMs: 20 });
        }
        return undefined;
      case "native":
        return noted("native", label, platform().work(program.name));
      case "key":
        return noted("new key", label, platform().newKey());
      case "fed":
        return noted("native", label, fed(label, program.of));
    }
  }

  return run;
}
