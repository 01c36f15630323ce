/**
 * How a history becomes an agent: it is staged as it comes, checked, entered in the directory, and
 * made the agent's own in one transaction. One at a time: whoever comes later finds an agent, or an
 * object that is empty again.
 */
import type { Piece } from "../../core/copies/history.ts";
import { showAgent } from "../../core/api/show.ts";
import type { AgentView } from "../../core/api/views.ts";
import { accept, refuse, type Result } from "../../core/errors.ts";
import type { Create, Entry } from "../../core/oplog/entry.ts";
import type { Status } from "../../core/status/status.ts";
import { openRich } from "../books/rich.ts";
import { StagedHistory } from "./staged-history.ts";
import type { Loop } from "../loop.ts";
import type { Ports } from "../ports.ts";
import { noAgent } from "../operations/refusals.ts";
import type { Registering } from "../operations/registering.ts";

/** What an arrival leaves behind when its process dies is cleared after so long. */
const CLEAR_AFTER_MS = 60 * 60 * 1000;

const taken = refuse(
  "agent-already-exists",
  "An agent lives at this address; use another key, or delete it first.",
);

/** A history that arrives. */
export interface Arrival {
  /** That of the new agent: the same arrival again finds it there. */
  readonly incarnation: string;
  /** Asked for one by one: by then, those before it are staged. */
  pieces(staged: StagedHistory): AsyncIterable<Result<Piece>>;
  /** The new agent's own `Create`. */
  create(source: Create): Create;
  /** What the new agent begins with after the history. */
  beginning(status: Status): readonly Entry[];
  /** Told how it went: whether there is an agent now. */
  concluded(isWritten: boolean): Promise<void>;
}

export class Arriving {
  readonly #ports: Ports;
  readonly #loop: Loop;
  readonly #registering: Registering;
  #turn: Promise<unknown> = Promise.resolve();
  #isUnderWay = false;

  constructor(ports: Ports, loop: Loop, registering: Registering) {
    this.#ports = ports;
    this.#loop = loop;
    this.#registering = registering;
  }

  get #status(): Status | undefined {
    return this.#loop.ledger.status;
  }

  /** `prepare` is asked when it is this arrival's turn. */
  receive(
    incarnation: string,
    prepare: () => Promise<Result<Arrival>>,
  ): Promise<Result<AgentView>> {
    const received = this.#turn.then(() => this.#inTurn(incarnation, prepare));
    this.#turn = received.catch(() => undefined);
    return received;
  }

  async #inTurn(
    incarnation: string,
    prepare: () => Promise<Result<Arrival>>,
  ): Promise<Result<AgentView>> {
    if (this.#status !== undefined) return this.#found(incarnation);
    const arrival = await prepare();
    if (!arrival.ok) return arrival;
    this.#isUnderWay = true;
    try {
      const written = await this.#registering.during(() => this.#take(arrival.value));
      return written.ok ? this.#found(incarnation) : written;
    } finally {
      this.#isUnderWay = false;
      await this.#conclude(arrival.value);
    }
  }

  async #conclude(arrival: Arrival): Promise<void> {
    const { staged } = this.#ports.store;
    const { ledger } = this.#loop;
    await arrival.concluded(ledger.status?.identity.incarnation === arrival.incarnation);
    if (staged.exists()) await staged.destroy();
    if (ledger.status !== undefined) void this.#loop.drive();
  }

  /** The agent that is here, if it is the one that was to come. */
  #found(incarnation: string): Result<AgentView> {
    const status = this.#status;
    if (status === undefined) return noAgent;
    if (status.identity.incarnation !== incarnation) return taken;
    return accept(showAgent(status, this.#ports.environment.now(), openRich));
  }

  async #take(arrival: Arrival): Promise<Result<null>> {
    const staged = await this.#stage(arrival);
    if (!staged.ok) return staged;
    const { status } = staged.value;
    if (status === undefined) return noAgent;
    const beginning = arrival.beginning(status);
    const isWritten = await this.#registering.enter(status.identity, () => {
      staged.value.promote(beginning, () => this.#loop.ledger.open());
    });
    return isWritten ? accept(null) : taken;
  }

  async #stage(arrival: Arrival): Promise<Result<StagedHistory>> {
    const { store, environment } = this.#ports;
    if (store.staged.exists()) await store.staged.destroy();
    const staged = new StagedHistory(store, environment.now() + CLEAR_AFTER_MS);
    for await (const piece of arrival.pieces(staged)) {
      if (!piece.ok) return piece;
      // What is staged moves the alarm of the object: not that of an agent which has come meanwhile.
      if (this.#status !== undefined) return taken;
      const { value } = piece;
      if (value.kind === "snapshot") staged.putSnapshot(value.index, value.payload);
      else {
        const own = value.entries.map(({ entry }) =>
          entry.kind === "Create" ? arrival.create(entry) : entry,
        );
        staged.append(own);
      }
    }
    return accept(staged);
  }

  /** Clears what a process that died has left behind; called when the alarm fires. */
  async clear(): Promise<void> {
    const { store, environment } = this.#ports;
    if (!this.#isUnderWay) {
      if (store.staged.exists()) await store.staged.destroy();
    } else if (this.#status === undefined) store.setAlarm(environment.now() + CLEAR_AFTER_MS);
  }
}
