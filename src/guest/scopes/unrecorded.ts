/** Scopes whose calls are not in the record: module loading, constructors, snapshot hooks, step bodies. */
import type { Log } from "../../core/oplog/entry.ts";
import type { Payload } from "../../core/oplog/payload.ts";
import { limitsOfRecord } from "../../core/limits.ts";
import { defaultRetryPolicy } from "../../core/retry.ts";
import type { CallIdentity } from "../../core/replay/cursor.ts";
import { fromErrorData } from "../author/errors.ts";
import type { HostLink } from "../link.ts";
import { PlatformAbortController, platformRandom, realNow } from "../platform.ts";
import { seededRandom } from "../run/random.ts";
import type { CallSettings, CallSpec, MadeCall, Scope } from "./scope.ts";
import { WriteKeys } from "../run/write-keys.ts";

/** Time and randomness derive from `Create`; nothing durable may be called. */
export class FrozenScope implements Scope {
  readonly link = undefined;
  /** What is refused needs none of its own. */
  readonly settings = { limits: limitsOfRecord(undefined), usualRetry: defaultRetryPolicy };
  readonly #createdAt: number;
  readonly #random: () => number;
  readonly #where: string;

  constructor(createdAt: number, seed: string, where: string) {
    this.#createdAt = createdAt;
    this.#random = seededRandom(seed);
    this.#where = where;
  }

  now(): number {
    return this.#createdAt;
  }

  random(): number {
    return this.#random();
  }

  call(spec: CallSpec): MadeCall {
    throw this.#refusal(spec.identity);
  }

  inline(identity: CallIdentity): Payload {
    throw this.#refusal(identity);
  }

  beginRegion(): () => void {
    throw new Error(`atomically cannot be called ${this.#where}; call it in a method.`);
  }

  log(): void {}

  nextKey(): () => string {
    throw new Error(`No durable call can be made ${this.#where}; make it in onCreate or a method.`);
  }

  #refusal({ call }: CallIdentity): Error {
    return new Error(
      `${call} cannot be called ${this.#where}; call it in onCreate or in a method.`,
    );
  }
}

/** Calls go out live; real time and randomness. `keys` is what the keys of writes derive from. */
export class LiveScope implements Scope {
  readonly link: HostLink;
  readonly settings: CallSettings;
  readonly #keys: WriteKeys;
  readonly #log: (level: Log["level"], message: string) => void;

  constructor(
    link: HostLink,
    keys: () => string,
    log: (level: Log["level"], message: string) => void,
    settings: CallSettings,
  ) {
    this.link = link;
    this.settings = settings;
    this.#keys = new WriteKeys(keys);
    this.#log = log;
  }

  now(): number {
    return realNow();
  }

  random(): number {
    return platformRandom();
  }

  call(spec: CallSpec): MadeCall {
    const abort = new PlatformAbortController();
    return { settled: this.#perform(spec, abort.signal), cancel: () => abort.abort() };
  }

  async #perform(spec: CallSpec, cancelled: AbortSignal): Promise<Payload | undefined> {
    const settlement = await spec.perform(undefined, this.link, cancelled);
    if (cancelled.aborted) return new Promise(() => {});
    if (settlement.ok) return settlement.response;
    throw fromErrorData(settlement.error);
  }

  inline(_identity: CallIdentity, produce: () => Payload): Payload {
    return produce();
  }

  /** What is not recorded runs again as a whole anyway. */
  beginRegion(): () => void {
    return () => {};
  }

  log(level: Log["level"], message: string): void {
    this.#log(level, message);
  }

  nextKey(what: string): () => string {
    return this.#keys.next(what);
  }
}
