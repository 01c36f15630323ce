/** An agent of random sequences inside workerd, as a client of the API sees it. */
import type { Answer, Problem } from "../../e2e/support/api.ts";
import { DAMAGE, REVISIONS, type Traits } from "../../support/sequences/revisions.ts";
import type { RealCommand, Subject } from "../../support/sequences/sequence.ts";
import { outcomeOf, viewOf, type View } from "../../support/sequences/model.ts";
import { type HostedAgent, reset } from "./host.ts";

const PAUSE_MS = 5;
const LONG_MS = 10_000;

function source(traits: Traits, nth: number): string {
  const { dialect, snapshotsEvery } = traits;
  const result = dialect === "plain" ? "n" : "-n";
  const policy =
    snapshotsEvery === undefined ? '"disabled"' : `{ everyInvocations: ${snapshotsEvery} }`;
  return `import { Agent, invocation, RetryableError } from "perdure";
  export class Box extends Agent {
    static snapshots = ${policy};
    static methods = { list: { readOnly: true } };
    items = [];
    ${traits.isStillborn === true ? 'constructor() { super(); throw new Error("stillborn"); }' : ""}
    onCreate() { this.items.push(0); }
    add(n) { this.items.push(n); return ${result}; }
    ${traits.lacksPut === true ? "" : `put(n) { this.items.push(n); return ${result}; }`}
    fail(n) { this.items.push(n); throw new Error("no " + n); }
    stumble(n) {
      this.items.push(n);
      if (invocation().attempt < 2) throw new RetryableError("again", { afterMs: 1 });
      return ${result};
    }
    list() { return this.items; }
    saveSnapshot() {
      ${traits.cannotSave === true ? `this.items.push(${DAMAGE}); throw new Error("it cannot be saved");` : ""}
      return { items: this.items };
    }
    loadSnapshot({ items }) {
      ${traits.cannotLoad === true ? 'throw new Error("it cannot be loaded");' : ""}
      this.items = items;
    }
  }
  // ${nth}`;
}

/** The revisions of the component, in their order. */
export const tallySources = REVISIONS.map((traits, at) => source(traits, at + 1));

function said({ status, body }: Answer<Problem>, word: string): string {
  return status < 300 ? word : body.code;
}

export class HostedTally implements Subject {
  readonly #agent: HostedAgent;
  #crashes = false;

  constructor(agent: HostedAgent) {
    this.#agent = agent;
  }

  /** Everything in memory is lost right after the answer to a request, if a crash was commanded. */
  async #afterAnswer(): Promise<void> {
    if (!this.#crashes) return;
    this.#crashes = false;
    await reset();
  }

  async #invoke(
    { method, mode }: Extract<RealCommand, { do: "invoke" }>,
    nth: number,
  ): Promise<string> {
    const key = `key-${nth}`;
    const isEnqueued = mode === "enqueue" || this.#crashes;
    const query = isEnqueued ? "?mode=enqueue" : "";
    const answer = await this.#agent.request(method, [nth], { key, query });
    await this.#afterAnswer();
    if (answer.status >= 300 && answer.body.code !== "invocation-failed") return answer.body.code;
    if (mode === "enqueue") return "accepted";
    await this.#agent.outcome(key);
    return this.outcome(key);
  }

  async #post(path: string, body: object, word: string): Promise<string> {
    const answer = await this.#agent.post<Problem>(path, body);
    await this.#afterAnswer();
    return said(answer, word);
  }

  async #dryRun({ mode, revision, check }: Extract<RealCommand, { do: "dry run" }>) {
    const body = { mode, revision, check, dryRun: true };
    const answer = await this.#agent.post<Problem & { compatible?: boolean }>("/update", body);
    return said(answer, answer.body.compatible === true ? "compatible" : "incompatible");
  }

  async perform(command: RealCommand, nth: number): Promise<string> {
    switch (command.do) {
      case "invoke":
        return this.#invoke(command, nth);
      case "update": {
        const { mode, revision, check, wake } = command;
        return this.#post("/update", { mode, revision, check, wake }, "accepted");
      }
      case "dry run":
        return this.#dryRun(command);
      case "snapshot":
        return this.#post("/snapshot", {}, "taken");
      case "revert":
        return this.#post("/revert", command.target, "reverted");
      case "interrupt":
        return this.#post("/interrupt", {}, "done");
      case "resume":
        return this.#post("/resume", {}, "done");
      case "evict":
        await this.#agent.evict();
        return "done";
      case "crash":
        this.#crashes = true;
        return "done";
      case "wait":
        return "done";
      case "update during a save":
        throw new Error("a save cannot be held here");
    }
  }

  async view(expected: View): Promise<View> {
    for (const end = Date.now() + LONG_MS; ;) {
      const view = viewOf(await this.#agent.view());
      if (JSON.stringify(view) === JSON.stringify(expected) || Date.now() > end) return view;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  items(): Promise<unknown> {
    return this.#agent.invoke("list");
  }

  async lastIndex(): Promise<number> {
    return (await this.#agent.view()).lastOplogIndex;
  }

  async outcome(key: string): Promise<string> {
    const { status, body } = await this.#agent.invocation(key);
    return status === 404 ? "unknown" : outcomeOf(body);
  }
}
