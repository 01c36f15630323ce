/** A part of an invocation with settings of its own. */
import type { Log } from "../../core/oplog/entry.ts";
import type { Payload } from "../../core/oplog/payload.ts";
import type { CallIdentity } from "../../core/replay/cursor.ts";
import type { HostLink } from "../link.ts";
import type { NativeWork } from "../run/native-work.ts";
import type { CallSettings, CallSpec, InvocationInfo, MadeCall, Scope } from "./scope.ts";

export class InnerScope implements Scope {
  readonly link: HostLink | undefined;
  readonly settings: CallSettings;
  readonly native: NativeWork | undefined;
  readonly invocation?: InvocationInfo;
  readonly #outer: Scope;

  constructor(outer: Scope, settings: Partial<CallSettings>) {
    this.#outer = outer;
    this.link = outer.link;
    this.native = outer.native;
    this.settings = { ...outer.settings, ...settings };
    if (outer.invocation !== undefined) this.invocation = outer.invocation;
  }

  now(): number {
    return this.#outer.now();
  }

  random(): number {
    return this.#outer.random();
  }

  call(spec: CallSpec): MadeCall {
    return this.#outer.call(spec);
  }

  inline(identity: CallIdentity, produce: () => Payload): Payload {
    return this.#outer.inline(identity, produce);
  }

  beginRegion(): () => void {
    return this.#outer.beginRegion();
  }

  log(level: Log["level"], message: string): void {
    this.#outer.log(level, message);
  }

  nextKey(what: string): () => string {
    return this.#outer.nextKey(what);
  }
}
