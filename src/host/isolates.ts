/**
 * Isolates for author code, through the Worker Loader. Nothing leaves an isolate but calls to its
 * host. By name where the platform caches and bills isolates by their names; without one on a
 * single machine, which frees only those.
 */
import type { AgentTypeDescription } from "../core/api/description.ts";
import type { ComponentCode, ComponentSource } from "../core/api/operations.ts";
import { accept, refuse, type Result } from "../core/errors.ts";
import type { InstanceIdentity } from "../core/protocol.ts";
import type { InspectorPort } from "../transport/inspector.ts";
import { guestSource } from "../generated/guest-source.ts";

const COMPATIBILITY_DATE = "2026-11-01";

/** Node's modules and globals come with the date; of them agents have asynchronous context alone. */
const COMPATIBILITY_FLAGS = ["no_nodejs_compat", "no_nodejs_compat_v2", "nodejs_als"];

const MAIN = "perdure:main";

/** What authors import from `perdure`. */
const PUBLIC_MODULE = `export { Agent, AgentError, RetryableError, agent, atomically, completePromise, createPromise, invocation, saga, sleep, step, withIdempotence, withRetry } from "/perdure:runtime";`;

/** From what time and randomness derive while the code of an isolate loads. */
interface Creation {
  readonly createdAt: number;
  readonly seed: string;
  readonly isExclusive: boolean;
}

function mainModule(source: ComponentSource): string {
  return [
    `import { inspectorClass, instanceClass } from "/perdure:runtime";`,
    `import * as author from ${JSON.stringify(`/${source.main}`)};`,
    `export const Instance = instanceClass(author);`,
    `export const Inspector = inspectorClass(author);`,
  ].join("\n");
}

/** Whether any module may import another one while it runs. */
function importsLater({ modules }: ComponentSource): boolean {
  return Object.values(modules).some((text) => /\bimport\s*\(/.test(text));
}

function workerCode(source: ComponentSource, creation: Creation): WorkerLoaderWorkerCode {
  const modules: WorkerLoaderWorkerCode["modules"] = {
    [MAIN]: { js: mainModule(source) },
    "perdure:runtime": { js: guestSource },
    "perdure:creation": { json: { ...creation, importsLater: importsLater(source) } },
    perdure: { js: PUBLIC_MODULE },
    // A module of this name stands before the platform's.
    "cloudflare:sockets": { js: `export { connect } from "/perdure:runtime";` },
  };
  for (const [name, text] of Object.entries(source.modules)) {
    modules[name] = { js: text };
    // The loader looks a bare name up beside the module that imports it.
    const folder = name.slice(0, name.lastIndexOf("/") + 1);
    if (folder !== "") modules[`${folder}perdure`] = { js: PUBLIC_MODULE };
  }
  return {
    compatibilityDate: COMPATIBILITY_DATE,
    compatibilityFlags: COMPATIBILITY_FLAGS,
    mainModule: MAIN,
    modules,
    globalOutbound: null,
  };
}

/** Whether isolates are loaded by name. */
export type Loading = "named" | "anonymous";

export class Isolates {
  readonly #loader: WorkerLoader;
  readonly #loading: Loading;

  constructor(loader: WorkerLoader, loading: Loading) {
    this.#loader = loader;
    this.#loading = loading;
  }

  #load(name: string, source: ComponentSource, creation: Creation): WorkerStub {
    const code = workerCode(source, creation);
    return this.#loading === "named" ? this.#loader.get(name, () => code) : this.#loader.load(code);
  }

  /** The class that runs an agent: in an isolate of its own, unless the component shares one per revision. */
  instanceClass(
    { digest, source }: ComponentCode,
    { incarnation, createdAt, origin }: InstanceIdentity,
    attempt: number,
  ): DurableObjectClass {
    if (source.isolation === "shared") {
      const creation = { createdAt: 0, seed: digest, isExclusive: false };
      const stub = this.#loader.get(digest, () => workerCode(source, creation));
      return stub.getDurableObjectClass("Instance");
    }
    const seed = origin?.incarnation ?? incarnation;
    const creation = { createdAt, seed, isExclusive: true };
    const name = `${digest}/${incarnation}/${attempt}`;
    return this.#load(name, source, creation).getDurableObjectClass("Instance");
  }

  /** An isolate that belongs to no agent. */
  inspector({ digest, source }: ComponentCode): InspectorPort {
    const name = `${digest}/inspector`;
    const stub = this.#load(name, source, {
      createdAt: 0,
      seed: digest,
      isExclusive: false,
    });
    return stub.getEntrypoint("Inspector") as unknown as InspectorPort;
  }
}

function withTimeLimit<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`it did not finish loading within ${limitMs / 1000} s`)),
      limitMs,
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** The platform's message without its own framing: what is wrong, and where in the author's modules. */
function whatIsWrong(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `${message.replace(/^Failed to start Worker:\s*/i, "").trim()}${adviceOn(message)}`;
}

function adviceOn(message: string): string {
  const [, missing] = /No such module "([^"]*)"/.exec(message) ?? [];
  if (missing === undefined) return "";
  return missing.startsWith("node:")
    ? "\nAgents have none of Node's modules: bundle for the browser, or use what the web platform has."
    : "\nBundle packages into the upload, and put modules of your own among its modules.";
}

/** Loads code once, in an isolate that belongs to no agent, and says what it exports. */
export async function inspectSource(
  loader: WorkerLoader,
  source: ComponentSource,
  withinMs: number,
): Promise<Result<readonly AgentTypeDescription[]>> {
  const inspector = new Isolates(loader, "anonymous").inspector({ digest: "upload", source });
  try {
    const types = await withTimeLimit(inspector.describe(), withinMs);
    if (types.length > 0) return accept(types);
    const detail = `${source.main} exports no agent class; export a class that extends Agent, imported from "perdure".`;
    return refuse("invalid-component", detail);
  } catch (error) {
    return refuse("invalid-component", `The code cannot be loaded: ${whatIsWrong(error)}`);
  }
}
