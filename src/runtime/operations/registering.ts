/**
 * The agent's place in the directory. Invariant: whoever is written is entered before, so the
 * directory names every agent there is; it may name some that are not, and finds that out by asking.
 */
import type { AgentAddress } from "../../core/api/views.ts";
import type { DirectoryEntry } from "../../core/api/directory.ts";
import type { Ledger } from "../books/ledger.ts";
import type { Registry } from "../ports.ts";

export class Registering {
  readonly #registry: Registry;
  readonly #ledger: Pick<Ledger, "status">;
  #coming = 0;
  #isConfirmed = false;

  constructor(registry: Registry, ledger: Pick<Ledger, "status">) {
    this.#registry = registry;
    this.#ledger = ledger;
  }

  /** Whether an agent may be written at any moment: its entry must not be taken for a stale one. */
  get isComing(): boolean {
    return this.#coming > 0;
  }

  /** While it is worked on that an agent comes to be here. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#coming += 1;
    try {
      return await work();
    } finally {
      this.#coming -= 1;
    }
  }

  /** Enters a new agent and writes it, unless another one has been written here meanwhile. */
  async enter(entry: DirectoryEntry, write: () => void): Promise<boolean> {
    const { component, type, key, incarnation } = entry;
    return this.during(async () => {
      await this.#registry.enter({ component, type, key, incarnation });
      if (this.#ledger.status !== undefined) return false;
      write();
      this.#isConfirmed = true;
      return true;
    });
  }

  /**
   * Enters an agent that has come back to life again, once in the life of its object: so an entry
   * that was lost heals. Nothing waits for it, and nothing is written where the entry is there.
   */
  confirm(): void {
    const { status } = this.#ledger;
    if (this.#isConfirmed || status === undefined) return;
    this.#isConfirmed = true;
    const { component, type, key, incarnation } = status.identity;
    this.#registry.enter({ component, type, key, incarnation }).then(
      () => this.#leaveIfGone({ component, type, key }, incarnation),
      (error: unknown) => console.error("an agent could not be confirmed in the directory", error),
    );
  }

  async #leaveIfGone(address: AgentAddress, incarnation: string): Promise<void> {
    if (this.#ledger.status?.identity.incarnation === incarnation) return;
    await this.leave(address, incarnation);
  }

  /** The agent is no more. When this fails, the entry is struck by whoever reads it. */
  async leave({ component, type, key }: AgentAddress, incarnation: string): Promise<void> {
    try {
      await this.#registry.leave({ component, type, key, incarnation });
    } catch (error) {
      console.error("a deleted agent could not be taken out of the directory", error);
    }
  }
}
