/** The component of a simulation: its revisions are modules of author classes, numbered from 1. */
import type { AgentTypeDescription } from "../../../src/core/api/description.ts";
import { accept, refuse } from "../../../src/core/errors.ts";
import { describeModule, type AuthorModule } from "../../../src/guest/code/describe.ts";
import type { Components } from "../../../src/runtime/ports.ts";

export class Revisions implements Components {
  readonly #modules: readonly AuthorModule[];
  readonly #described = new Map<number, readonly AgentTypeDescription[]>();

  constructor(modules: readonly AuthorModule[]) {
    this.#modules = modules;
  }

  module(revision: number): AuthorModule {
    const module = this.#modules[revision - 1];
    if (module === undefined) throw new Error(`there is no revision ${revision}`);
    return module;
  }

  /** What the revision says of an agent type. */
  type(revision: number, name: string): AgentTypeDescription | undefined {
    const described = this.#described.get(revision) ?? describeModule(this.module(revision));
    this.#described.set(revision, described);
    return described.find((type) => type.name === name);
  }

  async agentType(_component: string, asked: number | "latest", name: string) {
    const revision = asked === "latest" ? this.#modules.length : asked;
    if (this.#modules[revision - 1] === undefined) {
      return refuse("revision-not-found", `There is no revision ${revision}.`);
    }
    const type = this.type(revision, name);
    if (type !== undefined) return accept({ revision, type });
    return refuse("agent-type-not-found", `Revision ${revision} has no agent type ${name}.`);
  }

  async code(_component: string, revision: number) {
    const source = { main: "agents.js", modules: {}, isolation: "agent" } as const;
    return { digest: String(revision), source };
  }

  async admit() {
    return accept(null);
  }

  async conclude() {}

  async validate() {
    return [];
  }
}
