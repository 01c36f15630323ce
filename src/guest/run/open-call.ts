/** Calls that the code has made and not seen the end of. */
import type { End } from "../../core/oplog/entry.ts";
import type { Payload } from "../../core/oplog/payload.ts";
import { toErrorData } from "../author/errors.ts";
import { pause, realNow } from "../platform.ts";
import type { CallSpec, Settlement } from "../scopes/scope.ts";

/** `id` is the index of its `Start`, or its ref while it has none; `at` is when it was made. */
export interface OpenCall {
  readonly spec: CallSpec;
  readonly id: number;
  readonly at: number;
  /** Set once this instance has waited for it for long. */
  isLong?: boolean;
  resolve(response: Payload | undefined): void;
  reject(error: Error): void;
}

/** A call that has ended and not been delivered to the code. */
export interface EndedCall {
  readonly open: OpenCall;
  readonly settlement: Settlement;
}

/** The entry that ends the call. */
export function endOf({ id }: OpenCall, settlement: Settlement): End {
  const end = { kind: "End", at: realNow(), start: id } as const;
  if (!settlement.ok) return { ...end, error: settlement.error };
  return settlement.response === undefined ? end : { ...end, response: settlement.response };
}

export class OpenCalls {
  readonly #open = new Map<number, OpenCall>();
  readonly #ended: EndedCall[] = [];
  readonly #changed: () => void;
  readonly #longMs: number;

  /** `changed` hears of every call that ends, or has been waited for for `longMs`. */
  constructor(changed: () => void, longMs: number) {
    this.#changed = changed;
    this.#longMs = longMs;
  }

  add(open: OpenCall): void {
    this.#open.set(open.id, open);
  }

  get(id: number): OpenCall | undefined {
    return this.#open.get(id);
  }

  /** False when it was not open any more. */
  remove(id: number): boolean {
    return this.#open.delete(id);
  }

  get all(): readonly OpenCall[] {
    return [...this.#open.values()];
  }

  clear(): void {
    this.#open.clear();
  }

  /** Hears how the call ends in reality. */
  await(open: OpenCall, settlement: Promise<Settlement>): void {
    // A promise may keep the code waiting for ever: after a while it is time to suspend.
    if (open.spec.promiseId !== undefined) {
      void pause(this.#longMs).then(() => {
        open.isLong = true;
        this.#changed();
      });
    }
    const ended = (how: Settlement): void => {
      this.#ended.push({ open, settlement: how });
      this.#changed();
    };
    settlement.then(ended, (error: unknown) => ended({ ok: false, error: toErrorData(error) }));
  }

  /** The first call that has ended and is still of interest. */
  takeEnded(): EndedCall | undefined {
    for (let next = this.#ended.shift(); next !== undefined; next = this.#ended.shift()) {
      if (this.#open.delete(next.open.id)) return next;
    }
    return undefined;
  }
}
