/** Takes invocations back: those that wait never run, one that runs is told, and stopped after a grace. */
import { decideCancel } from "../../core/decide/lifecycle.ts";
import { accept, type Result } from "../../core/errors.ts";
import type { Loop } from "../loop.ts";
import type { Ports } from "../ports.ts";
import { noAgent, unknownInvocation } from "./refusals.ts";

type Cancelled = Result<{ readonly cancelled: boolean }>;

export class Cancelling {
  readonly #ports: Ports;
  readonly #loop: Loop;

  constructor(ports: Ports, loop: Loop) {
    this.#ports = ports;
    this.#loop = loop;
  }

  async cancel(idempotencyKey: string, force: boolean): Promise<Cancelled> {
    const { ledger } = this.#loop;
    if (ledger.status === undefined) return noAgent;
    if (ledger.inbox.has(idempotencyKey)) ledger.append([]);
    const known = ledger.find(idempotencyKey);
    if (known === undefined) return unknownInvocation;
    const decided = decideCancel(known.state, force);
    if (!decided.ok) return decided;
    if (decided.value === "withdraw") {
      const at = this.#ports.environment.now();
      ledger.append([{ kind: "CancelPendingInvocation", at, idempotencyKey }]);
    }
    if (decided.value === "stop") await this.#loop.stopInvocation(idempotencyKey);
    if (ledger.status === undefined) return noAgent;
    return accept({
      cancelled: decided.value !== "nothing" && ledger.find(idempotencyKey)?.isCancelled === true,
    });
  }
}
