/** Saving and loading an instance's state: the author's hooks, and what happens without them. */
import type { SnapshotData } from "../../core/oplog/entry.ts";
import type { Boot } from "../../core/protocol.ts";
import type { Agent } from "../author/agent.ts";
import type { AuthorInstance } from "./entering.ts";
import { AgentError } from "../author/errors.ts";
import { migrated, stateSchemaOf } from "./migrations.ts";
import { clearTimer, setTimer } from "../platform.ts";
import { decode, encode } from "../values.ts";

interface Hooks {
  saveSnapshot?(): unknown;
  /** A class that names its version is told that of the state, too. */
  loadSnapshot?(state: unknown, saved: { readonly revision: number; version?: number }): unknown;
}

function fieldsOf(instance: Agent): Record<string, unknown> {
  return Object.fromEntries(Object.entries(instance));
}

function checkSize(bytes: number, limit: number): void {
  if (bytes <= limit) return;
  throw new AgentError(
    `The snapshot has ${bytes} bytes, more than ${limit}; keep less in the agent's fields, or save less in saveSnapshot.`,
    { code: "payload-too-large" },
  );
}

/** Nothing else may happen to an agent meanwhile, so a hook that never ends must not hold it, nor its update. */
async function inTime<T>(hook: string, { boot }: AuthorInstance, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const { snapshotHookMs } = boot.settings.limits;
  const seconds = snapshotHookMs / 1000;
  const message = `${hook} has not ended within ${seconds} seconds; let it do less, or end what it waits for.`;
  const timer = setTimer(() => reject(new Error(message)), snapshotHookMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimer(timer);
  }
}

/** The instance's snapshot; throws what the hook throws, or an error that names the field that cannot be saved. */
export async function saveInstance(instance: AuthorInstance): Promise<SnapshotData> {
  const { version } = stateSchemaOf(instance.AgentClass);
  const { snapshotBytes } = instance.boot.settings.limits;
  const work = saved(instance.agent, snapshotBytes);
  const snapshot = await inTime("saveSnapshot", instance, work);
  return version === 1 ? snapshot : { ...snapshot, version };
}

async function saved(instance: Agent, limit: number): Promise<SnapshotData> {
  const hooks = instance as Agent & Hooks;
  const state = hooks.saveSnapshot === undefined ? fieldsOf(instance) : await hooks.saveSnapshot();
  if (state instanceof Uint8Array) {
    checkSize(state.length, limit);
    const payload = state.toBase64();
    return { mime: "application/octet-stream", payload, bytes: state.length };
  }
  const payload = encode(state, hooks.saveSnapshot === undefined ? "this" : "snapshot");
  const bytes = new TextEncoder().encode(payload).length;
  checkSize(bytes, limit);
  return { mime: "application/json", payload, bytes };
}

/** Restores a fresh instance; throws what the hook throws, or says what its migrations lack. */
export function loadInstance(
  instance: AuthorInstance,
  base: NonNullable<Boot["base"]>,
): Promise<void> {
  return inTime("loadSnapshot", instance, load(instance, base));
}

async function load(
  { agent, AgentClass }: AuthorInstance,
  { snapshot, revision }: NonNullable<Boot["base"]>,
): Promise<void> {
  const hooks = agent as Agent & Hooks;
  const schema = stateSchemaOf(AgentClass);
  const { mime, payload, version = 1 } = snapshot;
  const state =
    mime === "application/octet-stream" ? Uint8Array.fromBase64(payload) : decode(payload);
  if (hooks.loadSnapshot !== undefined) {
    await hooks.loadSnapshot(state, { revision, ...(schema.isDeclared ? { version } : {}) });
    return;
  }
  const fields = await migrated(schema, state, version);
  if (typeof fields !== "object" || fields === null || fields instanceof Uint8Array) {
    throw new TypeError("The snapshot is not a set of fields; define loadSnapshot to restore it.");
  }
  Object.assign(agent, fields);
}
