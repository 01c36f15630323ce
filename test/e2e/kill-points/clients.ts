import { setTimeout as delay } from "node:timers/promises";
import type { InvocationView, UpdateMode } from "../../../src/core/api/views.ts";
import type { AgentClient, Answer, Problem } from "../support/api.ts";
import { seededRandom } from "../support/seed.ts";
import { until } from "../support/until.ts";
import type { Entry } from "./book.ts";
import type { Moments } from "./moments.ts";

/** The server was killed: what it said to others before still holds. */
class ConnectionLost extends Error {}

/** An invocation that a client has sent. */
export interface Sent extends Entry {
  readonly key: string;
  /** Whether its caller knows that it was accepted. */
  isAccepted: boolean;
  /** Set once the caller knows the outcome. */
  outcome?: InvocationView;
}

/** What all clients share. */
export interface Setting {
  readonly moments: Moments;
  /** True once no more kills come. */
  isCalm: boolean;
}

async function attempt<T>(request: () => Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    return await request();
  } catch (error) {
    throw new ConnectionLost(String(error), { cause: error });
  }
}

/** Repeats a request until its answer arrives. */
function persistently<T>(request: () => Promise<Answer<T>>): Promise<Answer<T>> {
  return until(
    "a request was answered",
    async () => {
      try {
        return await attempt(request);
      } catch {
        return undefined;
      }
    },
    60_000,
  );
}

function expectStatus(what: string, answer: Answer<unknown>, wanted: readonly number[]): void {
  if (wanted.includes(answer.status)) return;
  throw new Error(`${what} was answered ${answer.status} ${JSON.stringify(answer.body)}`);
}

const MODES = ["", "", "?mode=enqueue", "?mode=enqueue", "?delay=120"];
const METHODS = ["note", "pay", "work"] as const;

/** One caller: invokes one method after the other, and repeats with the same key what broke. */
export class Caller {
  readonly sent: Sent[] = [];
  readonly #agent: AgentClient;
  readonly #name: string;
  readonly #setting: Setting;
  readonly #firstAmount: number;

  constructor(agent: AgentClient, name: string, firstAmount: number, setting: Setting) {
    this.#agent = agent;
    this.#name = name;
    this.#firstAmount = firstAmount;
    this.#setting = setting;
  }

  /** Goes on until it is calm; then waits for every outcome that it was promised. */
  async run(): Promise<void> {
    const random = seededRandom(this.#name);
    while (!this.#setting.isCalm) {
      const method = METHODS[Math.floor(random() * METHODS.length)] ?? "note";
      await this.#invoke(method, MODES[Math.floor(random() * MODES.length)] ?? "", random() < 0.2);
    }
    for (const sent of this.sent) {
      if (sent.isAccepted) sent.outcome ??= await this.#outcome(sent);
    }
  }

  /** `givesUp`: the caller does not come back when its connection breaks. */
  async #invoke(method: Entry["method"], query: string, givesUp: boolean): Promise<void> {
    const nth = this.sent.length;
    const key = `${this.#name}-${nth}`;
    const sent: Sent = { method, key, amount: this.#firstAmount + nth, isAccepted: false };
    this.sent.push(sent);
    const request = () => this.#agent.request(method, [sent.amount], { key, query });
    try {
      this.#setting.moments.now("awaiting");
      this.#note(sent, await attempt(request));
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      if (!givesUp) this.#note(sent, await persistently(request));
    }
  }

  #note(sent: Sent, answer: Answer<InvocationView & Problem>): void {
    expectStatus(`${sent.method} ${sent.key}`, answer, [200, 202]);
    sent.isAccepted = true;
    this.#setting.moments.now("accepted");
    if (answer.status === 200) sent.outcome = answer.body;
  }

  #outcome({ key }: Sent): Promise<InvocationView> {
    return until(
      `${key} had its outcome`,
      async () => {
        const answer = await persistently(() => this.#agent.invocation(key, 5));
        expectStatus(`GET of ${key}`, answer, [200]);
        return answer.body.finishedAt === undefined ? undefined : answer.body;
      },
      60_000,
    );
  }
}

/** An update that was requested, and what must become of it. */
export interface RequestedUpdate {
  readonly id: string;
  readonly mode: UpdateMode;
  readonly expected: "successful" | "failed";
  readonly status: string;
}

type Plan = readonly [mode: UpdateMode, revision: number, expected: RequestedUpdate["expected"]];

/** Revisions 1 and 2 agree on history, and so do 3 and 4. */
const PLAN: readonly Plan[] = [
  ["automatic", 2, "successful"],
  ["manual", 3, "successful"],
  ["automatic", 4, "successful"],
  ["automatic", 2, "failed"],
  ["manual", 1, "successful"],
];

/** Updates one agent again and again; between two updates it makes sure that there is history. */
export class Updater {
  readonly requested: RequestedUpdate[] = [];
  readonly notes: Sent[] = [];
  readonly #agent: AgentClient;
  readonly #name: string;
  readonly #setting: Setting;

  constructor(agent: AgentClient, name: string, setting: Setting) {
    this.#agent = agent;
    this.#name = name;
    this.#setting = setting;
  }

  async run(): Promise<void> {
    const random = seededRandom(this.#name);
    for (let nth = 0; !this.#setting.isCalm; nth++) {
      await this.#note(nth);
      const plan = PLAN[nth % PLAN.length];
      if (plan !== undefined) await this.#update(plan);
      await delay(random() * 150);
    }
  }

  async #note(nth: number): Promise<void> {
    const key = `${this.#name}-${nth}`;
    const sent: Sent = { method: "note", key, amount: 1_000_000 + nth, isAccepted: true };
    this.notes.push(sent);
    const answer = await persistently(() => this.#agent.request("note", [sent.amount], { key }));
    expectStatus(`the note ${key}`, answer, [200]);
    sent.outcome = answer.body;
  }

  /** A request without an answer may have been taken: only what is not listed is requested again. */
  async #update([mode, revision, expected]: Plan): Promise<void> {
    const id = await until(
      "the update was taken",
      async () => {
        const known = await this.#known(this.requested.length);
        if (known !== undefined) return known;
        this.#setting.moments.now("update requested");
        try {
          const answer = await attempt(() => this.#agent.requestUpdate(mode, revision));
          expectStatus(`the ${mode} update to ${revision}`, answer, [202]);
          return answer.body.id;
        } catch (error) {
          if (error instanceof ConnectionLost) return undefined;
          throw error;
        }
      },
      60_000,
    );
    const { status } = await until("the update had concluded", () => this.#concluded(id), 60_000);
    this.requested.push({ id, mode, expected, status });
  }

  async #all() {
    try {
      return await this.#agent.updates();
    } catch {
      return undefined;
    }
  }

  /** The id of the update beyond those that are known to have been requested. */
  async #known(count: number): Promise<string | undefined> {
    const all = await until("the updates were listed", () => this.#all(), 60_000);
    const updates = [...all.pending, ...all.successful, ...all.failed];
    if (updates.length > count + 1) throw new Error(`${updates.length} updates, not ${count + 1}`);
    const before = new Set(this.requested.map(({ id }) => id));
    return updates.find(({ id }) => !before.has(id))?.id;
  }

  async #concluded(id: string) {
    const all = await this.#all();
    return [...(all?.successful ?? []), ...(all?.failed ?? [])].find((update) => update.id === id);
  }
}
