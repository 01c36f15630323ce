import { describe, expect, test } from "vitest";
import { checkSnapshot, snapshotMime } from "../../../src/core/decide/snapshot.ts";
import type { Entry } from "../../../src/core/oplog/entry.ts";
import type { Status } from "../../../src/core/status/status.ts";
import { aStatus, current } from "../../support/statuses.ts";

describe("http-api: a snapshot that is asked for is taken of an idle agent only", () => {
  test.each<[Status["name"], RegExp | undefined]>([
    ["idle", undefined],
    ["running", /in progress/],
    ["suspended", /in progress/],
    ["interrupted", /resume it/],
    ["retrying", /try again/],
    ["failed", /resume or update it/],
  ])("%s", (name, detail) => {
    const refusal = checkSnapshot(aStatus({ name, current }));
    expect(refusal?.code).toBe(detail && "not-snapshottable");
    if (detail !== undefined) expect(refusal?.detail).toMatch(detail);
  });

  test("the refusal of a failed agent shows why", () => {
    const error = { name: "Error", message: "no", status: 418 };
    const failure = { error, retryFrom: 1, attempt: 1 };
    const refusal = checkSnapshot(aStatus({ name: "failed", failure }));
    expect(refusal?.members?.lastError).toEqual({ name: "Error", message: "no" });
  });
});

describe("http-api: which entries hold snapshots", () => {
  const mime = "application/octet-stream" as const;
  const update = { updateId: "u", revision: 2, requestedAt: 1, wake: true, at: 1 } as const;

  test.each<[string, Entry | undefined, string | undefined]>([
    ["a Snapshot", { kind: "Snapshot", at: 1, mime, revision: 1, bytes: 1 }, mime],
    [
      "a manual PendingUpdate",
      { kind: "PendingUpdate", mode: "manual", ...update, snapshot: { mime, bytes: 1 } },
      mime,
    ],
    [
      "an automatic PendingUpdate",
      { kind: "PendingUpdate", mode: "automatic", ...update },
      undefined,
    ],
    ["any other", { kind: "Log", at: 1, level: "log", message: "" }, undefined],
    ["none", undefined, undefined],
  ])("%s", (_, entry, held) => {
    expect(snapshotMime(aStatus(), 7, entry)).toBe(held);
    expect(snapshotMime(aStatus({ deleted: [[5, 7]] }), 7, entry)).toBeUndefined();
  });
});
