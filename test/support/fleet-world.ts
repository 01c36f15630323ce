/**
 * A world of made-up agents around the rollouts of one component: time passes only when a test says
 * so, and the process that runs the rollouts can be killed at any moment. What is in storage and
 * what agents were asked for stays; what is in memory is lost.
 */
import { setImmediate } from "node:timers/promises";
import type { AgentsRequest } from "../../src/core/api/directory.ts";
import type { RolloutCommand, RolloutSettings, RolloutView } from "../../src/core/api/rollouts.ts";
import type { DivergenceView, UpdateView } from "../../src/core/api/views.ts";
import { accept, refuse, type Result } from "../../src/core/errors.ts";
import { Rollouts } from "../../src/runtime/fleet/rollouts.ts";
import type {
  FleetAgents,
  Member,
  RolloutRow,
  RolloutStore,
} from "../../src/runtime/fleet/rollout-ports.ts";

const divergence: DivergenceView = {
  index: 4,
  kind: "Start",
  method: "add",
  idempotencyKey: "call",
  expected: "a call",
  actual: "another call",
  message: "they differ",
  presentRevision: 1,
  replayedRevision: 2,
  advice: "mend it",
};

export type AgentKind =
  | ("good" | "bad" | "current" | "deleted" | "busy" | "failed" | "twin")
  | ("slow" | "endless" | "unreachable" | "unreachable-once");

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

interface FakeAgent {
  readonly kind: AgentKind;
  readonly updates: { view: UpdateView; doneAt: number }[];
  calls: number;
}

/** What only a failed one has is on every one that has ended: nobody reads it of the others. */
function endedAs(view: UpdateView): UpdateView {
  return Object.assign({}, view, { detail: "it diverges", report: { index: 4 } });
}

const gone = refuse("agent-not-found", "none");

function took(kind: AgentKind): number {
  if (kind === "endless") return Number.POSITIVE_INFINITY;
  return kind === "slow" ? 40_000 : 30;
}

export class FleetWorld {
  #now = 1_000;
  #alarm: number | undefined;
  #isHandling = false;
  #process = 0;
  #timers: Timer[] = [];
  #random = 7;
  #uuids = 0;
  #resumedAt = 0;
  readonly #rows = new Map<number, RolloutRow>();
  readonly #members = new Map<string, Member>();
  readonly #agents: readonly FakeAgent[];
  readonly #concurrency: number;
  /** Positions of agents in the order in which they were asked for an update first. */
  readonly asked = new Set<number>();
  readonly #faults: string[] = [];
  calls = 0;
  rollouts: Rollouts;

  constructor(kinds: readonly AgentKind[], concurrency: number) {
    this.#agents = kinds.map((kind) => ({ kind, updates: [], calls: 0 }));
    this.#concurrency = concurrency;
    this.#agents
      .filter(({ kind }) => kind === "twin")
      .forEach((agent) => this.#enqueue(agent, "twin"));
    this.rollouts = this.#boot();
  }

  #next(limit: number): number {
    this.#random = (this.#random * 1_103_515_245 + 12_345) % 2_147_483_648;
    return this.#random % limit;
  }

