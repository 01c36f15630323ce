import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SnapshotPolicy } from "../../../src/core/api/views.ts";
import { alarmAt, frontUpdate, nextStep, snapshotDueAt } from "../../../src/core/decide/next.ts";
import { defaultLimits as limits } from "../../../src/core/limits.ts";
import type { Status } from "../../../src/core/status/status.ts";
import { legalLogs } from "../../support/legal-logs.ts";
import { announceSeed, check } from "../../support/property.ts";
import { statusesOf } from "../../support/statuses.ts";

announceSeed();

const policies = fc.oneof(
  fc.constant<SnapshotPolicy>("disabled"),
  fc.record({ everyInvocations: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ everySeconds: fc.integer({ min: 1, max: 5 }) }),
);

/** One pending update that may wake an interrupted agent is enough: they are applied in order. */
function wakes({ updates }: Status): boolean {
  return updates.pending.some(({ wake }) => wake);
}

/** When there is work, put as times: what is due has a time that is over. */
function times(status: Status, policy: SnapshotPolicy): (number | undefined)[] {
  const [front] = status.updates.pending;
  const hasUpdate = front !== undefined && (status.name !== "interrupted" || wakes(status));
  if (hasUpdate || status.name === "running") return [0];
  const heard = status.current?.cancelledAt;
  const stopAt = heard === undefined ? undefined : heard + limits.cancelGraceMs;
  if (status.name === "suspended") return [status.suspendedUntil, stopAt];
  if (status.name === "retrying") return [status.failure?.retryAt ?? 0, stopAt];
  if (status.name !== "idle") return [];
  const { finishedSince, lastAt } = status.snapshots;
  const byCount = policy !== "disabled" && "everyInvocations" in policy && policy.everyInvocations;
  const byTime = policy !== "disabled" && "everySeconds" in policy && policy.everySeconds;
  return [
    ...status.pending.map(({ scheduledFor }) => scheduledFor ?? 0),
    byCount !== false && finishedSince >= byCount ? 0 : undefined,
    byTime !== false && finishedSince > 0 ? lastAt + byTime * 1000 : undefined,
  ];
}

describe("semantics 9: the alarm", () => {
  test("in every reachable status with work outstanding an alarm is due: now when there is work to do, else at the earliest of what comes", () => {
    check(
      fc.tuple(legalLogs(), policies, fc.nat(12_000)),
      ([log, policy, ahead]) => {
        for (const status of statusesOf(log)) {
          // What a retry without an invocation leads to has its own test beside the table of nextStep.
          if (status.name === "retrying" && status.current === undefined) continue;
          const now = (log.entries[status.lastIndex - 1]?.entry.at ?? 0) + ahead;
          const known = times(status, policy).filter((time) => time !== undefined);
          const expected = known.length === 0 ? undefined : Math.max(now, Math.min(...known));
          expect(alarmAt(status, { policy, limits }, now)).toBe(expected);
        }
      },
      1000,
    );
  });

  test("the next step is total, and the alarm agrees with it", () => {
    check(
      fc.tuple(legalLogs(), policies, fc.nat(12_000)),
      ([log, policy, ahead]) => {
        for (const status of statusesOf(log)) {
          const now = log.now + ahead;
          const step = nextStep(status, { policy, limits }, now);
          const alarm = alarmAt(status, { policy, limits }, now);
          if (step.do === "rest") expect(alarm).toBeUndefined();
          else if (step.do === "wait") {
            expect(step.until).toBeGreaterThan(now);
            expect(alarm).toBe(step.until);
          } else expect(alarm).toBe(now);
        }
      },
      700,
    );
  });

  test("semantics 3: interrupt > pending updates > automatic snapshot > pending invocations, in every reachable status", () => {
    check(
      fc.tuple(legalLogs(), policies),
      ([log, policy]) => {
        for (const status of statusesOf(log)) {
          const step = nextStep(status, { policy, limits }, log.now).do;
          const [front] = status.updates.pending;
          if (status.name === "interrupted" && !wakes(status)) expect(step).toBe("rest");
          else if (front !== undefined) expect(step).toBe("apply-update");
          else expect(step).not.toBe("apply-update");
          if (step === "invoke" || step === "save-for-update") {
            expect(status.current).toBeUndefined();
            const at = snapshotDueAt(status, policy, log.now);
            expect(at === undefined || at > log.now).toBe(true);
          }
        }
      },
      1000,
    );
  });

  test("semantics 5: a pending update is never enqueued again: while one is pending, none is saved for", () => {
    check(
      fc.tuple(legalLogs(), policies, fc.nat(100_000)),
      ([log, policy, ahead]) => {
        for (const status of statusesOf(log)) {
          if (status.updates.pending.length === 0) continue;
          const step = nextStep(status, { policy, limits }, log.now + ahead).do;
          expect(["apply-update", "rest"]).toContain(step);
          expect(step === "rest").toBe(frontUpdate(status) === undefined);
        }
      },
      1000,
    );
  });
});
