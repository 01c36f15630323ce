import { describe, expect, test } from "vitest";
import {
  showAgent,
  showError,
  showInvocation,
  showPayload,
  showUpdates,
  time,
} from "../../../src/core/api/show.ts";
import type { AgentView } from "../../../src/core/api/views.ts";
import type { PendingAgentInvocation } from "../../../src/core/oplog/entry.ts";
import { richPayload } from "../../../src/core/oplog/payload.ts";
import type { Status } from "../../../src/core/status/status.ts";
import {
  anUpdate,
  aQueuedUpdate,
  aRequest,
  aStatus,
  current,
  pendingUpdates,
} from "../../support/statuses.ts";

const open = (text: string): string => `opened ${text}`;
const AT = Date.UTC(2026, 10, 23, 12, 0, 0, 7);
const SAID = "2026-11-23T12:00:00.007Z";
const EPOCH = "1970-01-01T00:00:00.000Z";

describe("http: times, payloads and errors", () => {
  test("times are UTC with milliseconds", () => {
    expect(time(AT)).toBe(SAID);
    expect(time(0)).toBe(EPOCH);
  });

  test("a payload is JSON where it is JSON, else opened", () => {
    expect(showPayload('{"a":[1,null]}', open)).toEqual({ a: [1, null] });
    expect(showPayload("null", open)).toBeNull();
    expect(showPayload(richPayload("map"), open)).toBe("opened map");
  });

  test("an error has its name, message, code and details, and nothing else", () => {
    const error = { name: "E", message: "m", code: "c", status: 418, details: { a: 1 } };
    expect(showError(error)).toEqual({ name: "E", message: "m", code: "c", details: { a: 1 } });
    expect(showError({ name: "E", message: "m" })).toEqual({ name: "E", message: "m" });
    expect(showError({ name: "E", message: "m", details: null })).toHaveProperty("details", null);
  });
});

const fresh: AgentView = {
  component: "shop",
  type: "Cart",
  key: "k",
  incarnation: "i",
  status: "idle",
  revision: 1,
  createdAt: EPOCH,
  pendingInvocations: 0,
  updates: { pending: [], successful: [], failed: [] },
  lastManualUpdateSnapshotIndex: null,
  lastAutomaticSnapshotIndex: null,
  skippedRegions: [],
  deletedRegions: [],
  lastOplogIndex: 20,
};

const failure = { error: { name: "E", message: "m" }, retryFrom: 10, attempt: 1 };

describe("http: the agent resource", () => {
  test("a new agent", () => {
    expect(showAgent(aStatus(), 1000, open)).toStrictEqual(fresh);
  });

  test.each<[string, Partial<Status>, Partial<AgentView>]>([
    [
      "params and env as they were given",
      { identity: { ...aStatus().identity, params: "[1]", env: { A: "b" } } },
      { params: [1], env: { A: "b" } },
    ],
    [
      "pendingInvocations: method calls that are due, no scheduled ones, no updates, no initialization",
      {
        pending: [
          { ...aRequest(2), request: { type: "initialization" } },
          aRequest(3),
          aRequest(4, 900),
          aRequest(5, 2000),
        ],
      },
      { pendingInvocations: 2, nextWakeAt: time(900) },
    ],
    [
      "the two kinds of bases and the regions",
      {
        snapshots: { lastManualUpdate: 7, lastAutomatic: 9, finishedSince: 0, lastAt: 0 },
        skipped: [[2, 7]],
        deleted: [[4, 5]],
      },
      {
        lastManualUpdateSnapshotIndex: 7,
        lastAutomaticSnapshotIndex: 9,
        skippedRegions: [[2, 7]],
        deletedRegions: [[4, 5]],
      },
    ],
    [
      "suspended: when it wakes",
      { name: "suspended", current, suspendedUntil: AT },
      { status: "suspended", nextWakeAt: SAID },
    ],
    ["suspended without an end", { name: "suspended", current }, { status: "suspended" }],
    [
      "retrying: when, and why",
      { name: "retrying", current, failure: { ...failure, retryAt: AT } },
      { status: "retrying", nextWakeAt: SAID, lastError: failure.error },
    ],
    [
      "failed: why",
      { name: "failed", current, failure },
      { status: "failed", lastError: failure.error },
    ],
    [
      "the earliest of what wakes it",
      { name: "suspended", current, suspendedUntil: AT, pending: [aRequest(3, AT - 5)] },
      { status: "suspended", pendingInvocations: 0, nextWakeAt: time(AT - 5) },
    ],
  ])("%s", (_, changed, view) => {
    expect(showAgent(aStatus(changed), 1000, open)).toStrictEqual({ ...fresh, ...view });
  });
});

