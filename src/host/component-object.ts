import type { RevisionDescription } from "../core/api/description.ts";
import { DurableObject } from "cloudflare:workers";
import type {
  ArrivingAgent,
  ComponentCode,
  ComponentOperations,
  ComponentUpload,
} from "../core/api/operations.ts";
import { missingBindingFault } from "../core/bindings/grants.ts";
import { validateSource } from "../core/component/validate-source.ts";
import { accept, refuse, type Result } from "../core/errors.ts";
import { configOf } from "./config.ts";
import { ArrivingRevisions, LOOK_AGAIN_MS } from "./arriving-revisions.ts";
import { bindingKinds } from "./binding-kinds.ts";
import { ComponentStore } from "./component-store.ts";
import type { Env } from "./env.ts";
import { inspectSource } from "./isolates.ts";
import { checkDescription, identityOf } from "./new-revision.ts";

const announceAgainMs = 5_000;

type Publication = Result<{ readonly revision: RevisionDescription; readonly created: boolean }>;

/**
 * The revisions of one component: numbered from 1, never changed. Uploads leave no gap; an agent that
 * is imported brings its revisions under the numbers that they had.
 */
export class ComponentObject extends DurableObject<Env> implements ComponentOperations {
  readonly #store = new ComponentStore(this.ctx.storage);
  readonly #arrivals = new ArrivingRevisions(this.#store, this.env);
  /** Publications run one after the other, for loading the code gives way to other requests. */
  #turn: Promise<unknown> = Promise.resolve();

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  publish(component: string, upload: ComponentUpload): Promise<Publication> {
    return this.#inTurn(() => this.#publish(component, upload));
  }

  admit(component: string, revision: number, code: ComponentCode, arrival: ArrivingAgent) {
    return this.#inTurn(() => this.#arrivals.admit(component, revision, code, arrival));
  }

  async conclude(arrival: ArrivingAgent, isThere: boolean): Promise<void> {
    this.#arrivals.conclude(arrival, isThere);
    if (isThere) await this.#announce();
  }

  async revision(revision: number | "latest"): Promise<Result<RevisionDescription>> {
    if (revision !== "latest") await this.#arrivals.lookAfter(revision);
    const found = revision === "latest" ? this.#store.latest() : this.#store.revision(revision);
    return found === undefined ? this.#missing(revision) : accept(found);
  }

  async revisions(limit: number, before?: number): Promise<Result<readonly RevisionDescription[]>> {
    if (this.#store.latest() === undefined) return this.#missing("latest");
    return accept(this.#store.list(limit, before));
  }

  async code(revision: number): Promise<Result<ComponentCode>> {
    await this.#arrivals.lookAfter(revision);
    const found = this.#store.code(revision);
    return found === undefined ? this.#missing(revision) : accept(found);
  }

  /** Tells the catalog what it may have missed because this object went down before it could. */
  override async alarm(): Promise<void> {
    await this.#arrivals.lookAfterAll();
    await this.#announce();
  }

  async #publish(component: string, upload: ComponentUpload): Promise<Publication> {
    const { limits, isolation } = configOf(this.env);
    const source = { isolation, ...upload };
    const valid = validateSource(source, limits);
    if (!valid.ok) return valid;
    const fault = missingBindingFault(source.bindings ?? [], bindingKinds(this.env));
    if (fault !== undefined) return refuse("invalid-component", fault);
    const { form, digest } = await identityOf(source);
    const latest = this.#store.latest();
    if (latest?.digest === digest) return accept({ revision: latest, created: false });
    const agentTypes = checkDescription(
      await inspectSource(this.env.LOADER, source, limits.componentLoadMs),
    );
    if (!agentTypes.ok) return agentTypes;
    const revision: RevisionDescription = {
      component,
      revision: this.#store.next(),
      digest,
      createdAt: new Date().toISOString(),
      agentTypes: agentTypes.value,
    };
    this.#store.add({ ...revision, form }, Date.now() + announceAgainMs);
    await this.#announce();
    return accept({ revision, created: true });
  }

  /** The alarm that was committed with the revision stays until the catalog has answered. */
  async #announce(): Promise<void> {
    const summary = this.#store.summary();
    if (summary === undefined) return this.#rest();
    try {
      await this.env.CATALOG.getByName("catalog").record(summary);
      // A revision stored meanwhile has still to be told of.
      if (this.#store.latest()?.revision === summary.latestRevision) {
        await this.#rest();
      }
    } catch (error) {
      console.error("the catalog could not be told of a revision", error);
      await this.ctx.storage.setAlarm(Date.now() + announceAgainMs);
    }
  }

  async #rest(): Promise<void> {
    if (this.#store.claims().length === 0) await this.ctx.storage.deleteAlarm();
    else await this.ctx.storage.setAlarm(Date.now() + LOOK_AGAIN_MS);
  }

  #missing(revision: number | "latest"): Result<never> {
    const name = this.ctx.id.name ?? "of this name";
    const latest = this.#store.latest();
    if (latest === undefined) {
      return refuse(
        "component-not-found",
        `There is no component ${name}: upload its code with POST /v1/components/${name}/revisions.`,
      );
    }
    return refuse(
      "revision-not-found",
      `Component ${name} has no revision ${revision}; its latest is ${latest.revision}.`,
    );
  }
}
