/** The class that agents extend. */
import type { InstanceIdentity } from "../../core/protocol.ts";
import { decode } from "../values.ts";

/** A binding of the host. What a method does and gives is up to it; D1's `prepare` gives a statement. */
export interface Binding {
  readonly [method: string]: (...args: unknown[]) => unknown;
}

/** The bindings that there are, by name. */
export type Bindings = Readonly<Record<string, Binding | undefined>>;

interface Construction {
  readonly identity: InstanceIdentity;
  /** The bindings at the time of asking. */
  readonly bindings: () => Bindings;
}

let constructing: Construction | undefined;

/** Makes an instance that knows who it is from its first field initialiser on. */
export function constructAgent<T extends Agent>(
  AgentClass: new () => T,
  identity: InstanceIdentity,
  bindings: () => Bindings,
): T {
  constructing = { identity, bindings };
  try {
    return new AgentClass();
  } finally {
    constructing = undefined;
  }
}

/**
 * Base class of all agent types. State is the instance's own fields; every public prototype method
 * can be invoked. Optional members: `onCreate`, `saveSnapshot`, `loadSnapshot`, and the statics
 * `snapshots`, `methods`, `version` and `migrations`.
 */
export class Agent {
  readonly #identity: InstanceIdentity;
  readonly #bindings: () => Bindings;

  constructor() {
    if (constructing === undefined) {
      throw new TypeError(
        "Agents are created by the host; call another one through agent(Type, key).",
      );
    }
    this.#identity = constructing.identity;
    this.#bindings = constructing.bindings;
  }

  get component(): string {
    return this.#identity.component;
  }

  get type(): string {
    return this.#identity.type;
  }

  get key(): string {
    return this.#identity.key;
  }

  /** `component/Type/key`. */
  get address(): string {
    const { component, type, key } = this.#identity;
    return `${component}/${type}/${key}`;
  }

  /** The revision of the code that runs. */
  get revision(): number {
    return this.#identity.revision;
  }

  /** What the agent was explicitly created with, else `undefined`; a copy at each access. */
  get params(): unknown {
    const { params } = this.#identity;
    return params === undefined ? undefined : decode(params);
  }

  /**
   * The host's bindings that the component was granted, by their names. What they do is recorded.
   * In a constructor or field initialiser every name is there, since the grant is that of the
   * invocation in which a binding is used.
   */
  get bindings(): Bindings {
    return this.#bindings();
  }

  get env(): Readonly<Record<string, string>> {
    return { ...this.#identity.env };
  }
}
