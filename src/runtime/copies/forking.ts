/** Makes this agent, which is not there yet, a copy of another one. */
import { nameOf } from "../../core/api/agent-name.ts";
import type { ForkRequest } from "../../core/api/operations.ts";
import type { AgentAddress, AgentView } from "../../core/api/views.ts";
import { piecesOf } from "../../core/copies/history.ts";
import { severance } from "../../core/decide/fork.ts";
import { accept, type Result } from "../../core/errors.ts";
import { forkedCreate } from "../../core/copies/create.ts";
import type { Environment, Histories } from "../ports.ts";
import type { Arrival, Arriving } from "./arriving.ts";

export class Forking {
  readonly #histories: Histories;
  readonly #environment: Environment;
  readonly #arriving: Arriving;

  constructor(histories: Histories, environment: Environment, arriving: Arriving) {
    this.#histories = histories;
    this.#environment = environment;
    this.#arriving = arriving;
  }

  fork({ key }: AgentAddress, request: ForkRequest): Promise<Result<AgentView>> {
    return this.#arriving.receive(request.incarnation, () => this.#prepare(key, request));
  }

  async #prepare(
    key: string,
    { source: address, atIndex, incarnation }: ForkRequest,
  ): Promise<Result<Arrival>> {
    const source = this.#histories.of(address);
    const cut = atIndex === undefined ? {} : { at: atIndex };
    const departure = await source.depart({ kind: "cut", ...cut });
    if (!departure.ok) return departure;
    const { to } = departure.value;
    const at = this.#environment.now();
    const copy = { key, incarnation, parent: nameOf(address) };
    return accept({
      incarnation,
      pieces: () => piecesOf(source, departure.value),
      create: (create) => forkedCreate(create, copy, { to, at }),
      beginning: (status) => severance(status, at),
      concluded: async () => {},
    });
  }
}
