/**
 * What agents' objects know of components. Revisions are immutable, so what was read once is kept
 * in the isolate's memory, for all objects in it.
 */
import type { AgentTypeDescription, RevisionDescription } from "../core/api/description.ts";
import type { ArrivingAgent, ComponentCode, ComponentOperations } from "../core/api/operations.ts";
import type { JsonValue } from "../core/api/views.ts";
import { accept, refuse, type Result } from "../core/errors.ts";
import type { InspectorPort } from "../transport/inspector.ts";
import type { Components } from "../runtime/ports.ts";
import { pack } from "../transport/packing.ts";
import { persist } from "./persist.ts";
import type { ObjectNamespace } from "./env.ts";
import type { Isolates } from "./isolates.ts";

/** How many revisions' code, descriptions or inspectors are kept: the recent ones of a busy host. */
const KEPT = 64;

class Recent<T> {
  readonly #values = new Map<string, T>();

  get(key: string): T | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    this.#values.delete(key);
    this.#values.set(key, value);
    return value;
  }

  set(key: string, value: T): void {
    this.#values.set(key, value);
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= KEPT) return;
      this.#values.delete(oldest);
    }
  }
}

const revisions = new Recent<RevisionDescription>();
const codes = new Recent<ComponentCode>();

export class ComponentClient implements Components {
  readonly #namespace: ObjectNamespace<ComponentOperations>;
  readonly #isolates: Isolates;

  constructor(namespace: ObjectNamespace<ComponentOperations>, isolates: Isolates) {
    this.#namespace = namespace;
    this.#isolates = isolates;
  }

  async #revision(
    component: string,
    revision: number | "latest",
  ): Promise<Result<RevisionDescription>> {
    const known = revisions.get(`${component}/${revision}`);
    if (known !== undefined) return accept(known);
    const found = await this.#namespace.getByName(component).revision(revision);
    if (found.ok) revisions.set(`${component}/${found.value.revision}`, found.value);
    return found;
  }

  async agentType(
    component: string,
    revision: number | "latest",
    type: string,
  ): Promise<Result<{ readonly revision: number; readonly type: AgentTypeDescription }>> {
    const found = await this.#revision(component, revision);
    if (!found.ok) return found;
    const described = found.value.agentTypes.find(({ name }) => name === type);
    if (described !== undefined) return accept({ revision: found.value.revision, type: described });
    const names = found.value.agentTypes.map(({ name }) => name).join(", ");
    return refuse(
      "agent-type-not-found",
      `Revision ${found.value.revision} of ${component} has no agent type ${type}; it has ${names}.`,
    );
  }

  async code(component: string, revision: number): Promise<ComponentCode> {
    const name = `${component}/${revision}`;
    const known = codes.get(name);
    if (known !== undefined) return known;
    const found = await this.#namespace.getByName(component).code(revision);
    if (!found.ok) throw new Error(found.refusal.detail);
    codes.set(name, found.value);
    return found.value;
  }

  admit(...[component, ...asked]: Parameters<Components["admit"]>): Promise<Result<null>> {
    return this.#namespace.getByName(component).admit(component, ...asked);
  }

  async conclude(component: string, arrival: ArrivingAgent, isThere: boolean): Promise<void> {
    try {
      await persist(() => this.#namespace.getByName(component).conclude(arrival, isThere));
    } catch (error) {
      console.error("a component could not be told of the end of an import", error);
    }
  }

  async validate(
    component: string,
    revision: number,
    { type, method, args }: { type: string; method: string; args: string },
  ): Promise<readonly JsonValue[]> {
    const inspector: InspectorPort = this.#isolates.inspector(await this.code(component, revision));
    return inspector.validate(type, method, pack({ args }));
  }
}
