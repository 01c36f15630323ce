/** Reads the histories of other agents through their objects. */
import { nameOf } from "../core/api/agent-name.ts";
import type { AgentOperations } from "../core/api/operations.ts";
import type { AgentAddress } from "../core/api/views.ts";
import type { HistorySource } from "../core/copies/history.ts";
import type { Histories } from "../runtime/ports.ts";
import { reach, type Packing } from "../transport/packing.ts";
import type { ObjectNamespace } from "./env.ts";
import { persist } from "./persist.ts";

export class AgentHistories implements Histories {
  readonly #namespace: ObjectNamespace<Packing<AgentOperations>>;

  constructor(namespace: ObjectNamespace<Packing<AgentOperations>>) {
    this.#namespace = namespace;
  }

  /** Whatever is asked changes nothing, so it is asked again when the object could not be reached. */
  of(address: AgentAddress): HistorySource {
    const agent = (): HistorySource =>
      reach<AgentOperations>(this.#namespace.getByName(nameOf(address)));
    return {
      depart: (until) => persist(() => agent().depart(until)),
      historyPage: (...asked) => persist(() => agent().historyPage(...asked)),
      snapshotPayload: (...asked) => persist(() => agent().snapshotPayload(...asked)),
    };
  }
}
