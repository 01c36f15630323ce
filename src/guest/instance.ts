/** The author's class as the host sees it: one instance of one agent, in a facet of its object. */
import { DurableObject } from "cloudflare:workers";
import type {
  AgentInvocationStarted,
  ErrorData,
  PendingAgentInvocation,
} from "../core/oplog/entry.ts";
import type {
  Boot,
  BootReply,
  HostPort,
  InstancePort,
  InvocationCall,
  RunReply,
  SaveReply,
} from "../core/protocol.ts";
import { INITIALIZATION_KEY } from "../core/status/status.ts";
import { constructAgent, type Agent } from "./agent.ts";
import { agentClass, argumentIssues, invocable, type AgentClass, type AuthorModule } from "./describe.ts";
import { AgentError, toErrorData } from "./errors.ts";
import { HostLink } from "./link.ts";
import { realNow } from "./platform.ts";
import { Replay } from "./replay.ts";
import { Run } from "./run.ts";
import { within } from "./scope.ts";
import { loadInstance, saveInstance } from "./snapshots.ts";
import { FrozenScope, LiveScope } from "./unrecorded.ts";
import { decode } from "./values.ts";

/** What a booted instance consists of. */
interface Booted {
  readonly link: HostLink;
  readonly agent: Agent;
  readonly AgentClass: AgentClass;
  readonly boot: Boot;
}

function refused(error: ErrorData): BootReply {
  return { state: "refused", error };
}

function typeMissing({ identity }: Boot): BootReply {
  const message = `Revision ${identity.revision} exports no agent class ${identity.type}; upload code that has it.`;
  return refused({ name: "Error", message, code: "agent-type-not-found" });
}

function construct(AgentClass: AgentClass, { identity }: Boot): Agent {
  const scope = new FrozenScope(
    identity.createdAt,
    identity.incarnation,
    "in a constructor or field initialiser",
  );
  return within(scope, () => constructAgent(AgentClass, identity));
}

function hookScope(link: HostLink, { identity }: Boot, hook: string): LiveScope {
  return new LiveScope(link, `${identity.incarnation}/${hook}/${realNow()}`, (level, message) => {
    link.record({ kind: "Log", at: realNow(), level, message });
  });
}

async function callMethod({ agent, AgentClass }: Booted, method: string, args: readonly unknown[]): Promise<unknown> {
  const issues = await argumentIssues(AgentClass, method, args);
  if (issues.length > 0) {
    const message = `The arguments do not fit the schema of ${method}.`;
    throw new AgentError(message, { code: "invalid-arguments", status: 422, details: issues });
  }
  return invocable(agent, method)?.apply(agent, [...args]);
}

/** What a started invocation runs; throws within the run when the code has no such method. */
function codeOf(booted: Booted, method: string, request: Pick<InvocationCall, "idempotencyKey" | "args">): () => unknown {
  const { agent, AgentClass, boot } = booted;
  if (request.idempotencyKey === INITIALIZATION_KEY) {
    const { params } = boot.identity;
    const creating = agent as Agent & { onCreate?(params: unknown): unknown };
    return () => creating.onCreate?.(params === undefined ? undefined : decode(params));
  }
  const args = decode(request.args) as readonly unknown[];
  const known = invocable(agent, method);
  if (known === undefined) {
    return () => {
      throw new AgentError(`${boot.identity.type} has no method ${method}.`, {
        code: "method-not-found",
        status: 404,
      });
    };
  }
  const hasSchema = (AgentClass as { methods?: Record<string, { input?: unknown }> }).methods?.[method]?.input;
  return hasSchema === undefined
    ? () => Reflect.apply(known, agent, args)
    : () => callMethod(booted, method, args);
}

