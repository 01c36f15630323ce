/**
 * The rollouts of one component. What is to be done next is in storage, and an alarm is armed while
 * there is any: a new process reads it and goes on. What runs in memory are the agents in progress,
 * each followed to its conclusion.
 */
import type {
  RolloutAgentsPage,
  RolloutAgentsRequest,
  RolloutCommand,
  RolloutOperations,
  RolloutRequest,
  RolloutView,
} from "../../core/api/rollouts.ts";
import { accept, refuse, type Result } from "../../core/errors.ts";
import { tryDry, updateAgent, type Conclusion } from "./rollout-agents.ts";
import { RolloutRun, showMember } from "./rollout-run.ts";
import type { FleetUpdate, Member, RolloutParts } from "./rollout-ports.ts";

/** While agents are followed the alarm stands this far ahead: it takes over if the process dies. */
const WATCHDOG_MS = 2_000;
/** How long one run of the alarm handler keeps the object alive. */
const SLICE_MS = 30_000;
/** An update that takes long is looked at again after so long. */
const PARKED_MS = 10_000;
const LOOKS = 20;
/** Agents that cannot be reached this many times in a row have failed. */
const TRIES = 8;
const PAGE = 500;

function requestOf({ record }: RolloutRun): FleetUpdate {
  const { revision, settings } = record;
  const { mode, check } = settings;
  return { revision, mode, wake: true, ...(check === undefined ? {} : { check }) };
}

function stateFilter({ outcome }: RolloutAgentsRequest): { states?: readonly Member["state"][] } {
  return outcome === undefined ? {} : { states: [outcome] };
}

export class Rollouts implements RolloutOperations {
  readonly #parts: RolloutParts;
  readonly #runs: RolloutRun[];
  readonly #followed = new Map<string, Promise<void>>();
  /** Those that are left alone until the alarm fires. */
  readonly #parked = new Set<string>();
  /** Those that have taken long before: they get one look at a time. */
  readonly #slow = new Set<string>();
  readonly #troubles = new Map<string, number>();
  #armed: number | undefined;

  constructor(parts: RolloutParts) {
    this.#parts = parts;
    this.#runs = parts.store.rows().map((row) => new RolloutRun(parts.store, row));
  }

  async start(
    component: string,
    { revision, ...settings }: RolloutRequest,
  ): Promise<Result<RolloutView>> {
    const { store, now, uuid } = this.#parts;
    const target = await this.#parts.revision(component, revision, settings.type);
    if (!target.ok) return target;
    const number = (this.#runs.at(-1)?.number ?? 0) + 1;
    const record = { component, revision: target.value, settings, createdAt: now() };
    const row = RolloutRun.row(number, uuid(), record);
    store.transaction(() => {
      store.put(row);
      this.#arm(now());
    });
    const run = new RolloutRun(store, row);
    this.#runs.push(run);
    this.#advance(run);
    return accept(run.show());
  }

  #find(id: string): Result<RolloutRun> {
    const run = this.#runs.find((known) => known.id === id);
    if (run !== undefined) return accept(run);
    return refuse(
      "rollout-not-found",
      "The component has no rollout with that id; GET …/rollouts lists those that there are.",
    );
  }

  async show(id: string): Promise<Result<RolloutView>> {
    const found = this.#find(id);
    return found.ok ? accept(found.value.show()) : found;
  }

  async list(limit: number, before = Number.POSITIVE_INFINITY) {
    const older = this.#runs.filter(({ number }) => number < before).toReversed();
    const rollouts = older.slice(0, limit);
    const last = rollouts.at(-1);
    const more = older.length > limit && last !== undefined ? { before: last.number } : {};
    return { rollouts: rollouts.map((run) => run.summary()), ...more };
  }

