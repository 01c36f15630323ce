/** One agent that is updated, in the simulation: its revisions are boxes of items that differ in little. */
import type { AgentView, UpdateMode, UpdateView } from "../../../src/core/api/views.ts";
import type { Refusal } from "../../../src/core/errors.ts";
import type { Indexed } from "../../../src/core/oplog/entry.ts";
import type { AuthorModule } from "../../../src/guest/code/describe.ts";
import type { AgentRuntime } from "../../../src/runtime/agent.ts";
import { Auditor } from "./auditor.ts";
import type { Crash } from "./crashing.ts";
import { entriesOn } from "./disk.ts";
import { Agent, fetch } from "./guest.ts";
import type { SimulatedInstance } from "./isolates.ts";
import type { Residence } from "./residence.ts";
import { UPSTREAM } from "./upstream.ts";
import { World } from "./world.ts";

const NAME = "boxes/Box/one";
const MOMENT_MS = 100;
const LONG_MS = 60_000;

/** What a revision has of its own. */
export interface Parts {
  /** The result of `add`. */
  readonly count?: (items: readonly string[]) => unknown;
  readonly snapshots?: "disabled" | { readonly everyInvocations: number };
  /** What the hooks do beside their work; what they throw fails them. */
  readonly duringSave?: (items: string[]) => Promise<void> | void;
  readonly duringLoad?: () => Promise<void> | void;
}

/** What `loadSnapshot` has met. */
export interface Load {
  readonly by: number;
  readonly savedBy: number;
  /** How many items the instance had already. */
  readonly found: number;
}

function box(parts: Parts, revision: number, loads: Load[]): AuthorModule {
  class Box extends Agent {
    static snapshots = parts.snapshots ?? "disabled";
    static methods = { list: { readOnly: true } };
    items: string[] = [];

    add(item: string): unknown {
      this.items.push(item);
      return parts.count?.(this.items) ?? this.items.length;
    }

    async send(item: string): Promise<number> {
      await fetch(`${UPSTREAM}/${item}?ms=1000`, { method: "POST" });
      this.items.push(item);
      return revision;
    }

    list(): string[] {
      return this.items;
    }

    async saveSnapshot(): Promise<unknown> {
      await parts.duringSave?.(this.items);
      return { items: this.items };
    }

    async loadSnapshot(
      { items }: { items: string[] },
      { revision: savedBy }: { revision: number },
    ): Promise<void> {
      loads.push({ by: revision, savedBy, found: this.items.length });
      await parts.duringLoad?.();
      this.items = items;
    }
  }
  return { Box };
}

/** The agent of a scene; what is asked of it is asked until it answers. */
export class Scene {
  readonly world: World;
  readonly loads: Load[] = [];
  readonly #agent: Residence;
  readonly #auditor = new Auditor();
  #asked = 0;

  constructor(revisions: readonly Parts[], crashes: readonly Crash[] = []) {
    this.world = new World({
      seed: "a scene",
      modules: revisions.map((parts, at) => box(parts, at + 1, this.loads)),
      crashes,
      crashed: this.#auditor.crashed,
      stored: this.#auditor.stored,
    });
    this.#agent = this.world.agent(NAME);
  }

  /** Runs what happens to the agent, created on the first revision, and holds the run to the laws. */
  async play(script: () => Promise<void>): Promise<void> {
    await this.world.run(async () => {
      const { address } = this.#agent;
      await this.ask((runtime) => runtime.create(address, { revision: 1 }));
      await script();
    });
    this.#auditor.balance(this.world);
  }

  pause(ms = MOMENT_MS): Promise<void> {
    return this.world.clock.pause(ms);
  }

  ask<T>(question: (runtime: AgentRuntime) => Promise<T>): Promise<T> {
    return this.#agent.persist("question", question);
  }

  /** Invokes; gives the result, or the code of the refusal. */
  async invoke(method: string, ...args: readonly string[]): Promise<unknown> {
    this.#asked += 1;
    const answer = await this.world.invoke(NAME, method, args, { key: `asked-${this.#asked}` });
    return answer.ok ? answer.value.result : answer.refusal.code;
  }

  async enqueue(method: string, ...args: readonly string[]): Promise<void> {
    this.#asked += 1;
    const request = { key: `asked-${this.#asked}`, mode: "enqueue" } as const;
    await this.world.invoke(NAME, method, args, request);
  }

  /** Asks for an update; gives its id, or the code of the refusal. */
  async request(mode: UpdateMode, revision: number): Promise<string> {
    this.#asked += 1;
    const request = { id: `update-${this.#asked}`, mode, revision, wake: true };
    const answer = await this.ask((runtime) => runtime.update(request));
    return answer.ok ? answer.value.id : answer.refusal.code;
  }

  /** The update with that id once it has been concluded. */
  async conclusion(id: string): Promise<UpdateView["status"]> {
    for (let waited = 0; waited < LONG_MS; waited += MOMENT_MS) {
      const { successful, failed } = (await this.view()).updates;
      const update = [...successful, ...failed].find((one) => one.id === id);
      if (update !== undefined) return update.status;
      await this.pause();
    }
    return "pending";
  }

  async update(mode: UpdateMode, revision: number): Promise<UpdateView["status"]> {
    return this.conclusion(await this.request(mode, revision));
  }

  async takeSnapshot(): Promise<Refusal["code"] | undefined> {
    const answer = await this.ask((runtime) => runtime.takeSnapshot());
    return answer.ok ? undefined : answer.refusal.code;
  }

  async view(): Promise<AgentView> {
    const view = await this.ask((runtime) => runtime.describe());
    if (!view.ok) throw new Error(view.refusal.detail);
    return view.value;
  }

  kill(): void {
    this.world.kill(this.#agent);
  }

  /** The instance that runs; absent while there is none. */
  get instance(): SimulatedInstance | undefined {
    return this.#agent.process?.instance;
  }

  get record(): readonly Indexed[] {
    return entriesOn(this.#agent.disk);
  }

  get kinds(): readonly string[] {
    return this.record.map(({ entry }) => entry.kind);
  }

  /** The kinds of all entries of an update. */
  kindsOf(id: string): readonly string[] {
    return this.record.flatMap(({ entry }) =>
      "updateId" in entry && entry.updateId === id ? [entry.kind] : [],
    );
  }
}
