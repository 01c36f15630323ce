/**
 * Those who follow the oplog: followers, who ask for what comes after their position and wait for
 * it, and listeners, to whom it is sent. Without any of them an append costs a look at two sets.
 * What is in the journal may be sent: the platform holds back whatever leaves the object until what
 * was written before is durable.
 */
import {
  acknowledged,
  hasRoom,
  nextForFollower,
  nextForListener,
  sent,
} from "../../core/decide/following.ts";
import type { Position } from "../../core/api/operations.ts";
import type { EntryView } from "../../core/api/views.ts";
import { accept, refuse, type Result } from "../../core/errors.ts";
import type { Listener, Listeners } from "../ports.ts";
import type { Ledger } from "./ledger.ts";
import { readAfter, type EntryStore } from "./reading.ts";

const deleted = refuse(
  "agent-deleted",
  "The agent was deleted while it was followed; what lives at its address now is another one.",
);

/** Why a listener's connection is closed. Codes of an application begin at 4000. */
const closings = {
  end: { code: 4404, reason: "agent-deleted" },
  "give-up": {
    code: 4429,
    reason: "acknowledgement-missing: connect again after the last index that you have",
  },
  nonsense: {
    code: 4400,
    reason: "invalid-message: send the index of the last entry that you have",
  },
} as const;

function close(listener: Listener, why: keyof typeof closings): void {
  const { code, reason } = closings[why];
  listener.close(code, reason);
}

/** An entry as it is sent. */
interface Message {
  readonly index: number;
  readonly text: string;
}

/** What listeners at the same position get, made once for all of them. */
type Pages = Map<number, readonly Message[]>;

export class Following {
  readonly #ledger: Pick<Ledger, "status">;
  readonly #store: EntryStore;
  readonly #listeners: Listeners;
  readonly #waiting = new Set<() => void>();
  #isTelling = false;
  #isNew = false;

  constructor(ledger: Pick<Ledger, "status">, store: EntryStore, listeners: Listeners) {
    this.#ledger = ledger;
    this.#store = store;
    this.#listeners = listeners;
  }

  /** The entries after a position, about a page at most; waits for the first one, and gives none when the time is up. */
  async follow(position: Position, waitMs: number): Promise<Result<readonly EntryView[]>> {
    const next = () => nextForFollower(this.#ledger.status, position);
    if (next().do === "wait") await this.#change(waitMs);
    const step = next();
    if (step.do === "read") return accept(readAfter(this.#store, step.to, position.after));
    return step.do === "end" ? deleted : accept([]);
  }

  #change(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => changed(), limitMs);
      const changed = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(changed);
        resolve();
      };
      this.#waiting.add(changed);
    });
  }

  /** There are new entries, or the agent is no more. */
  changed(): void {
    for (const changed of this.#waiting) changed();
    if (!this.#listeners.isEmpty) this.tell();
  }

  /** Sends to the listeners whatever is to be sent to them. */
  tell(): void {
    this.#isNew = true;
    if (this.#isTelling) return;
    this.#isTelling = true;
    void this.#tellAll();
  }

  /** Page by page in turn, so that a listener far behind holds up nobody. */
  async #tellAll(): Promise<void> {
    await Promise.resolve();
    while (this.#isNew) {
      this.#isNew = false;
      const pages: Pages = new Map();
      const wantMore = this.#listeners.all().map((listener) => this.#tryOne(listener, pages));
      if (!wantMore.includes(true)) continue;
      this.#isNew = true;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    this.#isTelling = false;
  }

  /** A connection that breaks at this moment is of no concern to the others; it ends by itself. */
  #tryOne(listener: Listener, pages: Pages): boolean {
    try {
      return this.#tellOne(listener, pages);
    } catch (error) {
      console.error("entries could not be sent to one who listens", error);
      return false;
    }
  }

  /** Whether something is left to be sent now. */
  #tellOne(listener: Listener, pages: Pages): boolean {
    let { delivery } = listener;
    const step = nextForListener(this.#ledger.status, delivery);
    if (step.do === "wait") return false;
    if (step.do !== "read") {
      close(listener, step.do);
      return false;
    }
    const { after } = delivery;
    const page = pages.get(after) ?? this.#messages(after, step.to);
    pages.set(after, page);
    for (const { index, text } of page) {
      if (!hasRoom(delivery)) break;
      listener.send(text);
      delivery = sent(delivery, index, text.length);
    }
    listener.delivery = delivery;
    return nextForListener(this.#ledger.status, delivery).do !== "wait";
  }

  #messages(after: number, to: number): readonly Message[] {
    const entries = readAfter(this.#store, to, after);
    return entries.map((entry) => ({ index: entry.index, text: JSON.stringify(entry) }));
  }

  /** What a listener says: the index of the last entry that it has. */
  hear(listener: Listener, message: string): void {
    const index = /^\d{1,15}$/.test(message) ? Number(message) : Number.POSITIVE_INFINITY;
    const delivery = acknowledged(listener.delivery, index);
    if (delivery === undefined) return close(listener, "nonsense");
    listener.delivery = delivery;
    this.tell();
  }
}
