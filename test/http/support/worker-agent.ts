/** An agent that notes in which order its methods ran, and fails as it is told. */
export const workerAgent = `
  import { Agent, AgentError, sleep } from "perdure";
  export class Worker extends Agent {
    done = [];
    note(word) { this.done.push(word); return this.done.length; }
    async slow(word, ms) { await sleep(ms); return this.note(word); }
    list() { return this.done; }
    echo(...args) { return args; }
    count() { return arguments.length; }
    nothing() {}
    async later() {}
    fail(options) { this.note("failed"); throw new AgentError("refused by the author", options); }
    broken() { return null.x; }
    async rejects() { throw new RangeError("out of range"); }
    text() { throw "a text"; }
  }`;
