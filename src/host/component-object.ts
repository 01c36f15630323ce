import type { AgentTypeDescription, RevisionDescription } from "../core/api/description.ts";
import { DurableObject } from "cloudflare:workers";
import type {
  ComponentCode,
  ComponentOperations,
  ComponentUpload,
} from "../core/api/operations.ts";
import { missingBindingFault } from "../core/bindings/grants.ts";
import { toCanonicalForm } from "../core/component/canonical-form.ts";
import { utf8Length } from "../core/utf8-length.ts";
import { validateSource } from "../core/component/validate-source.ts";
import { accept, refuse, type Result } from "../core/errors.ts";
import { configOf } from "./config.ts";
import { bindingKinds } from "./binding-kinds.ts";
import { ComponentStore } from "./component-store.ts";
import type { Env } from "./env.ts";
import { inspectSource } from "./isolates.ts";

/** The description of a revision is one row. */
const descriptionBytes = 1_000_000;
const announceAgainMs = 5_000;

type Publication = Result<{ readonly revision: RevisionDescription; readonly created: boolean }>;

/** The revisions of one component: numbered from 1 without gaps, never changed. */
export class ComponentObject extends DurableObject<Env> implements ComponentOperations {
  readonly #store = new ComponentStore(this.ctx.storage);
  /** Publications run one after the other, for loading the code gives way to other requests. */
  #turn: Promise<unknown> = Promise.resolve();

  publish(component: string, upload: ComponentUpload): Promise<Publication> {
    const publication = this.#turn.then(() => this.#publish(component, upload));
    this.#turn = publication.catch(() => undefined);
    return publication;
  }

  async revision(revision: number | "latest"): Promise<Result<RevisionDescription>> {
    const found = revision === "latest" ? this.#store.latest() : this.#store.revision(revision);
    return found === undefined ? this.#missing(revision) : accept(found);
  }

  async revisions(limit: number, before?: number): Promise<Result<readonly RevisionDescription[]>> {
    if (this.#store.latest() === undefined) return this.#missing("latest");
    return accept(this.#store.list(limit, before));
  }

  async code(revision: number): Promise<Result<ComponentCode>> {
    const found = this.#store.code(revision);
    return found === undefined ? this.#missing(revision) : accept(found);
  }

  /** Tells the catalog what it may have missed because this object went down before it could. */
  override async alarm(): Promise<void> {
    await this.#announce();
  }

  async #publish(component: string, upload: ComponentUpload): Promise<Publication> {
    const { limits, isolation } = configOf(this.env);
    const source = { isolation, ...upload };
    const valid = validateSource(source, limits);
    if (!valid.ok) return valid;
    const fault = missingBindingFault(source.bindings ?? [], bindingKinds(this.env));
    if (fault !== undefined) return refuse("invalid-component", fault);
    const form = new TextEncoder().encode(toCanonicalForm(source));
    const digest = await digestOf(form);
    const latest = this.#store.latest();
    if (latest?.digest === digest) return accept({ revision: latest, created: false });
    const agentTypes = checkDescription(
      await inspectSource(this.env.LOADER, source, limits.componentLoadMs),
    );
    if (!agentTypes.ok) return agentTypes;
    const revision: RevisionDescription = {
      component,
      revision: (latest?.revision ?? 0) + 1,
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
    if (summary === undefined) return;
    try {
      await this.env.CATALOG.getByName("catalog").record(summary);
      // A revision stored meanwhile has still to be told of.
      if (this.#store.latest()?.revision === summary.latestRevision) {
        await this.ctx.storage.deleteAlarm();
      }
    } catch (error) {
      console.error("the catalog could not be told of a revision", error);
      await this.ctx.storage.setAlarm(Date.now() + announceAgainMs);
    }
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

async function digestOf(form: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", form));
  const digits = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0"));
  return `sha256:${digits.join("")}`;
}

function checkDescription(
  inspection: Result<readonly AgentTypeDescription[]>,
): Result<readonly AgentTypeDescription[]> {
  if (!inspection.ok || utf8Length(JSON.stringify(inspection.value)) <= descriptionBytes) {
    return inspection;
  }
  return refuse(
    "invalid-component",
    "The methods' descriptions and schemas are more than 1 MB together: shorten them, or split the component.",
  );
}
