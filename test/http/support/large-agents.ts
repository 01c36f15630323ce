/** An agent that takes, keeps, gives and passes on large values. */
export const largeAgents = `
  import { Agent, agent, createPromise, step } from "perdure";

  const caught = (promise) => promise.catch(({ name, code }) => [name, code ?? null]);

  /** What tells one text from another of the same length. */
  export function sumOf(text) {
    let sum = 0;
    for (let at = 0; at < text.length; at += 1) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0;
    return [text.length, sum];
  }
  const latin = (bytes) => { let text = ""; for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192)); return text; };

  export class Keeper extends Agent {
    static snapshots = "disabled";
    kept = "";
    sums = [];
    hello() { return "hello"; }
    note(sum) { this.sums.push(sum); return sum; }
    all() { return this.sums; }
    take(text) { return this.note(sumOf(text)); }
    hold(head, count, filler = "x") { this.kept = head + filler.repeat(count); return sumOf(this.kept); }
    held() { return sumOf(this.kept); }
    give(head, count, filler = "x") { return head + filler.repeat(count); }
    numbers(count) { return Array.from({ length: count }, () => 0.5); }
    items(count) { return Array.from({ length: count }, () => ({ a: 1 })); }
    async inStep(head, count) { const text = await step("large", () => head + "x".repeat(count)); return this.note(sumOf(text)); }
    async send(url, head, count) {
      const sent = await caught(fetch(url, { method: "POST", body: head + "x".repeat(count) }).then((answer) => answer.text()));
      return this.note(sent);
    }
    async sendBytes(url, count) {
      const body = new Uint8Array(count).fill(255);
      return this.note(await caught(fetch(url, { method: "POST", body }).then((answer) => answer.text())));
    }
    async sendStream(url, count) {
      let left = count;
      const body = new ReadableStream({ pull(controller) {
        const size = Math.min(left, 1 << 20);
        if (size === 0) return controller.close();
        left -= size;
        controller.enqueue(new Uint8Array(size).fill(120));
      } });
      return this.note(await caught(fetch(url, { method: "POST", body }).then((answer) => answer.text())));
    }
    async get(url) { return this.note(await caught(fetch(url).then(async (answer) => sumOf(latin(await answer.bytes()))))); }
    async getText(url) { return this.note(await caught(fetch(url).then(async (answer) => sumOf(await answer.text())))); }
    async getInStep(url) { return this.note(await step("get", async () => sumOf(await (await fetch(url)).text()))); }
    async several(url, times) {
      const answers = await Promise.all(Array.from({ length: times }, (_, at) => fetch(url + "?" + at)));
      return this.note(await Promise.all(answers.map(async (answer) => (await answer.text()).length)));
    }
    async ask(key, method, ...args) { return this.note(await caught(agent("Keeper", key)[method](...args).then((value) => typeof value === "string" ? sumOf(value) : value))); }
    async pass(key, head, count) { return this.note(await caught(agent("Keeper", key).take(head + "x".repeat(count)))); }
    promise() { this.promised = createPromise(); return this.promised.id; }
    async wait() { return this.note(sumOf(await this.promised.wait())); }
  }

  const text = { "~standard": { version: 1, vendor: "test", validate: (value) => typeof value === "string" ? { value } : { issues: [{ message: "must be text" }] } } };
  export class Checked extends Agent {
    static methods = { take: { input: [text] } };
    take(value) { return value.length; }
  }`;
