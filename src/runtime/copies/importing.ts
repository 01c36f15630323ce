/**
 * Makes an agent of a file. Nothing of the file is believed: every record has to have its seal, every
 * entry to fit those before it, every revision to be the code that its digest says.
 */
import { nameOf } from "../../core/api/agent-name.ts";
import type { AgentAddress, AgentView } from "../../core/api/views.ts";
import { accept, type Result } from "../../core/errors.ts";
import { movedCreate } from "../../core/copies/create.ts";
import type { Components, Environment } from "../ports.ts";
import { FileReading } from "./file-reading.ts";
import { linesOf } from "./lines.ts";
import type { Arriving } from "./arriving.ts";

export class Importing {
  readonly #components: Components;
  readonly #environment: Environment;
  readonly #arriving: Arriving;

  constructor(components: Components, environment: Environment, arriving: Arriving) {
    this.#components = components;
    this.#environment = environment;
    this.#arriving = arriving;
  }

  import(
    address: AgentAddress,
    incarnation: string,
    file: AsyncIterable<Uint8Array>,
  ): Promise<Result<AgentView>> {
    const { component } = address;
    const arrival = { name: nameOf(address), incarnation, type: address.type };
    const reading = new FileReading(
      address,
      (text) => this.#environment.sha256(text),
      (revision, code) => this.#components.admit(component, revision, code, arrival),
    );
    return this.#arriving.receive(incarnation, async () =>
      accept({
        incarnation,
        pieces: (staged) => reading.pieces(linesOf(file), staged),
        create: (source) => movedCreate(source, incarnation),
        beginning: () => [],
        concluded: (isWritten) => this.#components.conclude(component, arrival, isWritten),
      }),
    );
  }
}
