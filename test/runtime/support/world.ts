/**
 * A deterministic simulation: agents with the real runtime and the real guest, each in a process of
 * its own, on a virtual clock. What happens depends on the seed, and on where processes die.
 */
import "./guest.ts";
import type { AgentOperations } from "../../../src/core/api/operations.ts";
import type { InvocationView } from "../../../src/core/api/views.ts";
import { defaultSettings, type Settings } from "../../../src/core/settings.ts";
import type { Result } from "../../../src/core/errors.ts";
import { seededRandom } from "../../../src/guest/run/random.ts";
import type { AuthorModule } from "../../../src/guest/code/describe.ts";
import { AgentCalls } from "../../../src/host/agent-calls.ts";
import { AgentHistories } from "../../../src/host/agent-histories.ts";
import { Clock } from "./clock.ts";
import { CrashPoints, type Crash } from "./crashing.ts";
import { emptyDisk, type Disk } from "./disk.ts";
import type { Surroundings } from "./life.ts";
import { Residence } from "./residence.ts";
import { Revisions } from "./revisions.ts";
import { Upstream } from "./upstream.ts";

const BEGINNING = Date.UTC(2030, 0, 1);

export interface WorldOptions {
  readonly seed: string;
  readonly modules: readonly AuthorModule[];
  /** A revision whose code does not start, though it could be uploaded. */
  readonly broken?: number;
  readonly crashes?: readonly Crash[];
  /** Milliseconds until a write is durable, at most; 0: at once. */
  readonly writeMs?: number;
  /** Epoch milliseconds at which it begins. */
  readonly now?: number;
  /** Agents that there are already, by their names. */
  readonly disks?: Readonly<Record<string, Disk>>;
  /** Called when something of an agent dies, while its disk is as it left it. */
  readonly crashed?: (world: World, residence: Residence, of: Crash["of"]) => void;
  /** Called at every point that is passed. */
  readonly passed?: (residence: Residence, what: string) => void;
  /** Called whenever a transaction has reached a disk. */
  readonly stored?: (world: World, residence: Residence) => void;
}

export class World {
  readonly clock: Clock;
  readonly points: CrashPoints;
  readonly upstream: Upstream;
  readonly revisions: Revisions;
  /** What processes that start from now on run by. */
  settings: Settings = defaultSettings;
  readonly #options: WorldOptions;
  readonly #surroundings: Surroundings;
  readonly #residences = new Map<string, Residence>();

  constructor(options: WorldOptions) {
    const { seed, modules, crashes, now = BEGINNING, disks = {} } = options;
    const random = seededRandom(seed);
    this.#options = options;
    this.clock = new Clock(now, random);
    this.points = new CrashPoints(crashes);
    this.revisions = new Revisions(modules);
    this.upstream = new Upstream(this.clock, (name, id) => this.#approve(name, id));
    let uuids = 0;
    const uuid = (): string => {
      uuids += 1;
      return `${Math.floor(random() * 2 ** 32).toString(16)}-${uuids}`;
    };
    this.#surroundings = { clock: this.clock, random, uuid };
    for (const [name, disk] of Object.entries(disks)) this.#settle(name, disk);
  }

  #settle(name: string, disk: Disk): Residence {
    const residence = new Residence(name, disk, {
      surroundings: this.#surroundings,
      components: this.revisions,
      agents: new AgentCalls({ getByName: (called) => this.#operations(called) }),
      histories: new AgentHistories({ getByName: (called) => this.#operations(called) }),
      effects: this.upstream,
      writeMs: this.#options.writeMs ?? 0,
      settings: () => this.settings,
      moduleOf: (revision) => this.#moduleOf(revision),
      stored: (stored) => this.#options.stored?.(this, stored),
      deathAt: (where, what) => this.#deathAt(where, what),
    });
    this.#residences.set(name, residence);
    return residence;
  }

  #moduleOf(revision: number): AuthorModule {
    if (revision !== this.#options.broken) return this.revisions.module(revision);
    throw new Error("Failed to start Worker: its code throws while it is loaded");
  }

  #deathAt(residence: Residence, what: string): Crash["of"] | undefined {
    const dying = this.points.pass(residence.name, what);
    if (dying === undefined) this.#options.passed?.(residence, what);
    else this.#options.crashed?.(this, residence, dying);
    return dying;
  }

  /** The agent of that name, whether it has been created or not. */
  agent(name: string): Residence {
    return this.#residences.get(name) ?? this.#settle(name, emptyDisk());
  }

  get agents(): readonly Residence[] {
    return [...this.#residences.values()];
  }

  /** The process of an agent dies now. */
  kill(residence: Residence): void {
    if (residence.process === undefined) return;
    this.#options.crashed?.(this, residence, "process");
    residence.process.life.end("the process was killed");
  }

  /** An agent's object as others reach it. */
  #operations(name: string): AgentOperations {
    const ask = (what: keyof AgentOperations, args: readonly unknown[]): Promise<unknown> => {
      const question = (runtime: AgentOperations): Promise<unknown> =>
        Reflect.apply(runtime[what], runtime, args) as Promise<unknown>;
      return this.agent(name).ask(what, question);
    };
    return new Proxy({} as AgentOperations, {
      get:
        (_, what) =>
        (...args: unknown[]) =>
          ask(what as keyof AgentOperations, args),
    });
  }

  async #approve(name: string, promiseId: string): Promise<void> {
    const outcome = { ok: true, result: '"approved"', completedBy: "the approver" } as const;
    await this.agent(name).persist("approval", (runtime) =>
      runtime.completePromise(promiseId, outcome),
    );
  }

  /** Invokes, as often as it takes to get an answer. */
  invoke(
    name: string,
    method: string,
    args: readonly unknown[],
    { key, mode = "await" }: { readonly key: string; readonly mode?: "await" | "enqueue" },
  ): Promise<Result<InvocationView>> {
    const residence = this.agent(name);
    const text = JSON.stringify(args);
    const request = { method, args: text, idempotencyKey: key, isNewKey: false, mode } as const;
    return residence.persist("invoke", (runtime) => runtime.invoke(residence.address, request));
  }

  /** Runs until nothing is left to happen; answers what the script does. */
  async run<T>(script: () => Promise<T>): Promise<T> {
    let outcome: { value: T } | { error: unknown } | undefined;
    void script().then(
      (value) => (outcome = { value }),
      (error: unknown) => (outcome = { error }),
    );
    await this.clock.run();
    if (outcome === undefined) throw new Error("nothing happens any more, and the script waits");
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }

  /** Until nothing is left to happen. */
  settle(): Promise<void> {
    return this.clock.run();
  }
}
