/**
 * One rollout: its record and its agents in storage, and their numbers in memory. Invariant: the
 * numbers are always those of the rows, so whoever reads the rows after a crash goes on the same.
 */
import type { AgentPlace, AgentsPage } from "../../core/api/directory.ts";
import type {
  RolloutAgentView,
  RolloutCommand,
  RolloutSettings,
  RolloutStatusName,
  RolloutView,
} from "../../core/api/rollouts.ts";
import { accept, type Result } from "../../core/errors.ts";
import {
  beginning,
  conclude,
  obey,
  phaseOf,
  settle,
  toBegin,
  type RolloutProgress,
} from "../../core/decide/rollout.ts";
import type { Conclusion } from "./rollout-agents.ts";
import type { Member, RolloutRow, RolloutStore } from "./rollout-ports.ts";

/** What is stored of a rollout beside its agents. Times are epoch milliseconds. */
export interface RolloutRecord {
  readonly component: string;
  readonly revision: number;
  readonly settings: RolloutSettings;
  readonly createdAt: number;
  readonly finishedAt?: number;
  readonly status: RolloutStatusName;
  readonly isCollected: boolean;
  readonly forgiven: number;
  /** The last agent that is collected. */
  readonly after?: AgentPlace;
}

const SHOWN_FAILURES = 1_000;
/** Characters that are kept of the account of one agent. */
const ACCOUNT_CHARACTERS = 100_000;

const shared = ["waiting", "in-progress", "not-needed", "failed", "gone"] as const;
const states = {
  update: [...shared, "updated"],
  dryRun: [...shared, "compatible", "diverges", "busy"],
} as const;

