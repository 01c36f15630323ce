/** Plays one case of the update matrix, from the agent's first call to its last, with what goes wrong on the way. */
import type { AgentView, UpdateView } from "../../../src/core/api/views.ts";
import type { Result } from "../../../src/core/errors.ts";
import type { Entry } from "../../../src/core/oplog/entry.ts";
import type { AuthorModule } from "../../../src/guest/code/describe.ts";
import { decodeRow } from "../../../src/core/oplog/codec.ts";
import { Auditor } from "./auditor.ts";
import type { Crash } from "./crashing.ts";
import { entriesOn } from "./disk.ts";
import type { Residence } from "./residence.ts";
import { nameOf, type UpdateCase } from "./update-cases.ts";
import { pastCalls, type Told } from "./update-model.ts";
import { tellers, type Scene } from "./update-revisions.ts";
import { World } from "./world.ts";

const TELLER = "office/Teller/one";
const INTERRUPTED_LATER = "interrupted once the update is requested";
export const UPDATE = "the update";

/** Moments of virtual time that a condition may take to come true. */
const MOST_PAUSES = 2000;

export interface Disturbance {
  readonly crashes?: readonly Crash[];
  /** Whenever the agent rests it is taken out of memory. */
  readonly evicts?: boolean;
  /** Alarms fire and the request is sent again while the update is under way. */
  readonly knocks?: boolean;
}

/** What there is to see of a case. */
export interface UpdateRun {
  readonly answers: readonly Result<UpdateView>[];
  /** Once nothing happened by itself any more. */
  readonly rested: AgentView;
  /** After the agent was resumed where it stood still, and called once more. */
  readonly ended: AgentView;
  readonly results: Readonly<Record<string, unknown>>;
  /** The state in the end, and after each of two more recoveries. */
  readonly states: readonly (readonly Told[])[];
  readonly residence: Residence;
  readonly points: readonly string[];
  /** The number of the point at which the request was on the disk, if it came there. */
  readonly requestedAt: number | undefined;
}

