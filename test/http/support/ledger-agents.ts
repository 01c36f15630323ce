/** Revisions of one agent class, each different from the first in one thing. `url` is a receiver's. */
export interface LedgerParts {
  /** What `pay` does before it answers. */
  readonly pay?: string;
  /** What `pay` returns. */
  readonly result?: string;
  /** More members of the class. */
  readonly members?: string;
  /** What stands in the module beside the class. */
  readonly module?: string;
  readonly without?: readonly ("pay" | "note")[];
}

/** What `pay` does unless it is told otherwise. */
export const PAY =
  'await fetch(url, { method: "POST", body: JSON.stringify({ amount, by: "card" }) });';

/** The source of a revision: `pay` makes a durable call, `note` makes none. */
export function ledger({
  pay = PAY,
  result = "amount",
  members = "",
  module = "",
  without = [],
}: LedgerParts = {}): string {
  const methods = {
    pay: `async pay(url, amount) { ${pay} this.sum += amount; return ${result}; }`,
    note: "note(word) { this.words.push(word); return this.words.length; }",
  };
  const kept = (["pay", "note"] as const).filter((name) => !without.includes(name));
  return `import { Agent, AgentError, sleep, step } from "perdure";
    ${module}
    export class Ledger extends Agent {
      static snapshots = "disabled";
      sum = 0;
      words = [];
      ${kept.map((name) => methods[name]).join("\n")}
      state() { return { sum: this.sum, words: this.words }; }
      ${members}
    }`;
}
