/** Agents that begin anew, keep regions whole, compensate, and choose how they are retried. */
export const regionAgents = `
  import { Agent, AgentError, RetryableError, atomically, invocation, saga, sleep, step, withIdempotence, withRetry } from "perdure";

  const post = async (url, body = "") => (await fetch(url, { method: "POST", body })).text();

  export class Again extends Agent {
    static methods = {
      flaky: { retry: { attempts: 4, initialMs: 20, maxMs: 50, factor: 1, jitter: 0 } },
      hopeless: { retry: { attempts: 2, initialMs: 20 } },
      patient: { retry: { attempts: 3 } },
    };
    log = [];
    add(word) { this.log.push(word); return this.log; }
    async flaky(url, good) {
      const { attempt } = invocation();
      this.log.push("try " + attempt);
      const chance = Math.random();
      const answer = await post(url, String(chance));
      if (attempt < good) throw new RetryableError("not yet");
      return { attempt, chance, answer, log: [...this.log] };
    }
    hopeless() { this.log.push("try " + invocation().attempt); throw new RetryableError("never"); }
    async patient(afterMs, good) {
      const { attempt } = invocation();
      this.log.push("try " + attempt);
      await step("look", () => { if (attempt < good) throw new RetryableError("in a step", { afterMs }); });
      return attempt;
    }
    clock() {
      if (invocation().attempt === 1) throw new RetryableError("later", { afterMs: 60.5 });
      return Date.now();
    }
    async drops() {
      if (invocation().attempt === 1) { void sleep(5000); throw new RetryableError("again", { afterMs: 1 }); }
      return "done";
    }
  }

  export class Atomic extends Agent {
    log = [];
    async pair(url) {
      await post(url + "/before");
      const chance = await atomically(async () => {
        this.log.push("first"); await post(url + "/first");
        this.log.push("second"); await post(url + "/second");
        return Math.random();
      });
      await post(url + "/after");
      return { chance, log: this.log };
    }
    async nested(url) {
      await atomically(async () => {
        await post(url + "/outer");
        await atomically(async () => { await post(url + "/inner"); });
        await post(url + "/hold");
      });
      return "done";
    }
    async ended(url) {
      await atomically(async () => { await post(url + "/inside"); });
      await post(url + "/hold");
      return "done";
    }
    async fails(url) {
      try { await atomically(async () => { await post(url + "/inside"); throw new RangeError("no"); }); }
      catch (error) { this.log.push(error.message); }
      await post(url + "/hold");
      return this.log;
    }
    async both(url) {
      await Promise.all([
        atomically(async () => { await post(url + "/one"); }),
        atomically(async () => { await post(url + "/one"); await post(url + "/hold"); }),
      ]);
      return "done";
    }
    async rests(url, duration) {
      await atomically(async () => { await post(url + "/before"); await sleep(duration); this.log.push("slept"); await post(url + "/hold"); });
      return this.log;
    }
    many(times) { return atomically(() => step("many", () => times)); }
  }

  export class Traveller extends Agent {
    log = [];
    async book(url, fails = true) {
      return saga(async (tx) => {
        const flight = await tx.do(() => post(url + "/flight"), (booked) => post(url + "/cancel-flight", booked));
        await tx.do(() => post(url + "/hotel"), () => post(url + "/cancel-hotel"));
        await tx.do(() => { this.log.push("car"); }, () => { throw new RangeError("no refund"); });
        if (fails) throw new AgentError("no seats", { code: "no-seats" });
        return flight;
      });
    }
    async late(url) {
      try {
        await saga(async (tx) => {
          await Promise.all([
            tx.do(() => post(url + "/slow"), () => post(url + "/undo-slow")),
            tx.do(() => { throw new Error("at once"); }, () => post(url + "/undo-never")),
          ]);
        });
      } catch (error) { return error.message; }
    }
  }

  export class Careful extends Agent {
    async pay(url) {
      try { return await withIdempotence(false, () => post(url)); }
      catch (error) { return [error.name, error.code, error instanceof AgentError]; }
    }
    async look(url) { return withIdempotence(false, async () => (await fetch(url)).text()); }
    async insist(url, policy, init) { return (await withRetry(policy, () => fetch(url, init))).status; }
    async once(url) { return (await withIdempotence(false, () => withRetry({ on: [503], initialMs: 1 }, () => fetch(url, { method: "POST" })))).status; }
    async stepped(url, how) {
      const retry = { attempts: 3, initialMs: 5 };
      const work = async () => { const text = await post(url); if (text !== "good") throw new RangeError(text); return text; };
      if (how === "own") return step("work", work, { retry });
      if (how === "scope") return withRetry(retry, () => step("work", work));
      return step("work", work);
    }
    async wrong() { return withRetry({ attempts: 0 }, () => 1); }
  }`;