class Play {
  readonly #case: UpdateCase;
  readonly #scene: Scene;
  readonly #auditor: Auditor;
  readonly #disturbance: Disturbance;
  readonly world: World;
  readonly residence: Residence;
  readonly answers: Result<UpdateView>[] = [];
  requestedAt: number | undefined;
  #isInterrupted = false;
  #resolveReached: () => void = () => {};
  readonly #reached = new Promise<void>((resolve) => {
    this.#resolveReached = resolve;
  });
  #reads = 0;

  constructor(one: UpdateCase, disturbance: Disturbance) {
    this.#case = one;
    this.#auditor = new Auditor(1, one.target !== "save fails");
    this.#disturbance = disturbance;
    const old = pastCalls(one).length;
    this.#scene = {
      ...one,
      old,
      reached: () => {
        this.#resolveReached();
      },
      deathsLeft: one.status === "failed" ? Infinity : 1,
    };
    this.world = new World({
      seed: nameOf(one),
      modules: this.#modules(),
      ...(one.target === "code does not start" ? { broken: old + 1 } : {}),
      ...(disturbance.crashes === undefined ? {} : { crashes: disturbance.crashes }),
      crashed: this.#auditor.crashed,
      stored: (world) => this.#stored(world),
      passed: (residence, what) => this.#passed(residence, what),
    });
    this.residence = this.world.agent(TELLER);
  }

  #stored(world: World): void {
    const { residence } = this;
    this.#auditor.stored(world, residence);
    const [first, text] = [...residence.disk.rows].at(-1) ?? [0, ""];
    const last = first === 0 ? undefined : decodeRow(first, text).at(-1)?.entry;
    // The isolate that was the agent goes, and a step that runs in it with it.
    if (last?.kind === "SuccessfulUpdate") this.#auditor.crashed(world, residence, "isolate");
    if (this.requestedAt === undefined && this.#isRequested(text, last?.kind)) {
      this.requestedAt = world.points.passed.length + 1;
    }
  }

  /** From here on the agent's own process may die; who interrupts it comes in time. */
  #isRequested(row: string, kind: Entry["kind"] | undefined): boolean {
    if (this.#case.status !== INTERRUPTED_LATER) return row.includes(UPDATE);
    return kind === "Interrupted";
  }

  #modules(): AuthorModule[] {
    const { target } = this.#case;
    const { old } = this.#scene;
    const before = target === "save fails" ? target : "compatible";
    const first = old === 1 ? before : "compatible";
    const modules = [tellers(this.#scene, first, true), tellers(this.#scene, before, false)];
    const after = target === "save fails" ? "compatible" : target;
    return [...modules.slice(0, old), tellers(this.#scene, after, old === 1)];
  }

  get #status() {
    return this.#auditor.status(this.residence);
  }

  async #until(isTrue: () => boolean): Promise<void> {
    for (let pauses = 0; !isTrue(); pauses++) {
      if (pauses > MOST_PAUSES) throw new Error(`${nameOf(this.#case)}: its status never came`);
      await this.world.clock.pause(5);
    }
  }

  /** The process goes, while nothing is under way in it. */
  #restAwhile(): void {
    if (this.#disturbance.evicts !== true) return;
    this.#auditor.crashed(this.world, this.residence, "process");
    this.residence.process?.life.end("it was evicted");
  }

  async #makeHistory(): Promise<void> {
    await this.residence.ask("creation", (runtime) =>
      runtime.create(this.residence.address, { revision: 1 }),
    );
    for (const [at, calls] of pastCalls(this.#case).entries()) {
      if (at > 0) {
        const wanted = {
          id: "an earlier update",
          revision: at + 1,
          mode: "manual",
          wake: true,
        } as const;
        await this.residence.ask("update", (runtime) => runtime.update(wanted));
        await this.#until(() => this.#status?.revision === at + 1);
      }
      for (const [method, what] of calls) {
        const answer = await this.world.invoke(TELLER, method, [what], { key: what });
        if (!answer.ok) throw new Error(`${what}: ${answer.refusal.detail}`);
      }
    }
  }

  /** Whether the unfinished invocation has come to where the update is to find it. */
  #hasCome(): boolean {
    switch (this.#case.status) {
      case "suspended":
      case "failed":
        return this.#status?.name === this.#case.status;
      case "retrying after the isolate died":
      case "retrying from the beginning":
        return this.#status?.name === "retrying";
      default:
        return this.#isInFetch();
    }
  }

  #isInFetch(): boolean {
    return entriesOn(this.residence.disk).some(
      ({ entry }) => entry.kind === "Start" && entry.request?.includes("/long?") === true,
    );
  }

  /** The agent is not to be evicted: its code runs. */
  get #isRunning(): boolean {
    const { status } = this.#case;
    return status === "running in a fetch" || status === INTERRUPTED_LATER;
  }

  async #interrupt(): Promise<void> {
    await this.residence.persist("interruption", (runtime) => runtime.interrupt(false));
  }

  /** The trial has begun, as it asks for its code: that is when who interrupts later does so. */
  #passed(residence: Residence, what: string): void {
    const [update] = this.#status?.updates.pending ?? [];
    const isTrial = what === "code leaves" && update?.id === UPDATE;
    if (!isTrial || this.#isInterrupted || this.#case.status !== INTERRUPTED_LATER) return;
    this.#isInterrupted = true;
    residence.process?.ask("interruption", (runtime) => runtime.interrupt(false)).catch(() => {});
  }

  async #makeStatus(): Promise<void> {
    const { status } = this.#case;
    if (status === "idle") return this.#restAwhile();
    await this.world.invoke(TELLER, "work", [], { key: "unfinished", mode: "enqueue" });
    await this.world.invoke(TELLER, "note", ["queued"], { key: "queued", mode: "enqueue" });
    if (status === "between two steps") return this.#reached;
    await this.#until(() => this.#hasCome());
    if (status === "interrupted" || status === "interrupted, not to be woken") {
      await this.#interrupt();
    }
    if (!this.#isRunning) this.#restAwhile();
  }

  async #request(): Promise<void> {
    const { mode, status } = this.#case;
    const wake = status !== "interrupted, not to be woken";
    const wanted = { id: UPDATE, revision: this.#scene.old + 1, mode, wake };
    const request = (): Promise<Result<UpdateView>> =>
      this.residence.persist("update", (runtime) => runtime.update(wanted));
    this.answers.push(await request());
    if (status === INTERRUPTED_LATER && mode === "manual") await this.#interrupt();
    if (this.#disturbance.knocks !== true) return;
    for (let knock = 0; knock < 40; knock++) {
      void this.residence.ask("alarm", (runtime) => runtime.wake());
      await this.world.clock.turn();
      if (knock % 10 === 0) this.answers.push(await request());
    }
  }

  async begin(): Promise<void> {
    await this.world.run(async () => {
      await this.#makeHistory();
      await this.#makeStatus();
      await this.#request();
    });
    this.#restAwhile();
  }

  /** Wakes an agent that stands still, and calls it once more. */
  async goOn(): Promise<void> {
    this.#scene.deathsLeft = 0;
    const name = this.#status?.name;
    if (name === "interrupted" || name === "failed") {
      await this.world.run(() =>
        this.residence.persist("resumption", (runtime) => runtime.resume()),
      );
      this.#restAwhile();
    }
    const after = await this.world.run(() =>
      this.world.invoke(TELLER, "note", ["after"], { key: "after" }),
    );
    if (!after.ok) throw new Error(`after the update: ${after.refusal.detail}`);
    this.#restAwhile();
  }

  async view(): Promise<AgentView> {
    const view = await this.world.run(() =>
      this.residence.persist("look", (runtime) => runtime.describe()),
    );
    if (!view.ok) throw new Error(view.refusal.detail);
    return view.value;
  }

  async #result(key: string): Promise<unknown> {
    const found = await this.world.run(() =>
      this.residence.persist("look", (runtime) => runtime.invocation(key, 0)),
    );
    return found.ok ? (found.value.result ?? found.value.status) : found.refusal.code;
  }

  async results(): Promise<Record<string, unknown>> {
    const results: Record<string, unknown> = {};
    for (const key of ["unfinished", "queued", "after"]) results[key] = await this.#result(key);
    return results;
  }

  async state(): Promise<readonly Told[]> {
    this.#reads += 1;
    const request = {
      method: "look",
      args: "[]",
      idempotencyKey: `look ${this.#reads}`,
      isNewKey: true,
      mode: "await",
    } as const;
    const read = await this.world.run(() =>
      this.residence.persist("look", (runtime) => runtime.invoke(this.residence.address, request)),
    );
    if (!read.ok) throw new Error(`its state: ${read.refusal.detail}`);
    return read.value.result as unknown as readonly Told[];
  }

  balance(): void {
    this.world.points.close();
    this.#auditor.balance(this.world);
  }
}

/** Throws when what happened on the way was not sound. */
export async function playUpdate(
  one: UpdateCase,
  disturbance: Disturbance = {},
): Promise<UpdateRun> {
  const play = new Play(one, disturbance);
  await play.begin();
  const rested = await play.view();
  await play.goOn();
  play.balance();
  const { residence, world, answers, requestedAt } = play;
  const states = [await play.state()];
  for (const reason of ["it was evicted", "it was evicted again"]) {
    residence.process?.life.end(reason);
    states.push(await play.state());
  }
  const [ended, results] = [await play.view(), await play.results()];
  const points = world.points.passed;
  return { answers, rested, ended, results, states, residence, points, requestedAt };
}
