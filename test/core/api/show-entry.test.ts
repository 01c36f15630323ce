import { describe, expect, test } from "vitest";
import { showEntry } from "../../../src/core/api/show.ts";
import type { EntryView } from "../../../src/core/api/views.ts";
import type { Entry } from "../../../src/core/oplog/entry.ts";
import { richPayload } from "../../../src/core/oplog/payload.ts";

const open = (text: string): string => `opened ${text}`;
const AT = Date.UTC(2026, 10, 23, 12, 0, 0, 7);
const SAID = "2026-11-23T12:00:00.007Z";
const failure = { name: "E", message: "m" };

describe("http: entries", () => {
  test.each<[string, Entry, object]>([
    [
      "Create",
      {
        kind: "Create",
        at: AT,
        component: "shop",
        type: "Cart",
        key: "k",
        revision: 1,
        incarnation: "i",
        params: "[1]",
        env: { A: "b" },
      },
      {
        component: "shop",
        type: "Cart",
        key: "k",
        revision: 1,
        incarnation: "i",
        params: [1],
        env: { A: "b" },
      },
    ],
    [
      "PendingAgentInvocation",
      {
        kind: "PendingAgentInvocation",
        at: AT,
        idempotencyKey: "k",
        invocation: { type: "method", method: "add", args: richPayload("date") },
        scheduledFor: AT,
      },
      {
        idempotencyKey: "k",
        invocation: { type: "method", method: "add", args: "opened date" },
        scheduledFor: SAID,
      },
    ],
    [
      "AgentInvocationFinished",
      {
        kind: "AgentInvocationFinished",
        at: AT,
        idempotencyKey: "k",
        outcome: { ok: true, result: '{"n":1}' },
        revision: 2,
      },
      { idempotencyKey: "k", outcome: { ok: true, result: { n: 1 } }, revision: 2 },
    ],
    [
      "Start",
      {
        kind: "Start",
        at: AT,
        call: "fetch",
        durability: "write-remote",
        request: '{"url":"x"}',
        parent: 3,
      },
      { call: "fetch", durability: "write-remote", request: { url: "x" }, parent: 3 },
    ],
    [
      "End",
      { kind: "End", at: AT, start: 3, response: "5", inline: true },
      { start: 3, response: 5 },
    ],
    ["Jump", { kind: "Jump", at: AT, region: [3, 9] }, { region: [3, 9] }],
    [
      "Suspend",
      { kind: "Suspend", at: AT, reason: "sleep", until: AT },
      { reason: "sleep", until: SAID },
    ],
    [
      "Error",
      { kind: "Error", at: AT, error: failure, retryFrom: 3, attempt: 2, retryAt: AT },
      { error: failure, retryFrom: 3, attempt: 2, retryAt: SAID },
    ],
    [
      "PendingUpdate",
      {
        kind: "PendingUpdate",
        at: AT,
        updateId: "u",
        mode: "manual",
        revision: 2,
        requestedAt: AT,
        wake: true,
        snapshot: { mime: "application/json", bytes: 2 },
        savedBy: 1,
        version: 3,
      },
      {
        updateId: "u",
        mode: "manual",
        revision: 2,
        snapshot: { mime: "application/json", bytes: 2 },
      },
    ],
    [
      "FailedUpdate",
      { kind: "FailedUpdate", at: AT, updateId: "u", revision: 2, detail: "no" },
      { updateId: "u", revision: 2, detail: "no" },
    ],
    [
      "Log",
      { kind: "Log", at: AT, level: "warn", message: "{x" },
      { level: "warn", message: "{x" },
    ],
  ])("%s", (kind, entry, members) => {
    const shown = showEntry({ index: 12, entry }, undefined, open);
    expect(shown).toStrictEqual({ index: 12, at: SAID, kind, ...members });
  });

  test.each<[string, "application/json" | "application/octet-stream", string | undefined, object]>([
    ["as JSON", "application/json", '{"n":1}', { snapshot: { n: 1 } }],
    ["as base64", "application/octet-stream", "AQID", { snapshot: "AQID" }],
    ["once it is collected", "application/json", undefined, { collected: true }],
  ])("a snapshot %s", (_, mime, payload, members) => {
    const entry = { kind: "Snapshot", at: AT, mime, revision: 2, bytes: 3, version: 3 } as const;
    const shown: EntryView = showEntry({ index: 12, entry }, payload, open);
    expect(shown).toStrictEqual({
      index: 12,
      at: SAID,
      kind: "Snapshot",
      mime,
      revision: 2,
      bytes: 3,
      ...members,
    });
  });

  test("what authors write is shown as it is, whatever they call it", () => {
    const names = {
      request: "no JSON",
      result: "~x",
      until: 5,
      wake: "yes",
      inline: true,
      savedBy: "me",
      requestedAt: 1,
    };
    const error = { name: "E", message: "m", details: names };
    const outcome = { ok: false, error } as const;
    const finished: Entry = {
      kind: "AgentInvocationFinished",
      at: AT,
      idempotencyKey: "k",
      outcome,
      revision: 1,
    };
    expect(showEntry({ index: 3, entry: finished }, undefined, open)).toMatchObject({ outcome });
    const env = { request: "no JSON", wake: "yes" };
    const created: Entry = {
      kind: "Create",
      at: AT,
      component: "shop",
      type: "Cart",
      key: "k",
      revision: 1,
      incarnation: "i",
      env,
    };
    expect(showEntry({ index: 1, entry: created }, undefined, open)).toMatchObject({ env });
  });
});
