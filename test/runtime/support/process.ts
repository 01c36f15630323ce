/**
 * One process that runs one agent: the real runtime on ports of the simulation. Once it is dead,
 * nothing of it reaches the disk or the world any more, and nothing that it waits for comes.
 */
import type { AgentAddress } from "../../../src/core/api/views.ts";
import type { HistorySource } from "../../../src/core/copies/history.ts";
import { createHash } from "node:crypto";
import type { Caller } from "../../../src/core/api/operations.ts";
import type { AgentMessage, InstanceIdentity } from "../../../src/core/protocol.ts";
import type { Settings } from "../../../src/core/settings.ts";
import { AgentRuntime } from "../../../src/runtime/agent.ts";
import type { Agents, Components, Histories, Ports, Slot } from "../../../src/runtime/ports.ts";
import type { AuthorModule } from "../../../src/guest/code/describe.ts";
import type { Crash } from "./crashing.ts";
import type { Write, Disk } from "./disk.ts";
import { SimulatedInstance, type AroundIsolate } from "./isolates.ts";
import { Life, never, type Surroundings } from "./life.ts";
import { MemoryStore } from "./memory-store.ts";

/** What a process is placed in. */
export interface Site {
  readonly disk: Disk;
  readonly surroundings: Surroundings;
  readonly components: Components;
  readonly agents: Agents;
  readonly histories: Histories;
  readonly effects: Ports["effects"];
  /** Milliseconds until a write is durable; 0: at once. */
  readonly writeMs: number;
  settings(): Settings;
  /** What an isolate evaluates; throws as the platform does when that does not start. */
  moduleOf(revision: number): AuthorModule;
  /** Called once a transaction has reached the disk. */
  stored(): void;
  /** What of the process dies at this point, if anything. */
  deathAt(what: string): Crash["of"] | undefined;
}

/** Takes no time, as nothing does that the clock does not let happen. */
async function sha256(text: string): Promise<string> {
  return createHash("sha256").update(text).digest("hex");
}

export class AgentProcess implements AroundIsolate {
  readonly life: Life;
  readonly runtime: AgentRuntime;
  readonly #site: Site;
  #instances: SimulatedInstance[] = [];
  /** When all that was written so far is durable. */
  #durable: Promise<void> = Promise.resolve();

  constructor(site: Site) {
    this.#site = site;
    this.life = new Life(site.surroundings);
    this.runtime = this.life.lead(() => new AgentRuntime(this.#ports()));
  }

  /** The instance that would answer the next call; absent while there is none. */
  get instance(): SimulatedInstance | undefined {
    return this.#instances.findLast(({ life }) => !life.isOver);
  }

  /** Something crosses the border: whatever is to die at this point dies. */
  crossed(what: string): boolean {
    if (this.life.isOver) return false;
    const dying = this.#site.deathAt(what);
    if (dying === "process") this.life.end("the process died");
    if (dying === "isolate") for (const instance of this.#instances) instance.drop("it died");
    return dying !== "process";
  }

  /** Asks the runtime something; the answer leaves once all is durable that was written before. */
  async ask<T>(what: string, question: (runtime: AgentRuntime) => Promise<T>): Promise<T> {
    const asked = async (): Promise<T> => {
      this.crossed(`${what} arrives`);
      const answer = await this.life.during(this.life.lead(() => question(this.runtime)));
      await this.life.during(this.#durable);
      this.crossed(`${what} is answered`);
      return this.life.during(Promise.resolve(structuredClone(answer)));
    };
    return Promise.race([asked(), this.life.over]);
  }

  /** What leaves waits until all that was written before is durable. */
  async #cross<T>(what: string, outside: () => Promise<T>): Promise<T> {
    this.crossed(`${what} is asked for`);
    await this.life.during(this.#durable);
    this.crossed(`${what} leaves`);
    if (this.life.isOver) return never();
    await this.#site.surroundings.clock.turn();
    const answer = await outside();
    this.crossed(`${what} comes back`);
    return this.life.during(Promise.resolve(answer));
  }

  #commit(writes: readonly Write[]): void {
    const { disk, writeMs, surroundings } = this.#site;
    const store = (): void => {
      if (!this.crossed("before a write")) return;
      for (const write of writes) write(disk);
      this.#site.stored();
      this.crossed("after a write");
    };
    if (writeMs === 0) return store();
    const { clock, random } = surroundings;
    this.#durable = this.#durable
      .then(() => clock.pause(Math.ceil(random() * writeMs)))
      .then(store);
  }

  #start(slot: Slot, identity: InstanceIdentity): SimulatedInstance {
    this.#instances = this.#instances.filter(({ life }) => !life.isOver);
    if (this.#instances.some((instance) => instance.slot === slot)) {
      throw new Error(`two instances at once in the ${slot} slot`);
    }
    const evaluate = (): AuthorModule => this.#site.moduleOf(identity.revision);
    const instance = new SimulatedInstance(slot, evaluate, this);
    this.#instances.push(instance);
    return instance;
  }

  #history(address: AgentAddress): HistorySource {
    const source = this.#site.histories.of(address);
    return {
      depart: (until) => this.#cross("departure", () => source.depart(until)),
      historyPage: (...asked) => this.#cross("page", () => source.historyPage(...asked)),
      snapshotPayload: (...asked) => this.#cross("payload", () => source.snapshotPayload(...asked)),
    };
  }

  #ports(): Ports {
    const { disk, surroundings, components, agents, effects } = this.#site;
    const { clock, random } = surroundings;
    return {
      environment: { now: () => clock.now, random, uuid: () => surroundings.uuid(), sha256 },
      store: new MemoryStore(disk, (writes) => this.#commit(writes)),
      instances: { start: (slot, _code, identity) => this.#start(slot, identity) },
      components: {
        agentType: (...asked) => this.#cross("type", () => components.agentType(...asked)),
        code: (...asked) => this.#cross("code", () => components.code(...asked)),
        admit: (...asked) => this.#cross("admission", () => components.admit(...asked)),
        conclude: (...asked) => this.#cross("conclusion", () => components.conclude(...asked)),
        validate: (...asked) => this.#cross("validation", () => components.validate(...asked)),
      },
      effects: {
        perform: (effect, aborted) =>
          this.#cross(effect.call, () => effects.perform(effect, aborted)),
      },
      agents: {
        perform: (message: AgentMessage, caller: Caller) =>
          this.#cross("message", () => agents.perform(structuredClone(message), caller)),
        isBehind: (...asked) => this.#cross("question", () => agents.isBehind(...asked)),
      },
      histories: { of: (address) => this.#history(address) },
      registry: {
        enter: () => this.#cross("entry", async () => {}),
        leave: async () => {},
      },
      bindings: { grants: () => ({}), perform: never },
      listeners: { isEmpty: true, all: () => [] },
      settings: this.#site.settings(),
    };
  }
}