describe("http: updates", () => {
  test("a manual one is queued until its snapshot is saved; open ones come in the order of their requests", () => {
    const status = aStatus({
      pending: [aQueuedUpdate(4, 2)],
      ...pendingUpdates(
        anUpdate(6, { id: "m", mode: "manual", revision: 5, requestedAt: 1 }),
        anUpdate(9, { id: "a", revision: 3, requestedAt: 9 }),
      ),
    });
    expect(showUpdates(status).pending).toEqual([
      { id: "m", mode: "manual", revision: 5, status: "pending", requestedAt: time(1) },
      { id: "update-4", mode: "manual", revision: 2, status: "queued", requestedAt: time(4) },
      { id: "a", mode: "automatic", revision: 3, status: "pending", requestedAt: time(9) },
    ]);
  });

  test("concluded ones say when, and failed ones why", () => {
    const done = { mode: "manual", revision: 2, requestedAt: 1, concludedAt: AT } as const;
    const updates = {
      pending: [],
      successful: [{ id: "s", ...done }],
      failed: [{ id: "f", ...done, detail: "no" }],
    };
    const shown = { mode: "manual", revision: 2, requestedAt: time(1), concludedAt: SAID };
    expect(showUpdates(aStatus({ updates }))).toStrictEqual({
      pending: [],
      successful: [{ id: "s", ...shown, status: "successful" }],
      failed: [{ id: "f", ...shown, status: "failed", detail: "no" }],
    });
  });
});

describe("http: the invocation resource", () => {
  const pending: PendingAgentInvocation = {
    kind: "PendingAgentInvocation",
    at: AT,
    idempotencyKey: "k",
    invocation: { type: "method", method: "add", args: "[1]" },
  };
  const started = {
    kind: "AgentInvocationStarted",
    at: AT,
    idempotencyKey: "k",
    pendingIndex: 2,
    method: "add",
    seed: "s",
  } as const;
  const finished = {
    kind: "AgentInvocationFinished",
    at: AT,
    idempotencyKey: "k",
    revision: 3,
  } as const;
  const scheduled = { ...pending, scheduledFor: AT + 5 };

  const shown = { idempotencyKey: "k", method: "add", acceptedAt: SAID };

  test.each<[string, Parameters<typeof showInvocation>[0], number, object]>([
    ["pending", { pending }, AT, { ...shown, status: "pending" }],
    [
      "scheduled",
      { pending: scheduled },
      AT,
      { ...shown, status: "scheduled", scheduledFor: time(AT + 5) },
    ],
    [
      "scheduled, and due",
      { pending: scheduled },
      AT + 5,
      { ...shown, status: "pending", scheduledFor: time(AT + 5) },
    ],
    ["running", { pending, started }, AT, { ...shown, status: "running", startedAt: SAID }],
    [
      "completed",
      { pending, started, ended: { ...finished, outcome: { ok: true, result: "null" } } },
      AT,
      {
        ...shown,
        status: "completed",
        startedAt: SAID,
        finishedAt: SAID,
        revision: 3,
        result: null,
      },
    ],
    [
      "failed",
      {
        pending,
        started,
        ended: { ...finished, outcome: { ok: false, error: { ...failure.error, status: 418 } } },
      },
      AT,
      {
        ...shown,
        status: "failed",
        startedAt: SAID,
        finishedAt: SAID,
        revision: 3,
        error: failure.error,
      },
    ],
    [
      "cancelled",
      { pending, ended: { kind: "CancelPendingInvocation", at: AT, idempotencyKey: "k" } },
      AT,
      { ...shown, status: "cancelled", finishedAt: SAID },
    ],
  ])("%s", (_, entries, now, view) => {
    expect(showInvocation(entries, now, open)).toStrictEqual(view);
  });
});