/** The class of the facet that runs an agent type of `module`. */
export function instanceClass(module: AuthorModule): typeof DurableObject<Cloudflare.Env> {
  return class Instance extends DurableObject implements InstancePort {
    #booted: Booted | undefined;
    #open: Run | undefined;

    async boot(host: HostPort, boot: Boot): Promise<BootReply> {
      const AgentClass = agentClass(module, boot.identity.type);
      if (AgentClass === undefined) return typeMissing(boot);
      const link = new HostLink((host as HostPort & { dup(): HostPort }).dup());
      try {
        const agent = construct(AgentClass, boot);
        this.#booted = { link, agent, AgentClass, boot };
        if (boot.base !== undefined) await this.#load(this.#booted, boot.base);
      } catch (error) {
        return refused(toErrorData(error));
      }
      return this.#replay(this.#booted);
    }

    async #load({ link, agent, boot }: Booted, base: NonNullable<Boot["base"]>): Promise<void> {
      await within(hookScope(link, boot, "loadSnapshot"), () => loadInstance(agent, base));
    }

    async #replay(booted: Booted): Promise<BootReply> {
      const replay = new Replay(booted.link, booted.boot, (run, started, request) => {
        this.#enter(booted, run, started, request);
      });
      const end = await replay.toEnd();
      if (end.kind === "ready") return { state: "ready" };
      if (end.kind === "diverged") {
        const { divergence } = end;
        const error = { name: "Divergence", message: divergence.message, code: "divergence" };
        return { state: "refused", error, divergence };
      }
      this.#open = end.run;
      const { outcome, invocation } = end.run;
      const isInitialization = invocation.idempotencyKey === INITIALIZATION_KEY;
      return isInitialization && outcome?.ok === false
        ? { state: "open", failure: outcome.error }
        : { state: "open" };
    }

    #enter(
      booted: Booted,
      run: Run,
      { method, idempotencyKey }: AgentInvocationStarted,
      { invocation }: PendingAgentInvocation,
    ): void {
      const args = invocation.type === "method" ? invocation.args : "[]";
      run.begin(codeOf(booted, method, { idempotencyKey, args }));
    }

    async run(calls: readonly InvocationCall[], careful: boolean): Promise<RunReply> {
      const booted = this.#live();
      const { link } = booted;
      link.isLive = true;
      const sent = link.sent;
      for (const call of calls) {
        const { idempotencyKey, method, pendingIndex, seed } = call;
        const started: AgentInvocationStarted = {
          kind: "AgentInvocationStarted",
          at: realNow(),
          idempotencyKey,
          pendingIndex,
          method,
          seed,
        };
        link.record(started);
        if (careful) await link.host.commit(link.drain());
        const run = new Run(link, started);
        run.begin(codeOf(booted, method, call));
        const reply = await this.#finish(booted, run);
        if (reply !== undefined) return reply;
        if (link.sent > sent) break;
      }
      return { state: "finished", records: await link.drainForResult() };
    }

    async proceed(): Promise<RunReply> {
      const booted = this.#live();
      const run = this.#open;
      this.#open = undefined;
      booted.link.isLive = true;
      if (run === undefined) throw new Error("no invocation is unfinished");
      run.goLive();
      const reply = await this.#finish(booted, run);
      return reply ?? { state: "finished", records: await booted.link.drainForResult() };
    }

    /** Runs to the outcome; answers what ends the whole batch, or nothing when the next call may run. */
    async #finish({ link, boot }: Booted, run: Run): Promise<RunReply | undefined> {
      const ending = run.outcome === undefined ? await run.finish() : { kind: "settled" as const, outcome: run.outcome };
      if (ending.kind === "suspended") {
        return { state: "suspended", records: await link.drainForResult(), until: ending.until };
      }
      const { idempotencyKey } = run.invocation;
      const { outcome } = ending;
      if (idempotencyKey === INITIALIZATION_KEY && !outcome.ok) {
        return { state: "failed", records: await link.drainForResult(), error: outcome.error };
      }
      run.close();
      const { revision } = boot.identity;
      link.record({ kind: "AgentInvocationFinished", at: realNow(), idempotencyKey, outcome, revision });
      return undefined;
    }

    async save(): Promise<SaveReply> {
      const { link, agent, boot } = this.#live();
      try {
        const snapshot = await within(hookScope(link, boot, "saveSnapshot"), () => saveInstance(agent));
        return { ok: true, snapshot };
      } catch (error) {
        return { ok: false, error: toErrorData(error) };
      }
    }

    #live(): Booted {
      if (this.#booted === undefined) throw new Error("the instance has not been booted");
      return this.#booted;
    }
  };
}
