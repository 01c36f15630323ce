/**
 * Isolates with the real guest in them. Messages are cloned and take turns of their own: those of an
 * instance to its host arrive in order, but an answer may overtake them.
 */
import { Instance } from "../../../src/guest/instance.ts";
import type { AuthorModule } from "../../../src/guest/code/describe.ts";
import type {
  Boot,
  BootReply,
  Effect,
  EffectCall,
  EffectResult,
  HostPort,
  InvocationCall,
  LiveRecord,
  ReadCall,
  ReadReply,
  RecordPage,
  RunReply,
  SaveReply,
} from "../../../src/core/protocol.ts";
import type { InstanceHandle, Slot } from "../../../src/runtime/ports.ts";
import { Life } from "./life.ts";

/** The process around an isolate: its life, and what it notes of each message that crosses. */
export interface AroundIsolate {
  readonly life: Life;
  /** False when the process has died of it. */
  crossed(what: string): boolean;
}

/** The host as an instance sees it. */
class DistantHost implements HostPort {
  readonly #host: HostPort;
  readonly #around: AroundIsolate;
  readonly #isolate: Life;
  #delivered: Promise<unknown> = Promise.resolve();

  constructor(host: HostPort, around: AroundIsolate, isolate: Life) {
    this.#host = host;
    this.#around = around;
    this.#isolate = isolate;
  }

  async #send<T>(what: string, call: () => Promise<T>): Promise<T> {
    const { life } = this.#around;
    const { clock } = life.surroundings;
    this.#delivered = this.#delivered.then(() => clock.turn());
    await this.#isolate.during(this.#delivered);
    this.#around.crossed(`${what} arrives`);
    const answer = structuredClone(await life.during(life.lead(call)).catch(plainError));
    await clock.turn();
    this.#around.crossed(`${what} is answered`);
    return this.#isolate.during(Promise.resolve(answer));
  }

  commit(records: readonly LiveRecord[]): Promise<void> {
    const sent = structuredClone(records);
    return this.#send("commit", () => this.#host.commit(sent));
  }

  perform(records: readonly LiveRecord[], call: EffectCall): Promise<EffectResult> {
    const sent = structuredClone({ records, call });
    return this.#send(call.call, () => this.#host.perform(sent.records, sent.call));
  }

  performUnrecorded(effect: Effect, id: number): Promise<EffectResult> {
    const sent = structuredClone(effect);
    return this.#send(`unrecorded ${effect.call}`, () => this.#host.performUnrecorded(sent, id));
  }

  abandon(id: number): Promise<void> {
    return this.#send("abandon", () => this.#host.abandon(id));
  }

  page(from: number, to: number): Promise<RecordPage> {
    return this.#send("page", () => this.#host.page(from, to));
  }
}

/** An isolate boundary keeps name and message of an error only. */
function plainError(error: unknown): never {
  const { name, message } = error as Error;
  throw Object.assign(new Error(message), { name });
}

export class SimulatedInstance implements InstanceHandle {
  readonly slot: Slot;
  readonly life: Life;
  readonly #around: AroundIsolate;
  readonly #evaluate: () => AuthorModule;
  #started: Instance | undefined;

  /** The module is evaluated when the isolate is first asked something: code that does not start is met then. */
  constructor(slot: Slot, evaluate: () => AuthorModule, around: AroundIsolate) {
    this.slot = slot;
    this.#around = around;
    this.#evaluate = evaluate;
    this.life = new Life(around.life.surroundings, around.life);
  }

  async #call<T>(call: (instance: Instance) => Promise<T>): Promise<T> {
    this.#started ??= new Instance(this.#evaluate());
    return call(this.#started);
  }

  async #ask<T>(what: string, call: (instance: Instance) => Promise<T>): Promise<T> {
    const { life } = this.#around;
    const { clock } = life.surroundings;
    const asked = async (): Promise<T> => {
      await clock.turn();
      this.#around.crossed(`${what} begins`);
      const work = this.life.lead(() => this.#call(call)).catch(plainError);
      const answer = structuredClone(await this.life.during(work));
      await clock.turn();
      this.#around.crossed(`${what} is answered`);
      return answer;
    };
    return life.during(Promise.race([asked(), this.life.over]));
  }

  boot(host: HostPort, boot: Boot): Promise<BootReply> {
    const sent = structuredClone(boot);
    const distant = new DistantHost(host, this.#around, this.life);
    return this.#ask("boot", (instance) => instance.boot(distant, sent));
  }

  run(calls: readonly InvocationCall[], careful: boolean): Promise<RunReply> {
    const sent = structuredClone(calls);
    return this.#ask("run", (instance) => instance.run(sent, careful));
  }

  proceed(): Promise<RunReply> {
    return this.#ask("proceed", (instance) => instance.proceed());
  }

  save(isTrial: boolean): Promise<SaveReply> {
    return this.#ask("save", (instance) => instance.save(isTrial));
  }

  read(call: ReadCall): Promise<ReadReply> {
    const sent = structuredClone(call);
    return this.#ask("read", (instance) => instance.read(sent));
  }

  cancel(): Promise<void> {
    return this.#ask("cancel", (instance) => instance.cancel());
  }

  /** What a snapshot taken now would hold; the agent does not notice. */
  peek(): Promise<SaveReply> {
    return this.life.lead(() => this.#call((instance) => instance.save(true)));
  }

  drop(reason: string): void {
    this.life.end(reason);
  }
}
