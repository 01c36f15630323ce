import { expect } from "vitest";
import type { UpdateMode } from "../../../src/core/api/views.ts";
import type { AgentClient } from "./api.ts";

/** Expects that an update was requested once, was pending once, and succeeded once. */
export async function expectOnce(agent: AgentClient, mode: UpdateMode, id: string): Promise<void> {
  const entries = await agent.oplog();
  const ofUpdate = entries.filter(({ updateId }) => updateId === id).map(({ kind }) => kind);
  expect(ofUpdate).toEqual(["PendingUpdate", "SuccessfulUpdate"]);
  const queued = entries.filter(({ invocation }) => JSON.stringify(invocation)?.includes(id));
  expect(queued).toHaveLength(mode === "manual" ? 1 : 0);
  expect((await agent.updates()).pending).toEqual([]);
}
