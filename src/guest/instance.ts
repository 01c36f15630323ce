/** One agent's instance of the author's class, from its boot to its end. */
import { recordedLimits } from "../core/limits.ts";
import { delayBeforeRetry } from "../core/retry.ts";
import type { AgentInvocationStarted, ErrorData } from "../core/oplog/entry.ts";
import type {
  Boot,
  BootReply,
  HostPort,
  InstancePort,
  InvocationCall,
  ReadCall,
  ReadReply,
  RunReply,
  SaveReply,
} from "../core/protocol.ts";
import { INITIALIZATION_KEY } from "../core/status/status.ts";
import { constructAgent, type Agent } from "./author/agent.ts";
import {
  agentClass,
  type AgentClass,
  type AuthorModule,
  invocable,
  retryPolicyOf,
} from "./code/describe.ts";
import { keyAt } from "../core/oplog/origin.ts";
import { currentBindings } from "./bindings/bindings.ts";
import { codeOf, type AuthorInstance } from "./code/entering.ts";
import { toErrorData } from "./author/errors.ts";
import { HostLink } from "./link.ts";
import { cancelledOutcome } from "../core/oplog/cancellation.ts";
import { setOwnComponent, setOwnModule } from "./code/own-code.ts";
import { platformRandom, realNow } from "./platform.ts";
import { readOnce } from "./run/reading.ts";
import { Reads } from "./run/reads.ts";
import { Replay } from "./run/replay.ts";
import { Run } from "./run/run.ts";
import { within } from "./scopes/scope.ts";
import { loadInstance, saveInstance } from "./code/snapshots.ts";
import { FrozenScope, LiveScope } from "./scopes/unrecorded.ts";

interface Booted extends AuthorInstance {
  readonly link: HostLink;
}

/** What an invocation may use and may not exceed: its replay finds it again. */
function terms({ grants, settings }: Boot): Pick<AgentInvocationStarted, "bindings" | "limits"> {
  const limits = recordedLimits(settings.limits);
  return {
    ...(Object.keys(grants).length === 0 ? {} : { bindings: grants }),
    ...(limits === undefined ? {} : { limits }),
  };
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}

function refused(error: ErrorData): BootReply {
  return { state: "refused", error };
}

function typeMissing({ identity }: Boot): BootReply {
  const message = `Revision ${identity.revision} exports no agent class ${identity.type}; upload code that has it.`;
  return refused({ name: "Error", message, code: "agent-type-not-found" });
}

/** `place`: index of the entry that the code comes to next. A copy is its source up to the cut. */
function construct(AgentClass: AgentClass, { identity }: Boot, place: () => number): Agent {
  const where = "in a constructor or field initialiser";
  const { createdAt, incarnation, origin } = identity;
  const scope = new FrozenScope(createdAt, origin?.incarnation ?? incarnation, where);
  const present = {
    ...identity,
    get key() {
      return keyAt(identity, place());
    },
  };
  return within(scope, () => constructAgent(AgentClass, present, currentBindings));
}

/** What snapshot hooks call goes out live and unrecorded; only what they log is kept, if it may be. */
function hookScope({ link, boot }: Booted, hook: string, keepsLog = true): LiveScope {
  const keys = `${boot.identity.incarnation}/${hook}/${realNow()}`;
  return new LiveScope(
    link,
    () => keys,
    (level, message) => {
      if (keepsLog) link.record({ kind: "Log", at: realNow(), level, message });
    },
    {
      bindings: boot.grants,
      limits: boot.settings.limits,
      usualRetry: boot.settings.retry,
    },
  );
}

/** How long to wait before the invocation begins anew, if it asks for that and has tries left. */
function delayOf(
  { retryable, invocation }: Run,
  { AgentClass, boot }: AuthorInstance,
): number | undefined {
  if (retryable === undefined) return undefined;
  const policy = retryPolicyOf(AgentClass, invocation.method, boot.settings.retry);
  return delayBeforeRetry(policy, invocation.attempt, platformRandom(), retryable.afterMs);
}

export class Instance implements InstancePort {
  readonly #module: AuthorModule;
  readonly #reads = new Reads();
  #booted: Booted | undefined;
  #unfinished: Run | undefined;
  /** The invocation that runs live. */
  #running: Run | undefined;
  /** Index of the entry that the code comes to next: none has come while an instance is made. */
  #place: () => number = () => 0;
  /** `saveSnapshot` has thrown, and may have left anything behind. */
  #isDamaged = false;

  constructor(module: AuthorModule) {
    this.#module = module;
    setOwnModule(module);
  }

