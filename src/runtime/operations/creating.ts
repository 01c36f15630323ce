/** Brings agents into being. */
import type { AgentTypeDescription } from "../../core/api/description.ts";
import type { CreateRequest } from "../../core/api/operations.ts";
import { showAgent } from "../../core/api/show.ts";
import type { AgentAddress, AgentView } from "../../core/api/views.ts";
import { accept, refuse, type Result } from "../../core/errors.ts";
import { equalJsonTexts } from "../../core/json.ts";
import type { Create, Entry } from "../../core/oplog/entry.ts";
import { INITIALIZATION_KEY, type Status } from "../../core/status/status.ts";
import type { Loop } from "../loop.ts";
import type { Ports } from "../ports.ts";
import { noAgent, refused } from "./refusals.ts";
import type { Registering } from "./registering.ts";
import { openRich } from "../books/rich.ts";
import type { Wakeup } from "../books/waiting.ts";

/** A new agent that is not written yet. */
export interface Draft {
  readonly create: Create;
  readonly type: AgentTypeDescription;
}

export class Creating {
  readonly #ports: Ports;
  readonly #loop: Loop;
  readonly #registering: Registering;

  constructor(ports: Ports, loop: Loop, registering: Registering) {
    this.#ports = ports;
    this.#loop = loop;
    this.#registering = registering;
  }

  get #now(): number {
    return this.#ports.environment.now();
  }

  get #status(): Status | undefined {
    return this.#loop.ledger.status;
  }

  /** A new agent at that address, not written yet; refused when its component or type is not there. */
  async draft(
    { component, type, key }: AgentAddress,
    {
      revision = "latest",
      params,
      env,
    }: { revision?: number | "latest"; params?: string; env?: Create["env"] },
  ): Promise<Result<Draft>> {
    const known = await this.#ports.components.agentType(component, revision, type);
    if (!known.ok) return known;
    const create: Create = {
      kind: "Create",
      at: this.#now,
      component,
      type,
      key,
      revision: known.value.revision,
      incarnation: this.#ports.environment.uuid(),
      ...(params === undefined ? {} : { params }),
      ...(env === undefined ? {} : { env }),
    };
    return accept({ create, type: known.value.type });
  }

  /** Writes a drafted agent, and `more` entries with it; false when there is an agent by now. */
  write({ create, type }: Draft, more: readonly Entry[]): Promise<boolean> {
    const { at } = create;
    const initialization: Entry[] = type.initializes
      ? [
          {
            kind: "PendingAgentInvocation",
            at,
            idempotencyKey: INITIALIZATION_KEY,
            invocation: { type: "initialization" },
          },
        ]
      : [];
    return this.#registering.enter(create, () => {
      this.#loop.ledger.create(create, [...initialization, ...more]);
    });
  }

  async create(
    address: AgentAddress,
    request: CreateRequest,
  ): Promise<Result<{ readonly agent: AgentView; readonly created: boolean }>> {
    if (this.#status === undefined) {
      const draft = await this.draft(address, request);
      if (!draft.ok) return draft;
      if (await this.write(draft.value, [])) return this.#initialized(true);
      if (this.#status === undefined) return this.create(address, request);
    }
    return this.#existing(this.#status, request);
  }

  async #existing(
    status: Status,
    { params, env }: CreateRequest,
  ): Promise<Result<{ agent: AgentView; created: boolean }>> {
    const { identity } = status;
    const sameParams = params === undefined || equalJsonTexts(identity.params ?? "null", params);
    const sameEnv =
      env === undefined || equalJsonTexts(JSON.stringify(identity.env ?? {}), JSON.stringify(env));
    if (sameParams && sameEnv) return this.#initialized(false);
    return refuse(
      "agent-already-exists",
      "An agent with other params or env lives at this address; use another key, or delete it first.",
    );
  }

  /** Waits until the initialization has ended, well or badly. */
  async initialized(): Promise<Wakeup> {
    const { ledger } = this.#loop;
    const wakeup = this.#isInitializing ? ledger.callers.wait(INITIALIZATION_KEY) : "ended";
    void this.#loop.drive();
    return wakeup;
  }

  async #initialized(created: boolean): Promise<Result<{ agent: AgentView; created: boolean }>> {
    const reason = await this.initialized();
    const status = this.#status;
    if (status !== undefined)
      return accept({ agent: showAgent(status, this.#now, openRich), created });
    return reason === "ended" ? noAgent : refused(reason);
  }

  get #isInitializing(): boolean {
    const status = this.#status;
    if (status === undefined || status.name === "failed") return false;
    const { current, pending } = status;
    return [current, pending[0]].some((open) => open?.idempotencyKey === INITIALIZATION_KEY);
  }
}
