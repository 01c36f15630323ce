/** Calls of read-only methods as those who make them see them: like invocations, but in no oplog. */
import type { InvokeRequest } from "../../core/api/operations.ts";
import type { InvocationEntries } from "../../core/api/show.ts";
import { accept, type Result } from "../../core/errors.ts";
import type { Outcome } from "../../core/oplog/entry.ts";
import type { Creating, Draft } from "./creating.ts";
import { knownInvocation, type KnownInvocation } from "../books/known-invocation.ts";
import type { Loop } from "../loop.ts";
import type { Ports } from "../ports.ts";
import { noAgent, refused } from "./refusals.ts";

interface Times {
  readonly accepted: number;
  readonly started: number;
  readonly ended: number;
}

/** What the oplog would have of the call. */
function entriesOf(
  { idempotencyKey, method, args }: InvokeRequest,
  times: Times,
  { outcome, revision }: { readonly outcome: Outcome; readonly revision: number },
): InvocationEntries {
  const invocation = { type: "method", method, args } as const;
  const pending = { kind: "PendingAgentInvocation", idempotencyKey, invocation } as const;
  const started = { kind: "AgentInvocationStarted", idempotencyKey, method } as const;
  const ended = { kind: "AgentInvocationFinished", idempotencyKey, outcome, revision } as const;
  return {
    pending: { ...pending, at: times.accepted },
    started: { ...started, at: times.started, pendingIndex: 0, seed: "" },
    ended: { ...ended, at: times.ended },
  };
}

export class ReadOnlyCalls {
  readonly #ports: Ports;
  readonly #loop: Loop;
  readonly #creating: Creating;

  constructor(ports: Ports, loop: Loop, creating: Creating) {
    this.#ports = ports;
    this.#loop = loop;
    this.#creating = creating;
  }

  /** The call as an invocation that has ended. A drafted agent is created first. */
  async read(draft: Draft | undefined, request: InvokeRequest): Promise<Result<KnownInvocation>> {
    const { environment } = this.#ports;
    const { ledger } = this.#loop;
    const accepted = environment.now();
    if (ledger.status === undefined && draft !== undefined) await this.#creating.write(draft, []);
    const wakeup = await this.#creating.initialized();
    if (wakeup !== "ended") return refused(wakeup);
    const { idempotencyKey, method, args } = request;
    const started = environment.now();
    const read = await this.#loop.read({ idempotencyKey, method, args });
    if (!read.ok) return read;
    const { status } = ledger;
    if (status === undefined) return noAgent;
    const times = { accepted, started, ended: environment.now() };
    const entries = entriesOf(request, times, {
      outcome: read.value.outcome,
      revision: status.revision,
    });
    const known = knownInvocation(entries, () => environment.now());
    return known === undefined ? noAgent : accept(known);
  }
}