  /** Passes for everybody, whichever process waits. */
  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#timers.push({ at: this.#now + ms, fire: resolve });
    });
  }

  #boot(): Rollouts {
    const own = ++this.#process;
    const living = <T>(work: () => T): T => {
      if (own !== this.#process) throw new Error("this process was killed");
      return work();
    };
    return new Rollouts({
      store: this.#store(living),
      agents: this.#fleet(),
      list: (request) => this.#list(request),
      revision: async () => accept(2),
      now: () => this.#now,
      uuid: () => `uuid-${++this.#uuids}`,
      wait: (ms) =>
        new Promise((resolve) => {
          const fire = (): void => {
            if (own === this.#process) resolve();
          };
          this.#timers.push({ at: this.#now + ms, fire });
        }),
    });
  }

  #store(living: <T>(work: () => T) => T): RolloutStore {
    const name = (rollout: number, position: number) => `${rollout}/${position}`;
    const all = (rollout: number) =>
      [...this.#members].filter(([key]) => key.startsWith(`${rollout}/`)).map(([, one]) => one);
    return {
      transaction: (work) => living(work),
      rows: () => living(() => [...this.#rows.values()]),
      put: (row) => living(() => void this.#rows.set(row.number, row)),
      addMembers: (rollout, members) =>
        living(() => {
          for (const one of members) this.#members.set(name(rollout, one.position), one);
        }),
      members: (rollout, { from, limit, states }) =>
        all(rollout)
          .filter(({ position }) => position >= from)
          .filter(({ state }) => states === undefined || states.includes(state))
          .toSorted((left, right) => left.position - right.position)
          .slice(0, limit),
      putMember: (rollout, one) =>
        living(() => void this.#members.set(name(rollout, one.position), one)),
      tally: (rollout) => {
        const tally = new Map<Member["state"], number>();
        for (const { state } of all(rollout)) tally.set(state, (tally.get(state) ?? 0) + 1);
        return tally;
      },
      setAlarm: (at) => living(() => void (this.#alarm = at)),
    };
  }

  async #list({ limit, after }: AgentsRequest) {
    await this.#pass(this.#next(5));
    // Small pages, so that a kill falls between two of them.
    const from = after === undefined ? 0 : Number(after.key.slice(1)) + 1;
    const to = Math.min(from + Math.min(limit, 5), this.#agents.length);
    const agents = this.#agents.slice(from, to).map((_, at) => ({
      component: "shop",
      type: "Box",
      key: `a${from + at}`,
      status: "idle" as const,
      revision: 1,
      createdAt: "",
    }));
    const last = agents.at(-1);
    const more = last === undefined || to === this.#agents.length ? {} : { after: last };
    return { agents, ...more };
  }

  #enqueue(agent: FakeAgent, id: string): UpdateView {
    const common = { id, mode: "automatic", revision: 2, requestedAt: "" } as const;
    const view: UpdateView = { ...common, status: "pending" };
    agent.updates.push({ view, doneAt: this.#now + took(agent.kind) });
    return view;
  }

  #isOpen({ updates }: FakeAgent): boolean {
    return updates.some(({ doneAt }) => doneAt > this.#now);
  }

  async #reach<T>(key: string, answer: (agent: FakeAgent, position: number) => T): Promise<T> {
    this.calls += 1;
    await this.#pass(this.#next(6));
    const position = Number(key.slice(1));
    const agent = this.#agents[position] as FakeAgent;
    agent.calls += 1;
    const isFirst = agent.kind === "unreachable-once" && agent.calls === 1;
    if (agent.kind === "unreachable" || isFirst) throw new Error("out of reach");
    const answered = answer(agent, position);
    await this.#pass(this.#next(6));
    return answered;
  }

  #fleet(): FleetAgents {
    return {
      update: ({ key }, id) =>
        this.#reach(key, (agent, position) => this.#update(agent, position, id)),
      updates: ({ key }) =>
        this.#reach(key, (agent) => {
          if (agent.kind === "deleted") return gone;
          const done = agent.updates.filter(({ doneAt }) => doneAt <= this.#now);
          const ended = done.map(({ view }) => endedAs(view));
          return accept({
            pending: agent.updates
              .filter(({ doneAt }) => doneAt > this.#now)
              .map(({ view }) => view),
            successful: agent.kind === "bad" ? [] : ended,
            failed: agent.kind === "bad" ? ended : [],
          });
        }),
      dryRun: ({ key }) =>
        this.#reach(key, ({ kind }) => {
          if (kind === "current") return refuse("already-at-revision", "it has it");
          if (kind === "deleted") return gone;
          if (kind === "busy") return refuse("agent-busy", "no boundary");
          const lastError = { name: "Error", message: "no" };
          if (kind === "failed") return refuse("agent-failed", "it failed", { lastError });
          if (kind === "bad") {
            return accept({ compatible: false, detail: "it diverges", divergence });
          }
          return accept({ compatible: true });
        }),
    };
  }

  #update(agent: FakeAgent, position: number, id: string): Result<UpdateView> {
    this.asked.add(position);
    const known = agent.updates.find(({ view }) => view.id === id);
    if (known !== undefined) return accept(known.view);
    if (agent.kind === "current") return refuse("already-at-revision", "it has it");
    if (agent.kind === "deleted") return gone;
    if (this.#isOpen(agent)) return refuse("update-already-pending", "it waits");
    this.#note(position);
    return accept(this.#enqueue(agent, id));
  }

  /** Holds the rules of a rollout at the moment in which it asks for one more update. */
  #note(position: number): void {
    const agent = this.#agents[position] as FakeAgent;
    if (agent.updates.length > 0) this.#faults.push(`agent ${position} was asked again`);
    const open = this.#agents.filter((one) => this.#isOpen(one)).length;
    if (open + 1 > this.#concurrency) this.#faults.push(`${open + 1} updates at once`);
    const isDone = (one: FakeAgent): boolean => one.updates.length > 0 && !this.#isOpen(one);
    this.#concludedBefore.set(
      position,
      this.#agents.map((one) => isDone(one) || ["current", "deleted"].includes(one.kind)),
    );
  }

  readonly #concludedBefore = new Map<number, readonly boolean[]>();

  /** No rule was broken; the canary had concluded before anybody else was asked. */
  checkRules(canary: number): void {
    const faults = [...this.#faults];
    for (const [position, concluded] of this.#concludedBefore) {
      if (position >= canary && concluded.slice(0, canary).includes(false)) {
        faults.push(`agent ${position} was asked before the canary had concluded`);
      }
    }
    if (faults.length > 0) throw new Error(faults.join("\n"));
  }

  updateIdsOf(position: number): readonly string[] {
    return this.#agents[position]?.updates.map(({ view }) => view.id) ?? [];
  }

  /** Lets an endless update end. */
  finish(position: number): void {
    for (const update of this.#agents[position]?.updates ?? []) update.doneAt = this.#now;
  }

  failuresSinceResumption(): number {
    const failed = [...this.#members.values()].filter(({ state }) => state === "failed").length;
    return failed - this.#resumedAt;
  }

  /** How many agents of the rollout are not waiting any more. */
  begun(_id: string): number {
    return [...this.#members.values()].filter(({ state }) => state !== "waiting").length;
  }

  kill(): void {
    this.#isHandling = false;
    this.rollouts = this.#boot();
  }

  async start(settings: Partial<RolloutSettings>): Promise<string> {
    const usual = { mode: "automatic", concurrency: this.#concurrency, dryRun: false } as const;
    const started = await this.rollouts.start("shop", { ...usual, ...settings, revision: 2 });
    if (!started.ok) throw new Error(started.refusal.detail);
    return started.value.id;
  }

  async show(id: string): Promise<RolloutView> {
    const shown = await this.rollouts.show(id);
    if (!shown.ok) throw new Error(shown.refusal.detail);
    return shown.value;
  }

  /** A command that is refused changes nothing. */
  async command(id: string, command: RolloutCommand): Promise<RolloutView> {
    const { status } = await this.show(id);
    if (command === "resume" && status === "stopped") {
      this.#resumedAt = 0;
      this.#resumedAt = this.failuresSinceResumption();
    }
    await this.rollouts.command(id, command);
    return this.show(id);
  }

  /** Lets the next thing happen; false when nothing ever will. */
  async #step(): Promise<boolean> {
    await setImmediate();
    const timer = this.#timers.reduce<Timer | undefined>(
      (first, one) => (first === undefined || one.at < first.at ? one : first),
      undefined,
    );
    const alarm = this.#isHandling ? undefined : this.#alarm;
    if (alarm !== undefined && (timer === undefined || alarm <= timer.at)) {
      this.#now = Math.max(this.#now, alarm);
      this.#alarm = undefined;
      this.#isHandling = true;
      const own = this.#process;
      const handled = (error?: unknown): void => {
        if (own !== this.#process) return;
        this.#isHandling = false;
        if (error !== undefined) throw error as Error;
      };
      void this.rollouts.wake().then(() => handled(), handled);
      return true;
    }
    if (timer === undefined) return this.#isHandling;
    this.#now = Math.max(this.#now, timer.at);
    this.#timers = this.#timers.filter((one) => one !== timer);
    timer.fire();
    return true;
  }

  async steps(count: number): Promise<void> {
    for (let done = 0; done < count; done++) await this.#step();
  }

  /** Until that much time has passed. */
  async until(ms: number): Promise<void> {
    const end = this.#now + ms;
    while (this.#now < end && (await this.#step()));
  }

  /** The rollout once it does not go on by itself: no agent is in progress, and it does not run. */
  async rest(id: string): Promise<RolloutView> {
    for (let steps = 0; steps < 20_000; steps++) {
      const view = await this.show(id);
      if (view.status !== "running" && view.counts["inProgress"] === 0) return view;
      if (!(await this.#step())) throw new Error(`it stands still: ${JSON.stringify(view)}`);
    }
    throw new Error("it never comes to rest");
  }
}
