/**
 * Revisions that agents bring which are being imported. Such a revision is stored at once, so that its
 * number is nobody else's, and held back until the agent is there: who comes after an import that
 * failed finds nothing of it. Should an import end without a word, the agent itself says whether it is
 * there.
 */
import type { AgentTypeDescription, RevisionDescription } from "../core/api/description.ts";
import type { AgentOperations, ArrivingAgent, ComponentCode } from "../core/api/operations.ts";
import { validateSource } from "../core/component/validate-source.ts";
import { accept, refuse, type Result } from "../core/errors.ts";
import { reach } from "../transport/packing.ts";
import { configOf } from "./config.ts";
import type { Claim, ComponentStore } from "./component-store.ts";
import type { Env } from "./env.ts";
import { inspectSource } from "./isolates.ts";
import { checkDescription, identityOf } from "./new-revision.ts";

/** How long an import may be silent until its agent is asked. */
export const LOOK_AGAIN_MS = 60_000;

type Asked = Pick<Env, "AGENTS" | "LOADER">;

function invalid(revision: number, what: string): Result<never> {
  return refuse(
    "invalid-export",
    `Revision ${revision} in the file ${what}. Nothing was imported; export the agent again, and send the file as it is.`,
  );
}

function conflict(revision: number): Result<never> {
  return refuse(
    "revision-conflict",
    `Revision ${revision} of this component is other code here than in the file. Nothing was imported; import into a component that has the same revisions, or none.`,
  );
}

function exportsType(types: readonly AgentTypeDescription[], type: string): boolean {
  return types.some(({ name }) => name === type);
}

function withoutType(revision: number, type: string): Result<never> {
  return invalid(revision, `exports no agent class ${type}`);
}

export class ArrivingRevisions {
  readonly #store: ComponentStore;
  readonly #env: Asked;

  constructor(store: ComponentStore, env: Asked) {
    this.#store = store;
    this.#env = env;
  }

  async admit(
    component: string,
    revision: number,
    { digest, source }: ComponentCode,
    { name, type, incarnation }: ArrivingAgent,
  ): Promise<Result<null>> {
    const { form, digest: actual } = await identityOf(source);
    if (actual !== digest) return invalid(revision, "is not the code that its digest names");
    const claim = { revision, name, incarnation };
    const known = this.#store.stored(revision);
    if (known !== undefined && known.digest !== digest) return conflict(revision);
    if (known !== undefined) return this.#join(known, claim, type);
    const { limits } = configOf(this.#env);
    const valid = validateSource(source, limits);
    if (!valid.ok) return invalid(revision, `cannot be used: ${valid.refusal.detail}`);
    const types = checkDescription(
      await inspectSource(this.#env.LOADER, source, limits.componentLoadMs),
    );
    if (!types.ok) return invalid(revision, `cannot be used: ${types.refusal.detail}`);
    if (!exportsType(types.value, type)) return withoutType(revision, type);
    const createdAt = new Date().toISOString();
    const described = { component, revision, digest, createdAt, agentTypes: types.value };
    this.#store.add({ ...described, form }, Date.now() + LOOK_AGAIN_MS, claim);
    return accept(null);
  }

  #join(known: RevisionDescription, claim: Claim, type: string): Result<null> {
    if (!exportsType(known.agentTypes, type)) return withoutType(claim.revision, type);
    if (this.#store.revision(claim.revision) === undefined) this.#store.claim(claim);
    return accept(null);
  }

  conclude({ incarnation }: ArrivingAgent, isThere: boolean): void {
    if (isThere) this.#store.keep(incarnation);
    else this.#store.withdraw(incarnation);
  }

  /** Whoever wants a revision that is held back may be the agent that it was stored for. */
  async lookAfter(revision: number): Promise<void> {
    for (const claim of this.#store.claims()) {
      if (claim.revision === revision) await this.#look(claim, false);
    }
  }

  /** Imports that have been silent for long. */
  async lookAfterAll(): Promise<void> {
    for (const claim of this.#store.claims()) await this.#look(claim, true);
  }

  async #look({ name, incarnation }: Claim, mayWithdraw: boolean): Promise<void> {
    try {
      const agent = reach<AgentOperations>(this.#env.AGENTS.getByName(name));
      const { state } = await agent.presence();
      if (state === "coming") return;
      const shown = state === "here" ? await agent.describe() : undefined;
      if (shown?.ok === true && shown.value.incarnation === incarnation) {
        this.#store.keep(incarnation);
      } else if (mayWithdraw) this.#store.withdraw(incarnation);
    } catch (error) {
      console.error(`agent ${name} could not be asked whether it was imported`, error);
    }
  }
}
