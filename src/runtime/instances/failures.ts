/** What becomes of an agent whose code cannot go on: another try by the retry policy, or `failed`. */
import { showError } from "../../core/api/show.ts";
import { retryDelay } from "../../core/retry.ts";
import { refuse } from "../../core/errors.ts";
import type { ErrorData } from "../../core/oplog/entry.ts";
import type { RunReply } from "../../core/protocol.ts";
import { INITIALIZATION_KEY, type Status } from "../../core/status/status.ts";
import type { Present } from "./present.ts";

function retryFrom(status: Status): number {
  return status.current?.startedIndex ?? status.lastIndex;
}

export class Failures {
  readonly #present: Present;

  constructor(present: Present) {
    this.#present = present;
  }

  /** Counts the tries from the oplog, so a restart does not refill the budget. */
  retry(error: ErrorData): void {
    const { ledger, ports, now: at } = this.#present;
    const { status } = ledger;
    if (status === undefined) return;
    const attempt = (status.failure?.attempt ?? 0) + 1;
    const delay = retryDelay(ports.settings.retry, attempt, ports.environment.random());
    if (delay === undefined) {
      this.fail(error, attempt);
      return;
    }
    const retryAt = at + delay;
    ledger.append([{ kind: "Error", at, error, retryFrom: retryFrom(status), attempt, retryAt }]);
  }

  /** The invocation begins anew after the delay that it was given; its tries are counted by it. */
  beginAnew({ error, attempt, delayMs }: Extract<RunReply, { state: "retry" }>): void {
    const { ledger, now: at } = this.#present;
    const { status } = ledger;
    if (status === undefined) return;
    const retry = { retryFrom: retryFrom(status), attempt, retryAt: at + delayMs };
    ledger.append([{ kind: "Error", at, error, ...retry, afresh: true }]);
  }

  /** The agent has failed: all who wait learn it, what is pending stays pending. */
  fail(error: ErrorData, attempt = 1): void {
    const { ledger, now: at } = this.#present;
    const { status } = ledger;
    if (status === undefined) return;
    ledger.append([{ kind: "Error", at, error, retryFrom: retryFrom(status), attempt }]);
    const detail = `The agent has failed: ${error.message} Resume it to try again, revert it to before this, or update it automatically to code that gets past it.`;
    const { refusal } = refuse("agent-failed", detail, { lastError: showError(error) });
    ledger.callers.wake(INITIALIZATION_KEY, "ended");
    ledger.callers.wakeAll(refusal);
  }
}
