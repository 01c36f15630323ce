/** The agent type of random sequences, in each of its revisions. */
import { UPSTREAM } from "./upstream.ts";
import { DAMAGE, REVISIONS, type Traits } from "../../support/sequences/revisions.ts";
import { Agent, fetch, invocation, RetryableError, sleep } from "./guest.ts";

/** So long that whatever is done to a waiting invocation is done before it ends by itself. */
const FETCH_MS = 600_000;

/** How long a save takes: other requests come meanwhile. */
export const SAVE_MS = 300;

function tally(traits: Traits): typeof Agent {
  const { dialect, snapshotsEvery } = traits;
  const said = (n: number): number => (dialect === "plain" ? n : -n);

  class Tally extends Agent {
    static snapshots =
      snapshotsEvery === undefined ? "disabled" : { everyInvocations: snapshotsEvery };
    static methods = { list: { readOnly: true } };
    items: number[] = [];

    constructor() {
      super();
      if (traits.isStillborn === true) throw new Error("stillborn");
    }

    onCreate(): void {
      this.items.push(0);
    }

    add(n: number): number {
      this.items.push(n);
      return said(n);
    }

    fail(n: number): never {
      this.items.push(n);
      throw new Error(`no ${n}`);
    }

    stumble(n: number): number {
      this.items.push(n);
      if (invocation().attempt < 2) throw new RetryableError("again", { afterMs: 1 });
      return said(n);
    }

    async fetch(n: number): Promise<number> {
      this.items.push(n);
      await fetch(`${UPSTREAM}/${n}?ms=${FETCH_MS}`, { method: "POST" });
      this.items.push(-n);
      return said(n);
    }

    async sleep(n: number): Promise<number> {
      this.items.push(n);
      await sleep("1h");
      this.items.push(-n);
      return said(n);
    }

    list(): number[] {
      return this.items;
    }

    async saveSnapshot(): Promise<unknown> {
      await sleep(SAVE_MS);
      if (traits.cannotSave !== true) return { items: this.items };
      this.items.push(DAMAGE);
      throw new Error("it cannot be saved");
    }

    loadSnapshot({ items }: { items: number[] }): void {
      if (traits.cannotLoad === true) throw new Error("it cannot be loaded");
      this.items = items;
    }
  }
  if (traits.lacksPut === true) return Tally;
  return class extends Tally {
    put(n: number): number {
      this.items.push(n);
      return said(n);
    }
  };
}

/** The component of those tests. */
export const TALLIES = REVISIONS.map((traits) => ({ Tally: tally(traits) }));