  async command(id: string, command: RolloutCommand): Promise<Result<RolloutView>> {
    const found = this.#find(id);
    if (!found.ok) return found;
    const shown = found.value.command(command, this.#parts.now());
    this.#advance(found.value);
    return shown;
  }

  async agents(id: string, request: RolloutAgentsRequest): Promise<Result<RolloutAgentsPage>> {
    const found = this.#find(id);
    if (!found.ok) return found;
    const { limit, after = -1 } = request;
    const filter = { from: after + 1, limit: limit + 1, ...stateFilter(request) };
    const members = this.#parts.store.members(found.value.number, filter);
    const last = members[limit - 1];
    const more = members.length > limit && last !== undefined ? { after: last.position } : {};
    return accept({ agents: members.slice(0, limit).map(showMember), ...more });
  }

  /** Takes up whatever is to be done; called when the alarm fires. */
  async wake(): Promise<void> {
    this.#armed = undefined;
    this.#parked.clear();
    for (const run of this.#runs) this.#advance(run);
    await Promise.race([this.#settled(), this.#parts.wait(SLICE_MS)]);
    // The watchdog would look at those that take long sooner than they need.
    if (this.#followed.size === 0) this.#armed = undefined;
    this.#armNext();
  }

  /** Resolves when nobody is followed any more. */
  async #settled(): Promise<void> {
    while (this.#followed.size > 0) await Promise.race(this.#followed.values());
  }

  /** Lets everything of a rollout go on that can: all of it is idempotent. */
  #advance(run: RolloutRun): void {
    if (run.isCollecting) this.#follow(run, "agents", () => this.#collect(run));
    if (run.next > 0) {
      this.#parts.store.transaction(() => {
        run.begin(this.#parts.uuid);
        this.#arm(this.#parts.now() + WATCHDOG_MS);
      });
    }
    for (const position of run.inProgress.keys()) {
      this.#follow(run, position, () => this.#conclude(run, position));
    }
    this.#armNext();
  }

  /** Does a part of the work in the background, once at a time. Work that answers false is parked. */
  #follow(run: RolloutRun, part: number | string, work: () => Promise<boolean>): void {
    const name = `${run.id} ${part}`;
    if (this.#followed.has(name) || this.#parked.has(name)) return;
    const followed = work()
      .then(
        (isDone) => {
          if (!isDone) this.#parked.add(name);
        },
        (error: unknown) => {
          console.error(`rollout ${run.id} could not go on with ${part}`, error);
          this.#parked.add(name);
        },
      )
      .then(() => {
        this.#followed.delete(name);
        this.#advance(run);
      });
    // A store that cannot be written any more ends this process's part: the alarm takes it up.
    this.#followed.set(
      name,
      followed.catch((error: unknown) => console.error(`rollout ${run.id} broke off`, error)),
    );
  }

  async #collect(run: RolloutRun): Promise<boolean> {
    const { component, settings, after } = run.record;
    const { type, prefix, fromRevision } = settings;
    const page = await this.#parts.list({
      component,
      limit: PAGE,
      ...(type === undefined ? {} : { type }),
      ...(prefix === undefined ? {} : { prefix }),
      ...(fromRevision === undefined ? {} : { revision: fromRevision }),
      ...(after === undefined ? {} : { after }),
    });
    if (run.isCollecting) run.collect(page, this.#parts.now());
    return true;
  }

  async #conclude(run: RolloutRun, position: number): Promise<boolean> {
    const member = run.inProgress.get(position);
    if (member === undefined) return true;
    const name = `${run.id} ${position}`;
    try {
      const looks = this.#slow.has(name) ? 0 : LOOKS;
      const conclusion = await this.#ask(run, member, looks);
      this.#troubles.delete(name);
      if (conclusion === undefined) {
        this.#slow.add(name);
        return false;
      }
      this.#slow.delete(name);
      run.conclude(position, conclusion, this.#parts.now());
    } catch (error) {
      const tries = (this.#troubles.get(name) ?? 0) + 1;
      this.#troubles.set(name, tries);
      if (tries < TRIES) throw error;
      const detail = "The agent could not be reached; see its updates for what became of this one.";
      const conclusion = { outcome: "failed", code: "agent-unreachable", detail } as const;
      run.conclude(position, conclusion, this.#parts.now());
    }
    return true;
  }

  #ask(run: RolloutRun, member: Member, looks: number): Promise<Conclusion | undefined> {
    const { agents, wait } = this.#parts;
    const { position, type, key, updateId: id } = member;
    const address = { component: run.record.component, type, key };
    const request = requestOf(run);
    if (id === undefined) return tryDry(agents, address, request);
    const patience = { looks, wait };
    return updateAgent(agents, address, { id, request }, patience, (twin) =>
      run.adopt(position, twin),
    );
  }

  /** An alarm that is armed too early fires for nothing, which costs less than moving it. */
  #arm(at: number): void {
    if (this.#armed !== undefined && this.#armed <= at) return;
    this.#parts.store.setAlarm(at);
    this.#armed = at;
  }

  #armNext(): void {
    if (this.#followed.size > 0) this.#arm(this.#parts.now() + WATCHDOG_MS);
    else if (this.#parked.size > 0) this.#arm(this.#parts.now() + PARKED_MS);
  }
}
