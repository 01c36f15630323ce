/** What a revision of the agent class `Box` has of its own. */
export interface BoxParts {
  /** What `send` answers, so that a result tells which code it came from. */
  readonly mark: string;
  /** The result of `add`: another expression diverges from what the first revision recorded. */
  readonly count?: string;
  /** More members of the class. */
  readonly members?: string;
  /** Methods to leave out. */
  readonly without?: readonly ("add" | "send")[];
}

/** The source of a revision: a box of items that come from callers and from answers to requests. */
export function box({ mark, count = "this.items.length", members = "", without = [] }: BoxParts) {
  const methods = {
    add: `add(item) {
      this.items.push(item);
      return ${count};
    }`,
    send: `async send(url, item) {
      const response = await fetch(url, { method: "POST", body: JSON.stringify(item) });
      this.items.push(await response.text());
      return "${mark}";
    }`,
  };
  const kept = (["add", "send"] as const).filter((name) => !without.includes(name));
  return `import { Agent, sleep, step } from "perdure";
  export class Box extends Agent {
    items = [];
    ${kept.map((name) => methods[name]).join("\n")}
    list() {
      return this.items;
    }
    ${members}
  }
  // ${mark}`;
}

/** A count that no history of the first revision agrees with. */
export const OTHER_COUNT = "`another count: ${this.items.length}`";

/** What a hook tells the receiver. */
export interface HookReport {
  readonly mark: string;
  /** The revision that saved what is loaded. */
  readonly savedBy?: number;
  /** The items that the instance has at that time. */
  readonly found: readonly string[];
}

/** Snapshot hooks that tell the receiver, under `/saved/KEY` and `/loaded/KEY`, before they do their work. */
export function hooks(receiver: string, mark: string, duringLoad = ""): string {
  const report = (hook: string, more: string) =>
    `await fetch(\`${receiver}/${hook}/\${this.key}\`, {
      method: "POST",
      body: JSON.stringify({ mark: "${mark}", found: this.items, ${more} }),
    })`;
  return `
    async saveSnapshot() {
      ${report("saved", "")};
      return { items: this.items };
    }
    async loadSnapshot(state, { revision }) {
      const told = ${report("loaded", "savedBy: revision")};
      ${duringLoad}
      this.items = state.items;
    }`;
}