  async boot(host: HostPort, boot: Boot): Promise<BootReply> {
    setOwnComponent(boot.identity.component);
    const AgentClass = agentClass(this.#module, boot.identity.type);
    if (AgentClass === undefined) return typeMissing(boot);
    try {
      const agent = construct(AgentClass, boot, () => this.#place());
      const booted = { link: new HostLink(host), agent, AgentClass, boot };
      this.#booted = booted;
      const { base } = boot;
      if (base !== undefined) {
        // What is loaded is what the agent was when it was saved.
        this.#place = () => boot.from - 1;
        await within(hookScope(booted, "loadSnapshot"), () => loadInstance(booted, base));
      }
    } catch (error) {
      return refused(toErrorData(error));
    }
    return this.#replay(this.#present());
  }

  async #replay(booted: Booted): Promise<BootReply> {
    const replay = new Replay(booted.link, booted.boot, (run, started, { invocation }) => {
      const args = invocation.type === "method" ? invocation.args : "[]";
      run.begin(codeOf(booted, { ...started, args }));
    });
    this.#place = () => replay.place;
    const end = await replay.toEnd();
    const { entriesReplayed } = replay;
    if (end.kind === "ready") return { state: "ready", entriesReplayed };
    if (end.kind === "diverged") {
      return { state: "diverged", entriesReplayed, divergence: end.divergence };
    }
    this.#unfinished = end.run;
    const { outcome, invocation } = end.run;
    const isInitialization = invocation.idempotencyKey === INITIALIZATION_KEY;
    const isGone = !isInitialization && invocable(booted.agent, invocation.method) === undefined;
    return (isInitialization || isGone) && outcome?.ok === false
      ? { state: "open", entriesReplayed, failure: outcome.error }
      : { state: "open", entriesReplayed };
  }

  run(calls: readonly InvocationCall[], careful: boolean): Promise<RunReply> {
    return this.#reads.hold(() => this.#run(calls, careful));
  }

  async #run(calls: readonly InvocationCall[], careful: boolean): Promise<RunReply> {
    const booted = this.#present();
    const { link } = booted;
    link.isLive = true;
    const sent = link.sent;
    for (const call of calls) {
      const run = await this.#begin(booted, call, careful);
      const reply = await this.#finish(booted, run);
      if (reply !== undefined) return reply;
      if (link.sent > sent) break;
    }
    return { state: "finished", records: await link.drainForResult() };
  }

  async #begin(booted: Booted, call: InvocationCall, careful: boolean): Promise<Run> {
    const { link } = booted;
    const { idempotencyKey, method, pendingIndex, seed } = call;
    const started: AgentInvocationStarted = {
      kind: "AgentInvocationStarted",
      at: realNow(),
      idempotencyKey,
      pendingIndex,
      method,
      seed,
      ...terms(booted.boot),
    };
    const place = link.recordStart(started);
    if (careful) await link.host.commit(link.drain());
    const { identity: descent, settings } = booted.boot;
    const run = new Run(link, { started, place, descent, settings });
    run.begin(codeOf(booted, call));
    return run;
  }

  proceed(): Promise<RunReply> {
    return this.#reads.hold(() => this.#proceed());
  }

  async #proceed(): Promise<RunReply> {
    const booted = this.#present();
    const run = this.#unfinished;
    if (run === undefined) throw new Error("no invocation is unfinished");
    this.#unfinished = undefined;
    booted.link.isLive = true;
    run.goLive();
    const reply = await this.#finish(booted, run);
    return reply ?? { state: "finished", records: await booted.link.drainForResult() };
  }

  /** Runs to the outcome; answers what ends the whole batch, or nothing when the next call may run. */
  async #finish(booted: Booted, run: Run): Promise<RunReply | undefined> {
    const { link, boot } = booted;
    this.#running = run;
    const ending = await run.finish(this.#reads);
    this.#running = undefined;
    if (ending.kind === "suspended") {
      return { state: "suspended", records: await link.drainForResult(), ...ending.wait };
    }
    const { outcome } = ending;
    const { idempotencyKey } = run.invocation;
    if (idempotencyKey === INITIALIZATION_KEY && !outcome.ok) {
      const records = await link.drainForResult();
      return { state: "failed", records, error: outcome.error };
    }
    run.close();
    const at = realNow();
    const { revision } = boot.identity;
    const finished = { kind: "AgentInvocationFinished", at, idempotencyKey, revision } as const;
    if (run.cancellation.isHeard) {
      link.record({ ...finished, outcome: cancelledOutcome, cancelled: true });
      return undefined;
    }
    const delayMs = delayOf(run, booted);
    if (delayMs !== undefined && !outcome.ok) {
      const records = await link.drainForResult();
      const { attempt } = run.invocation;
      return { state: "retry", records, error: outcome.error, attempt, delayMs };
    }
    link.record({ ...finished, outcome });
    return undefined;
  }

  read(call: ReadCall): Promise<ReadReply> {
    const booted = this.#present();
    return this.#reads.add(async () => {
      // The host drops this instance once it hears of that, and asks the next one.
      if (this.#isDamaged) return never();
      const reply = await readOnce(booted, call);
      await booted.link.commit();
      return reply;
    });
  }

  async cancel(): Promise<void> {
    (this.#running ?? this.#unfinished)?.cancel();
  }

  save(isTrial: boolean): Promise<SaveReply> {
    return this.#reads.hold(() => this.#save(isTrial));
  }

  async #save(isTrial: boolean): Promise<SaveReply> {
    const booted = this.#present();
    try {
      const save = (): ReturnType<typeof saveInstance> => saveInstance(booted);
      const scope = hookScope(booted, "saveSnapshot", !isTrial);
      return { ok: true, snapshot: await within(scope, save) };
    } catch (error) {
      this.#isDamaged = true;
      return { ok: false, error: toErrorData(error) };
    }
  }

  #present(): Booted {
    if (this.#booted === undefined) throw new Error("the instance has not been booted");
    return this.#booted;
  }
}
