import { describe, expect, test } from "vitest";
import { checkUpdate, openUpdates } from "../../../src/core/decide/update.ts";
import type { Status } from "../../../src/core/status/status.ts";
import {
  anUpdate,
  aQueuedUpdate,
  aRequest,
  aStatus,
  current,
  pendingUpdates,
} from "../../support/statuses.ts";

const failed: Partial<Status> = {
  name: "failed",
  current,
  failure: { error: { name: "Error", message: "no" }, retryFrom: 10, attempt: 3 },
};

describe("semantics 5: requests for updates are checked at once", () => {
  test.each<[string, Partial<Status>, "automatic" | "manual", number, string | undefined]>([
    ["another revision", {}, "automatic", 2, undefined],
    ["another revision, by snapshot", {}, "manual", 2, undefined],
    ["a downgrade is an update like others", { revision: 5 }, "automatic", 2, undefined],
    ["what it has already", { revision: 2 }, "automatic", 2, "already-at-revision"],
    ["what it has already, by snapshot", { revision: 2 }, "manual", 2, "already-at-revision"],
    [
      "what it has, while another update is pending",
      pendingUpdates(anUpdate(12, { revision: 2 })),
      "automatic",
      1,
      undefined,
    ],
    [
      "what it has, while a manual update is queued",
      { pending: [aQueuedUpdate(12)] },
      "automatic",
      1,
      undefined,
    ],
    [
      "the same mode and revision as a pending one",
      pendingUpdates(anUpdate(12, { revision: 2 })),
      "automatic",
      2,
      "update-already-pending",
    ],
    [
      "the same as one that is not at the front",
      pendingUpdates(anUpdate(12, { revision: 3 }), anUpdate(13, { revision: 2 })),
      "automatic",
      2,
      "update-already-pending",
    ],
    [
      "the same as a queued manual one",
      { pending: [aRequest(11), aQueuedUpdate(12, 2)] },
      "manual",
      2,
      "update-already-pending",
    ],
    [
      "the same as a manual one whose snapshot is saved",
      pendingUpdates(anUpdate(12, { mode: "manual" })),
      "manual",
      2,
      "update-already-pending",
    ],
    [
      "the same revision in the other mode",
      { pending: [aQueuedUpdate(12, 2)] },
      "automatic",
      2,
      undefined,
    ],
    [
      "another revision in the same mode",
      pendingUpdates(anUpdate(12, { revision: 2 })),
      "automatic",
      3,
      undefined,
    ],
    ["a failed agent has nothing to save", failed, "manual", 2, "agent-failed"],
    ["an automatic update may heal a failed agent", failed, "automatic", 2, undefined],
    ["an interrupted agent", { name: "interrupted", current }, "manual", 2, undefined],
    ["a running agent", { name: "running", current }, "manual", 2, undefined],
    ["a retrying agent", { name: "retrying", current }, "automatic", 2, undefined],
  ])("%s", (_, changed, mode, revision, code) => {
    expect(checkUpdate(aStatus(changed), { mode, revision })?.code).toBe(code);
  });

  test("a refusal for a failed agent shows the failure, and tells what to do next", () => {
    const refusal = checkUpdate(aStatus(failed), { mode: "manual", revision: 2 });
    expect(refusal?.members?.lastError).toMatchObject({ name: "Error", message: "no" });
    expect(refusal?.detail).toMatch(/resume it first/);
  });

  test("open updates are the queued and the pending ones", () => {
    const status = aStatus({
      pending: [aRequest(11), aQueuedUpdate(12, 3)],
      ...pendingUpdates(anUpdate(13, { revision: 4 })),
    });
    expect(openUpdates(status)).toMatchObject([
      { mode: "manual", revision: 3 },
      { mode: "automatic", revision: 4 },
    ]);
  });
});
