/** Agents that are used to be refused: schemas, failures, waits. */
export const crew = `
  import { Agent, sleep } from "perdure";

  /** Hand-made validators of the Standard Schema interface. */
  function validator(check) {
    return { "~standard": { version: 1, vendor: "test", validate: check } };
  }
  const whole = validator((value) =>
    Number.isInteger(value) ? { value } : { issues: [{ message: "must be a whole number" }] });
  const person = validator(async (value) =>
    typeof value?.name === "string"
      ? { value }
      : { issues: [{ message: "must be text", path: ["name"] }, { message: "and short", path: [{ key: "name" }, 0] }] });

  export class Worker extends Agent {
    static methods = { add: { input: [whole] }, greet: { input: [whole, person] } };
    total = 0;
    add(amount) { return (this.total += amount); }
    greet(times, who) { return who.name.repeat(times); }
    echo(...args) { return args; }
    async rest(ms) { await sleep(ms); return "rested"; }
    _hidden() { return "hidden"; }
    get accessor() { return () => 1; }
    static made() { return 1; }
    #secret() { return this.total; }
    secret() { return this.#secret(); }
  }

  /** Has a function in a field, which is no method. */
  export class Fielded extends Agent {
    field = () => 1;
    run() { return 1; }
  }

  /** Fails to come to life. */
  export class Stillborn extends Agent {
    onCreate() {
      const error = new RangeError("no luck today");
      error.code = "no-luck";
      throw error;
    }
    run() { return 1; }
  }

  export class Hooked extends Agent {
    onCreate() {}
    saveSnapshot() { return 1; }
    loadSnapshot() {}
    run() { return 1; }
  }`;

/** Another revision: Worker is as before, the others are gone. */
export const workerOnly = `
  import { Agent } from "perdure";
  export class Worker extends Agent { total = 0; add(amount) { return (this.total += amount); } }`;
