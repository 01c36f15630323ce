/** Replays the beginnings of an agent's record in fresh isolates, out of which nothing may come. */
import { env } from "cloudflare:workers";
import { planRecovery } from "../../../src/core/decide/recovery.ts";
import { decodeRow } from "../../../src/core/oplog/codec.ts";
import type { Indexed } from "../../../src/core/oplog/entry.ts";
import type { Boot, HostPort } from "../../../src/core/protocol.ts";
import { defaultSettings } from "../../../src/core/settings.ts";
import type { Status } from "../../../src/core/status/status.ts";
import { decode } from "../../../src/guest/values.ts";
import { SqlAgentStore } from "../../../src/host/agent-store.ts";
import { ComponentClient } from "../../../src/host/component-client.ts";
import type { Env } from "../../../src/host/env.ts";
import { FacetInstances } from "../../../src/host/instances.ts";
import { Isolates } from "../../../src/host/isolates.ts";
import type { Replayed } from "../../support/programs/comparing.ts";
import { statusesOf } from "../../support/statuses.ts";
import type { HostedAgent } from "./host.ts";

/** Characters of one page: few, so that replay often waits for the next one. */
const PAGE_CHARACTERS = 2_000;

const { LOADER, COMPONENTS } = env as unknown as Env;
const isolates = new Isolates(LOADER, "anonymous");
const components = new ComponentClient(COMPONENTS, isolates);

async function refuse(): Promise<never> {
  throw new Error("something was sent in replay");
}

export class Recording {
  readonly record: readonly Indexed[];
  readonly #agent: HostedAgent;
  readonly #statuses: readonly Status[];

  private constructor(agent: HostedAgent, record: readonly Indexed[]) {
    this.#agent = agent;
    this.record = record;
    this.#statuses = statusesOf({ entries: record });
  }

  /** What stands in the agent's oplog now. */
  static async of(agent: HostedAgent): Promise<Recording> {
    const rows = await agent.inside(({ storage }) => {
      const store = new SqlAgentStore(storage);
      return store.readPage(1, Number.MAX_SAFE_INTEGER / 2048, Infinity).rows;
    });
    return new Recording(
      agent,
      rows.flatMap(([first, text]) => decodeRow(first, text)),
    );
  }

  /** The status after the first `length` entries. */
  status(length: number): Status {
    const status = this.#statuses[length - 1];
    if (status === undefined) throw new Error(`the record has no entry ${length}`);
    return status;
  }

  /** What the live instance was when it saved the snapshot at `index`. */
  async saved(index: number): Promise<unknown> {
    const payload = await this.#agent.inside(({ storage }) =>
      new SqlAgentStore(storage).getSnapshot(index),
    );
    if (payload === undefined) throw new Error(`there is no snapshot at ${index}`);
    return decode(payload);
  }

  /** How the agent is brought back after the first `length` entries, by its history alone. */
  #boot(length: number, store: SqlAgentStore): Boot {
    const status = this.status(length);
    const { lastAutomatic } = status.snapshots;
    const distrusted = new Set(lastAutomatic === null ? [] : [lastAutomatic]);
    const { base, revision, from, to, skipped, lenientTo } = planRecovery(status, distrusted);
    const identity = { ...status.identity, revision };
    const settings = defaultSettings;
    const boot = { identity, from, to, skipped, lenientTo, grants: {}, settings };
    if (base.kind === "none") return boot;
    const entry = this.record[base.index - 1]?.entry;
    const payload = store.getSnapshot(base.index);
    if (entry?.kind !== "PendingUpdate" || entry.snapshot === undefined || payload === undefined) {
      throw new Error(`there is no snapshot of a manual update at ${base.index}`);
    }
    const snapshot = { ...entry.snapshot, payload };
    return { ...boot, base: { snapshot, revision: entry.savedBy ?? 1 } };
  }

  /** What a fresh instance is after the first `length` entries. */
  replayed(length: number): Promise<Replayed> {
    return this.#agent.inside(async ({ storage, facets }) => {
      const store = new SqlAgentStore(storage);
      const boot = this.#boot(length, store);
      const { component, revision } = boot.identity;
      const code = await components.code(component, revision);
      const instance = new FacetInstances(facets, isolates).start("aside", code, boot.identity, 0);
      const host: HostPort = {
        commit: refuse,
        perform: refuse,
        performUnrecorded: refuse,
        abandon: refuse,
        page: async (from, to) => store.readPage(from, to, PAGE_CHARACTERS),
      };
      try {
        const reply = await instance.boot(host, boot);
        const saved = await instance.save(true);
        if (!saved.ok) throw new Error(`the state cannot be saved: ${saved.error.message}`);
        return { reply, state: decode(saved.snapshot.payload) };
      } finally {
        instance.drop("it has been compared");
      }
    });
  }
}
