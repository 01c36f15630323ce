import type { EntryView } from "../../../src/core/api/views.ts";

/** One invocation of a `Book`: its method, and the amount that makes it known. */
export interface Entry {
  readonly method: "note" | "pay" | "work";
  readonly amount: number;
}

/** What a book holds. */
export interface BookState {
  readonly lines: readonly string[];
  readonly total: number;
}

/**
 * The source of a book. Revisions with the same `format` agree on each other's history; another
 * format diverges at the first `note`.
 */
export function bookCode(
  receiver: string,
  format: string,
  revision: string,
  policy: string,
): string {
  return `import { Agent, sleep, step } from "perdure";
  // ${revision}
  export class Book extends Agent {
    static snapshots = ${policy};
    lines = [];
    total = 0;
    read() {
      return { lines: this.lines, total: this.total };
    }
    note(amount) {
      this._write("note", amount);
      return "${format} " + this.total;
    }
    async pay(amount) {
      this._write(await this._send("pay", amount), amount);
      return amount;
    }
    async work(amount) {
      await step("begin", () => this._send("begin", amount));
      await sleep(20);
      const told = await Promise.all([this._send("left", amount), this._send("right", amount)]);
      this._write("work " + told.join(" and "), amount);
      return amount;
    }
    async _send(what, amount) {
      const body = JSON.stringify({ what, amount });
      const response = await fetch("${receiver}/" + this.key, { method: "POST", body });
      return response.text();
    }
    _write(line, amount) {
      this.lines.push(line + " " + amount);
      this.total += amount;
    }
  }`;
}

function body(what: string, amount: number): string {
  return JSON.stringify({ what, amount });
}

/** The bodies that an invocation sends, each as one business effect. */
export function effectsOf({ method, amount }: Entry): readonly string[] {
  if (method === "note") return [];
  if (method === "pay") return [body("pay", amount)];
  return ["begin", "left", "right"].map((what) => body(what, amount));
}

function lineOf({ method, amount }: Entry): string {
  if (method === "note") return `note ${amount}`;
  if (method === "pay") return `answer to ${body("pay", amount)} ${amount}`;
  const told = `answer to ${body("left", amount)} and answer to ${body("right", amount)}`;
  return `work ${told} ${amount}`;
}

/** The state of a book after these invocations, by a model that knows nothing of agents. */
export function modelOf(entries: readonly Entry[]): BookState {
  return {
    lines: entries.map(lineOf),
    total: entries.reduce((sum, { amount }) => sum + amount, 0),
  };
}

/** The method calls of an oplog in the order in which they started, with their keys. */
export function startedIn(oplog: readonly EntryView[]): readonly (Entry & { key: string })[] {
  const accepted = new Map(oplog.map((entry) => [entry.index, entry]));
  return oplog
    .filter(({ kind }) => kind === "AgentInvocationStarted")
    .map((started) => {
      const { invocation } = accepted.get(Number(started["pendingIndex"])) ?? started;
      const { method, args } = invocation as unknown as { method: Entry["method"]; args: number[] };
      return { key: started["idempotencyKey"] as string, method, amount: args[0] ?? 0 };
    })
    .filter(({ method }) => method !== ("read" as string));
}
