/** An agent of random sequences in the simulation: whatever is asked of it is asked until it answers. */
import type { AgentView, UpdateMode } from "../../../src/core/api/views.ts";
import type { Result } from "../../../src/core/errors.ts";
import type { EntryKind } from "../../../src/core/oplog/entry.ts";
import type { AgentRuntime } from "../../../src/runtime/agent.ts";
import type { RealCommand, Subject } from "../../support/sequences/sequence.ts";
import { outcomeOf, viewOf, type View } from "../../support/sequences/model.ts";
import { entriesOn } from "./disk.ts";
import type { Residence } from "./residence.ts";
import { SAVE_MS } from "./tallies.ts";
import type { World } from "./world.ts";

const NAME = "bank/Tally/one";

/** Virtual time: until what takes none has happened, and until what was expected has not. */
const MOMENT_MS = 50;
const LONG_MS = 20_000;
const FOR_EVER_MS = 24 * 3_600_000;

function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** What a command came to, or why it was refused. */
function said<T>(answer: Result<T>, word: (value: T) => string): string {
  return answer.ok ? word(answer.value) : answer.refusal.code;
}

export class SimulatedTally implements Subject {
  readonly #world: World;
  readonly #agent: Residence;
  #lastIndex = 0;

  constructor(world: World) {
    this.#world = world;
    this.#agent = world.agent(NAME);
  }

  async begin(): Promise<void> {
    const { address } = this.#agent;
    await this.#agent.persist("create", (runtime) => runtime.create(address, { revision: 1 }));
    await this.#pause(MOMENT_MS);
    await this.#described();
  }

  #pause(ms: number): Promise<void> {
    return this.#world.clock.pause(ms);
  }

  #count(kind: EntryKind): number {
    return entriesOn(this.#agent.disk).filter(({ entry }) => entry.kind === kind).length;
  }

  /** For what must not be asked twice: `kind` in the record says that it was done. */
  async #once<T>(
    kind: EntryKind,
    question: (runtime: AgentRuntime) => Promise<Result<T>>,
    word: string,
  ): Promise<string> {
    const before = this.#count(kind);
    for (;;) {
      try {
        return said(await this.#agent.ask(kind, question), () => word);
      } catch {
        await this.#pause(MOMENT_MS);
        if (this.#count(kind) > before) return word;
      }
    }
  }

  async #invoke(
    { method, mode }: Extract<RealCommand, { do: "invoke" }>,
    nth: number,
  ): Promise<string> {
    const key = `key-${nth}`;
    const answer = await this.#world.invoke(NAME, method, [nth], { key, mode });
    if (answer.ok && mode === "enqueue") return "accepted";
    if (!answer.ok && answer.refusal.code !== "invocation-failed") return answer.refusal.code;
    return this.outcome(key);
  }

  async #updateDuringSave(
    { manual, automatic }: Extract<RealCommand, { do: "update during a save" }>,
    nth: number,
  ): Promise<string> {
    const check = "calls-and-results";
    const update = async (mode: UpdateMode, revision: number): Promise<string> => {
      const request = { mode, revision, check, wake: true, id: `${mode} ${nth}` } as const;
      const asked = this.#agent.persist("update", (runtime) => runtime.update(request));
      return said(await asked, () => "accepted");
    };
    this.#world.points.disarm();
    // An automatic snapshot that is due goes first, also when a death has put it off.
    await this.#agent.persist("rest", (runtime) => runtime.wake());
    const first = await update("manual", manual);
    if (first !== "accepted") return first;
    await this.#pause(SAVE_MS / 2);
    return `${first}, ${await update("automatic", automatic)}`;
  }

  /** Until nothing is in progress and nothing waits. */
  async #wait(): Promise<string> {
    for (let waited = 0; waited < FOR_EVER_MS; waited += LONG_MS) {
      const { status, updates, pendingInvocations } = await this.#described();
      if (status === "interrupted") return "done";
      if (status === "idle" && updates.pending.length + pendingInvocations === 0) return "done";
      await this.#pause(LONG_MS);
    }
    return "it goes on for ever";
  }

  async perform(command: RealCommand, nth: number): Promise<string> {
    const agent = this.#agent;
    switch (command.do) {
      case "invoke":
        return this.#invoke(command, nth);
      case "update": {
        const request = { ...command, id: `update ${nth}` };
        const update = await agent.persist("update", (runtime) => runtime.update(request));
        return said(update, () => "accepted");
      }
      case "update during a save":
        return this.#updateDuringSave(command, nth);
      case "dry run": {
        const request = { ...command, wake: true };
        const answer = await agent.persist("dry run", (runtime) => runtime.dryRun(request));
        return said(answer, ({ compatible }) => (compatible ? "compatible" : "incompatible"));
      }
      case "snapshot":
        return this.#once("Snapshot", (runtime) => runtime.takeSnapshot(), "taken");
      case "revert":
        return this.#once("Revert", (runtime) => runtime.revert(command.target), "reverted");
      case "interrupt":
        await agent.persist("interrupt", (runtime) => runtime.interrupt(false));
        return "done";
      case "resume":
        return this.#once("Suspend", (runtime) => runtime.resume(), "done");
      case "wait":
        return this.#wait();
      case "evict":
        this.#world.kill(agent);
        return "done";
      case "crash":
        this.#world.points.arm(command.after);
        return "done";
    }
  }

  async #described(): Promise<AgentView> {
    const view = await this.#agent.persist("view", (runtime) => runtime.describe());
    if (!view.ok) throw new Error(view.refusal.detail);
    this.#lastIndex = view.value.lastOplogIndex;
    return view.value;
  }

  async view(expected: View): Promise<View> {
    for (let waited = 0; ; waited += MOMENT_MS) {
      await this.#pause(MOMENT_MS);
      const view = viewOf(await this.#described());
      if (isSame(view, expected) || waited > LONG_MS) return view;
    }
  }

  async items(): Promise<unknown> {
    const answer = await this.#world.invoke(NAME, "list", [], { key: "list" });
    return answer.ok ? answer.value.result : answer.refusal.code;
  }

  async lastIndex(): Promise<number> {
    return this.#lastIndex;
  }

  async outcome(key: string): Promise<string> {
    const known = await this.#agent.persist("outcome", (runtime) => runtime.invocation(key, 0));
    return known.ok ? outcomeOf(known.value) : "unknown";
  }
}
