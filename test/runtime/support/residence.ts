/**
 * Where an agent lives: its disk, the process that runs it at the moment, and its alarm, which the
 * platform lets fire until a process has got through with it.
 */
import { addressOfName } from "../../../src/core/api/agent-name.ts";
import type { AgentRuntime } from "../../../src/runtime/agent.ts";
import type { Crash } from "./crashing.ts";
import type { Disk } from "./disk.ts";
import { AgentProcess, type Site } from "./process.ts";

/** Until a process that died is replaced. */
const RESTART_MS = 20;

/** What a residence needs of the world. */
export type Ground = Omit<Site, "disk" | "stored" | "deathAt"> & {
  /** What of the process dies at this point, if anything. */
  deathAt(residence: Residence, what: string): Crash["of"] | undefined;
  /** Called once a transaction has reached the disk, with an alarm that fires or is armed. */
  stored(residence: Residence): void;
};

export class Residence {
  readonly name: string;
  readonly disk: Disk;
  readonly #ground: Ground;
  #process: AgentProcess | undefined;
  #timer: number | undefined;
  #isRinging = false;

  constructor(name: string, disk: Disk, ground: Ground) {
    this.name = name;
    this.disk = disk;
    this.#ground = ground;
    this.#arm();
  }

  get address() {
    return addressOfName(this.name);
  }

  /** The process that is alive, if one is. */
  get process(): AgentProcess | undefined {
    return this.#process?.life.isOver === false ? this.#process : undefined;
  }

  #started(): AgentProcess {
    this.#process =
      this.process ??
      new AgentProcess({
        ...this.#ground,
        disk: this.disk,
        stored: () => this.#stored(),
        deathAt: (what) => this.#ground.deathAt(this, what),
      });
    return this.#process;
  }

  #stored(): void {
    this.#arm();
    this.#ground.stored(this);
  }

  /** The platform lets the alarm of the disk fire, one at a time. */
  #arm(): void {
    const { clock } = this.#ground.surroundings;
    clock.clearTimer(this.#timer);
    this.#timer = undefined;
    const { alarm } = this.disk;
    if (alarm === undefined || this.#isRinging) return;
    this.#timer = clock.setTimer(() => void this.#ring(), alarm.at - clock.now);
  }

  async #ring(): Promise<void> {
    const { alarm } = this.disk;
    this.#isRinging = true;
    try {
      await this.#started().ask("alarm", (runtime) => runtime.wake());
      if (this.disk.alarm === alarm) this.disk.alarm = undefined;
    } catch {
      await this.#ground.surroundings.clock.pause(RESTART_MS);
    }
    this.#isRinging = false;
    this.#arm();
  }

  /** Asks the agent; rejects when its process dies meanwhile. */
  async ask<T>(what: string, question: (runtime: AgentRuntime) => Promise<T>): Promise<T> {
    await this.#ground.surroundings.clock.turn();
    return this.#started().ask(what, question);
  }

  /** Asks again and again until there is an answer, as a client with an idempotency key may. */
  async persist<T>(what: string, question: (runtime: AgentRuntime) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await this.ask(what, question);
      } catch {
        await this.#ground.surroundings.clock.pause(RESTART_MS);
      }
    }
  }
}