function camelCase(name: string): string {
  return name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** All that is told beside the outcome. */
function accountOf({ code, detail, report }: Conclusion): string | undefined {
  const text = JSON.stringify({ code, detail, report });
  if (text === "{}") return undefined;
  if (text.length <= ACCOUNT_CHARACTERS) return text;
  return JSON.stringify({ code, detail: detail?.slice(0, ACCOUNT_CHARACTERS / 10) });
}

export function showMember({ type, key, state, updateId, account }: Member): RolloutAgentView {
  return {
    type,
    key,
    outcome: state,
    ...(updateId === undefined ? {} : { updateId }),
    ...(account === undefined ? {} : (JSON.parse(account) as object)),
  };
}

export class RolloutRun {
  readonly number: number;
  readonly id: string;
  readonly #store: RolloutStore;
  #record: RolloutRecord;
  /** Read when they are first asked for: most rollouts are over. */
  #counted: Map<Member["state"], number> | undefined;
  #begun: Map<number, Member> | undefined;

  constructor(store: RolloutStore, { number, id, body }: RolloutRow) {
    this.#store = store;
    this.number = number;
    this.id = id;
    this.#record = JSON.parse(body) as RolloutRecord;
  }

  get #counts(): Map<Member["state"], number> {
    this.#counted ??= new Map(this.#store.tally(this.number));
    return this.#counted;
  }

  get #inProgress(): Map<number, Member> {
    if (this.#begun === undefined) {
      const limit = this.#record.status === "completed" ? 0 : this.#count("in-progress");
      const filter = { from: 0, limit, states: ["in-progress"] } as const;
      const members = limit === 0 ? [] : this.#store.members(this.number, filter);
      this.#begun = new Map(members.map((member) => [member.position, member]));
    }
    return this.#begun;
  }

  /** The row of a new rollout. */
  static row(
    number: number,
    id: string,
    record: Pick<RolloutRecord, "component" | "revision" | "settings" | "createdAt">,
  ): RolloutRow {
    const { status, isCollected, forgiven } = beginning;
    return { number, id, body: JSON.stringify({ ...record, status, isCollected, forgiven }) };
  }

  get record(): RolloutRecord {
    return this.#record;
  }

  /** Begun and not concluded. */
  get inProgress(): ReadonlyMap<number, Member> {
    return this.#inProgress;
  }

  get isCollecting(): boolean {
    return this.#record.status === "running" && !this.#record.isCollected;
  }

  #count(state: Member["state"]): number {
    return this.#counts.get(state) ?? 0;
  }

  get #progress(): RolloutProgress {
    const { status, isCollected, forgiven } = this.#record;
    let total = 0;
    for (const count of this.#counts.values()) total += count;
    const begun = total - this.#count("waiting");
    const concluded = begun - this.#count("in-progress");
    const failures = this.#count("failed") + this.#count("diverges");
    return { status, isCollected, total, begun, concluded, failures, forgiven };
  }

  #move(from: Member["state"] | undefined, to: Member["state"], by = 1): void {
    if (from !== undefined) this.#counts.set(from, this.#count(from) - by);
    this.#counts.set(to, this.#count(to) + by);
  }

  /** Writes what is different of the record, within a transaction. */
  #put({ status, forgiven }: RolloutProgress, changed: Partial<RolloutRecord>, now: number): void {
    const isOver = status === "completed" || status === "cancelled";
    const finished = isOver && this.#record.finishedAt === undefined ? { finishedAt: now } : {};
    const record = { ...this.#record, ...changed, ...finished, status, forgiven };
    const body = JSON.stringify(record);
    if (body === JSON.stringify(this.#record)) return;
    this.#store.put({ number: this.number, id: this.id, body });
    this.#record = record;
  }

  /** Takes up one page of the agents that the rollout is for. */
  collect({ agents, after }: AgentsPage, now: number): void {
    const { total } = this.#progress;
    const members = agents.map(({ type, key }, at): Member => {
      return { position: total + at, type, key, state: "waiting" };
    });
    this.#store.transaction(() => {
      this.#store.addMembers(this.number, members);
      this.#move(undefined, "waiting", members.length);
      const isCollected = after === undefined;
      const progress = settle(this.#record.settings, { ...this.#progress, isCollected });
      this.#put(progress, { isCollected, ...(after === undefined ? {} : { after }) }, now);
    });
  }

  /** How many agents can be begun now. */
  get next(): number {
    if (this.#record.status !== "running") return 0;
    return toBegin(this.#record.settings, this.#progress);
  }

  /** Begins those, each with the id that its update is to have, within a transaction. */
  begin(uuid: () => string): void {
    const { begun } = this.#progress;
    const waiting = this.#store.members(this.number, { from: begun, limit: this.next });
    for (const { position, type, key } of waiting) {
      const id = this.#record.settings.dryRun ? {} : { updateId: uuid() };
      const started: Member = { position, type, key, state: "in-progress", ...id };
      this.#store.putMember(this.number, started);
      this.#inProgress.set(position, started);
      this.#move("waiting", "in-progress");
    }
  }

  /** The agent is updated by an update that somebody else has asked for. */
  adopt(position: number, updateId: string): void {
    const member = this.#inProgress.get(position);
    if (member === undefined) return;
    const adopted = { ...member, updateId };
    this.#store.putMember(this.number, adopted);
    this.#inProgress.set(position, adopted);
  }

  conclude(position: number, conclusion: Conclusion, now: number): void {
    const member = this.#inProgress.get(position);
    if (member === undefined) return;
    const account = accountOf(conclusion);
    const { outcome: state } = conclusion;
    this.#store.transaction(() => {
      const progress = conclude(this.#record.settings, this.#progress, state);
      const told = account === undefined ? {} : { account };
      this.#store.putMember(this.number, { ...member, state, ...told });
      this.#put(progress, {}, now);
    });
    this.#inProgress.delete(position);
    this.#move("in-progress", state);
  }

  command(command: RolloutCommand, now: number): Result<RolloutView> {
    const progress = obey(this.#record.settings, this.#progress, command);
    if (!progress.ok) return progress;
    this.#store.transaction(() => this.#put(progress.value, {}, now));
    return accept(this.show());
  }

  /** Without the agents: as it stands in lists. */
  summary(): RolloutView {
    const { component, revision, settings, status, createdAt, finishedAt } = this.#record;
    const named = settings.dryRun ? states.dryRun : states.update;
    return {
      id: this.id,
      component,
      revision,
      ...settings,
      status,
      phase: phaseOf(settings, this.#progress),
      createdAt: new Date(createdAt).toISOString(),
      ...(finishedAt === undefined ? {} : { finishedAt: new Date(finishedAt).toISOString() }),
      counts: Object.fromEntries([
        ["total", this.#progress.total],
        ...named.map((state) => [camelCase(state), this.#count(state)] as const),
      ]),
    };
  }

  show(): RolloutView {
    const failed = ["failed", "diverges"] as const;
    const failures = this.#store.members(this.number, {
      from: 0,
      limit: SHOWN_FAILURES,
      states: failed,
    });
    return {
      ...this.summary(),
      inProgress: [...this.#inProgress.values()].map(showMember),
      failures: failures.map(showMember),
    };
  }
}
