/** Saving and loading an instance's state: the author's hooks, and what happens without them. */
import type { SnapshotData } from "../core/oplog/entry.ts";
import type { Boot } from "../core/protocol.ts";
import type { Agent } from "./agent.ts";
import { decode, encode } from "./values.ts";

interface Hooks {
  saveSnapshot?(): unknown;
  loadSnapshot?(state: unknown, saved: { readonly revision: number }): unknown;
}

function fieldsOf(instance: Agent): Record<string, unknown> {
  return { ...instance };
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(binary);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0));
}

/** The instance's snapshot; throws what the hook throws, or an error that names the field that cannot be saved. */
export async function saveInstance(instance: Agent): Promise<SnapshotData> {
  const hooks = instance as Agent & Hooks;
  const state =
    hooks.saveSnapshot === undefined ? fieldsOf(instance) : await hooks.saveSnapshot();
  if (state instanceof Uint8Array) {
    const payload = toBase64(state);
    return { mime: "application/octet-stream", payload, bytes: state.length };
  }
  const what = hooks.saveSnapshot === undefined ? "field " : "snapshot";
  const payload = encode(state ?? null, what);
  return { mime: "application/json", payload, bytes: new TextEncoder().encode(payload).length };
}

/** Restores a fresh instance; throws what the hook throws. */
export async function loadInstance(
  instance: Agent,
  { snapshot, revision }: NonNullable<Boot["base"]>,
): Promise<void> {
  const hooks = instance as Agent & Hooks;
  const { mime, payload } = snapshot;
  const state = mime === "application/octet-stream" ? fromBase64(payload) : decode(payload);
  if (hooks.loadSnapshot !== undefined) {
    await hooks.loadSnapshot(state, { revision });
    return;
  }
  if (typeof state !== "object" || state === null || state instanceof Uint8Array) {
    throw new TypeError("The snapshot is not a set of fields; define loadSnapshot to restore it.");
  }
  Object.assign(instance, state);
}
