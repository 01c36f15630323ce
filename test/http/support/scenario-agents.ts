/** Agents whose whole state can be read, each using one durable thing of sdk.md. `url` is a receiver's. */
export const scenarioAgents = `
  import { Agent, AgentError, invocation, sleep, step } from "perdure";

  class Stateful extends Agent {
    state() { return { ...this }; }
  }

  export class Chance extends Stateful {
    field = [Math.random(), Math.random()];
    constructor() { super(); this.constructed = Math.random(); }
    onCreate() { this.created = [Math.random(), crypto.randomUUID()]; }
    roll() {
      this.rolls = [...(this.rolls ?? []), Math.random(), Math.random()];
      this.ids = [...(this.ids ?? []), crypto.randomUUID(), crypto.randomUUID()];
      this.bytes = [...crypto.getRandomValues(new Uint8Array(16))];
      this.words = [...crypto.getRandomValues(new Uint32Array(2))];
    }
  }

  export class Clock extends Stateful {
    born = Date.now();
    onCreate() { this.created = [Date.now(), new Date().toISOString(), new Date() instanceof Date]; }
    async read() {
      const before = [Date.now(), performance.now(), +new Date(), Date.parse(Date())];
      let sum = 0;
      for (let n = 0; n < 3e7; n++) sum += n % 7;
      const after = [Date.now(), performance.now(), +new Date(), Date.parse(Date())];
      await sleep(30);
      this.seen = { sum, before, after, slept: Date.now(), performance: performance.now() };
    }
  }

  export class Fetcher extends Stateful {
    answers = [];
    async ask(url, init) {
      const response = await fetch(url, init);
      const { status, statusText, ok, redirected } = response;
      const type = response.headers.get("content-type");
      this.answers.push({ status, statusText, ok, redirected, type, text: await response.text() });
      return this.answers.at(-1);
    }
    async json(url) { return (await fetch(url)).json(); }
    async bytes(url) { return [...new Uint8Array(await (await fetch(url)).arrayBuffer())]; }
    async stream(url) {
      const body = new ReadableStream({
        start(to) { for (const part of ["one ", "two"]) to.enqueue(new TextEncoder().encode(part)); to.close(); },
      });
      const response = await fetch(url, { method: "POST", body, duplex: "half" });
      let text = "";
      for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) text += chunk;
      return text;
    }
    async fails(url) { try { await fetch(url); } catch (error) { this.error = [error.name, error instanceof TypeError]; } return this.error; }
    async writes(url) {
      await fetch(url + "/1", { method: "POST", body: "a" });
      await Promise.all([fetch(url + "/2", { method: "PUT", body: "b" }), fetch(url + "/3", { method: "DELETE" })]);
      await fetch(url + "/4", { method: "POST", body: "c", headers: { "Idempotency-Key": "my own" } });
      await fetch(url + "/5");
    }
    async inStep(url) {
      return step("write", async () => {
        await fetch(url + "/1", { method: "POST", body: "a" });
        return (await fetch(url + "/2", { method: "POST", body: "b" })).text();
      });
    }
  }

  export class Racer extends Stateful {
    order = [];
    async all(url, delays) {
      this.sum = await Promise.all(delays.map(async (ms) => {
        const text = await (await fetch(url + "?ms=" + ms)).text();
        this.order.push(ms);
        return text;
      }));
    }
    async race(url, delays) {
      this.winner = await Promise.race(delays.map(async (ms) => (await fetch(url + "?ms=" + ms)).text()));
    }
    async mixed(url) {
      const note = (word) => (value) => { this.order.push(word); return value; };
      await Promise.all([
        sleep(60).then(note("sleep 60")),
        fetch(url + "?ms=120").then(note("fetch 120")),
        sleep(5).then(note("sleep 5")).then(() => step("after 5", () => 1)).then(note("step")),
        fetch(url + "?ms=20").then((response) => response.text()).then(note("fetch 20")),
        new Promise((resolve) => setTimeout(resolve, 90)).then(note("timeout 90")),
        (async () => { this.order.push("at once"); })(),
      ]);
      this.time = Date.now();
    }
    async caught(url) {
      const results = await Promise.allSettled([fetch(url + "?ms=30"), step("throws", async () => { await null; throw new RangeError("no"); })]);
      this.settled = results.map((result) => result.status + " " + (result.reason?.name ?? ""));
      try { await Promise.any([step("a", () => { throw new Error("a"); }), step("b", () => { throw new Error("b"); })]); }
      catch (error) { this.any = error.errors.map((each) => each.message); }
    }
  }

  export class Stepper extends Stateful {
    values = [];
    async run() {
      this.values.push(await step("sync", () => Math.random()));
      this.values.push(await step("async", async () => { await sleep(5); return Date.now(); }));
      this.values.push(await step("nothing", () => {}));
      this.values.push(await step("same name", () => 1), await step("same name", () => 2));
      try { await step("fails", () => { throw new AgentError("step failed", { code: "mine", details: [1] }); }); }
      catch (error) { this.caught = [error.name, error.message, error.code, error.details, error instanceof AgentError]; }
      try { await step("range", () => { throw new RangeError("range"); }); }
      catch (error) { this.range = [error.name, error.message, error instanceof RangeError]; }
      this.info = invocation();
    }
  }

  export class Timers extends Stateful {
    fired = [];
    async run() {
      await new Promise((resolve) => {
        setTimeout((a, b) => this.fired.push("late " + a + b), 60, "x", "y");
        const cleared = setTimeout(() => this.fired.push("cleared"), 20);
        setTimeout(() => this.fired.push("soon"), 10);
        setTimeout(() => { this.fired.push("zero"); clearTimeout(cleared); }, 0);
        let ticks = 0;
        const interval = setInterval(() => {
          this.fired.push("tick " + ++ticks);
          if (ticks === 3) { clearInterval(interval); setTimeout(resolve, 40); }
        }, 15);
        clearTimeout(undefined);
        clearTimeout(12345);
      });
      await scheduler.wait(5);
      this.typed = typeof setTimeout(() => {}, 0);
    }
  }

  export class Talker extends Stateful {
    said = 0;
    async talk(words) {
      console.log("log %s %d", words, 42);
      console.info("info", { a: [1, { b: 2 }] });
      console.warn("warn");
      console.error(new RangeError("shown").message);
      console.debug("debug", true, null, undefined);
      await sleep(5);
      console.log("after the wait");
      this.said++;
    }
    async leftovers() {
      setTimeout(() => { this.late = true; }, 5000);
      setInterval(() => { this.late = true; }, 5000);
      void sleep(5000).then(() => { this.late = true; });
      return "done";
    }
    async timerThrows() {
      setTimeout(() => { throw new RangeError("thrown in a timer"); }, 5);
      setTimeout(async () => { await null; throw new RangeError("rejected in a timer"); }, 6);
      await sleep(30);
      return "fine";
    }
    async unhandled() {
      void Promise.reject(new RangeError("nobody cares"));
      await sleep(30);
      return "fine";
    }
  }

  export class Pure extends Stateful {
    async run() {
      const bytes = new TextEncoder().encode("perdure");
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      this.hash = [...hash.slice(0, 4)];
      const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
      this.mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes)).length;
      this.host = new URL("https://example.com/a?b=1").searchParams.get("b");
      const original = { when: new Date(0), map: new Map([[1, 2]]) };
      this.clone = structuredClone(original).map.get(1);
      this.base = btoa("x") + atob("eA==");
    }
  }`;
