/**
 * The world outside: a server that answers by what the URL asks for, and remembers every arrival.
 * `ms`: how long it takes; `broken`: how many of the first arrivals of a request break off before
 * anything is done; `busy`: how many are answered with 503; `approve`: the promise of the caller that
 * is completed a while later, as an approval by a human would.
 */
import type { Effect, FetchRequest } from "../../../src/core/protocol.ts";
import type { Tried } from "../../../src/runtime/ports.ts";
import type { Clock } from "./clock.ts";

/** One arrival of a request. */
export interface Arrival {
  readonly at: number;
  readonly label: string;
  readonly method: string;
  /** The idempotency key of a write. */
  readonly key?: string;
  /** Whether its effect was done: it was not turned away. */
  readonly isDone: boolean;
}

/** Completes a promise of an agent. */
export type Approve = (agent: string, promiseId: string) => Promise<void>;

export const UPSTREAM = "http://upstream";

/** The label of a request: the path of its URL. */
export function labelOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

/** A request breaks off while it is on its way. */
class BrokenConnection extends Error {}

export class Upstream {
  readonly arrivals: Arrival[] = [];
  readonly #clock: Clock;
  readonly #approve: Approve;
  readonly #seen = new Map<string, number>();

  constructor(clock: Clock, approve: Approve) {
    this.#clock = clock;
    this.#approve = approve;
  }

  /** One try, as the host makes it. */
  async perform({ request, retry }: Effect): Promise<Tried> {
    try {
      const answer = await this.#answer(JSON.parse(request) as FetchRequest);
      const response = JSON.stringify(answer);
      if (retry?.on?.includes(answer.status) !== true) return { ok: true, response };
      return { ok: true, response, transient: { name: "Error", message: "busy" } };
    } catch (thrown) {
      const { message } = thrown as Error;
      const error = { name: "TypeError", message: `fetch failed: ${message}` };
      return { ok: false, error, transient: error };
    }
  }

  /** Notes one more arrival of a request. */
  arrive({ method, url, headers }: FetchRequest): { readonly nth: number; readonly key?: string } {
    const key = headers.find(([name]) => name === "idempotency-key")?.[1];
    const name = `${method} ${url} ${key}`;
    const nth = (this.#seen.get(name) ?? 0) + 1;
    this.#seen.set(name, nth);
    return key === undefined ? { nth } : { nth, key };
  }

  async #answer(request: FetchRequest) {
    const { method, url, body } = request;
    const label = labelOf(url);
    const asked = new URL(url).searchParams;
    const time = Number(asked.get("ms") ?? 1);
    await this.#clock.pause(time / 2);
    const { nth, key } = this.arrive(request);
    const isBroken = nth <= Number(asked.get("broken") ?? 0);
    const isBusy = !isBroken && nth <= Number(asked.get("busy") ?? 0);
    const isDone = !isBroken && !isBusy;
    this.arrivals.push({
      at: this.#clock.now,
      label,
      method,
      isDone,
      ...(key === undefined ? {} : { key }),
    });
    if (isDone) this.react(url);
    await this.#clock.pause(time / 2);
    if (isBroken) throw new BrokenConnection("the connection broke off");
    const sent = body !== undefined && "text" in body ? body.text : "";
    return {
      url,
      status: isBusy ? 503 : 200,
      statusText: "",
      headers: [],
      redirected: false,
      body: { text: isBusy ? "busy" : `${method} ${label} ${sent}`.trim() },
    };
  }

  /** What follows from a request that was done, a while later. */
  react(url: string): void {
    const asked = new URL(url).searchParams;
    const [agent, promiseId] = [asked.get("agent"), asked.get("approve")];
    if (agent === null || promiseId === null) return;
    const later = Number(asked.get("later") ?? 50);
    void this.#clock.pause(later).then(() => this.#approve(agent, promiseId));
  }
}
