/** When recurring schedules run: what we ask of the cron library. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextTime, timingFaults } from "../../src/runtime/operations/cron.ts";
import { announceSeed, check } from "../support/property.ts";

announceSeed();

const UTC = "UTC";
const BERLIN = "Europe/Berlin";

/** The next times of a schedule after one, each after the one before. */
function times(cron: string, timezone: string, after: string, count: number): readonly string[] {
  const found: string[] = [];
  let last = Date.parse(after);
  for (let next = nextTime({ cron, timezone }, last); next !== undefined && found.length < count;) {
    found.push(new Date(next).toISOString());
    last = next;
    next = nextTime({ cron, timezone }, last);
  }
  return found;
}

describe("the next time of a schedule", () => {
  test.each([
    ["* * * * * *", "2026-03-01T12:34:56.789Z", "2026-03-01T12:34:57.000Z"],
    ["* * * * * *", "2026-03-01T12:34:57.000Z", "2026-03-01T12:34:58.000Z"],
    ["30 9 * * MON-FRI", "2026-03-06T09:30:00.000Z", "2026-03-09T09:30:00.000Z"],
    ["@daily", "2026-03-01T12:34:56.789Z", "2026-03-02T00:00:00.000Z"],
    ["0 0 29 2 *", "2026-03-01T00:00:00.000Z", "2028-02-29T00:00:00.000Z"],
    ["0 0 0 1 1 * 2030", "2026-03-01T00:00:00.000Z", "2030-01-01T00:00:00.000Z"],
  ])("of %s after %s is %s", (cron, after, next) => {
    expect(times(cron, UTC, after, 1)).toEqual([next]);
  });

  test("is none when the times are over or never come", () => {
    expect(times("0 0 0 1 1 * 2020", UTC, "2026-03-01T00:00:00Z", 1)).toEqual([]);
    expect(times("0 0 30 2 *", UTC, "2026-03-01T00:00:00Z", 1)).toEqual([]);
  });

  test("of a daily one, in spring, is the end of the hour that there is not", () => {
    expect(times("30 2 * * *", BERLIN, "2026-03-27T12:00:00Z", 3)).toEqual([
      "2026-03-28T01:30:00.000Z",
      "2026-03-29T01:00:00.000Z",
      "2026-03-30T00:30:00.000Z",
    ]);
  });

  test("of a daily one, in autumn, comes once in the hour that there is twice", () => {
    expect(times("30 2 * * *", BERLIN, "2026-10-24T12:00:00Z", 2)).toEqual([
      "2026-10-25T00:30:00.000Z",
      "2026-10-26T01:30:00.000Z",
    ]);
  });

  test("always lies after the given time", () => {
    const field = (most: number): fc.Arbitrary<string> =>
      fc.oneof(
        fc.constant("*"),
        fc.nat(most).map(String),
        fc.integer({ min: 1, max: most }).map((step) => `*/${step}`),
      );
    const fields = fc.tuple(field(59), field(59), field(23));
    const zone = fc.constantFrom(
      UTC,
      BERLIN,
      "America/New_York",
      "Australia/Lord_Howe",
      "Asia/Kathmandu",
    );
    const after = fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2030, 0) });
    check(
      fc.tuple(fields, zone, after),
      ([[second, minute, hour], timezone, from]) => {
        let last = from;
        for (let count = 0; count < 5; count++) {
          const next = nextTime({ cron: `${second} ${minute} ${hour} * * *`, timezone }, last);
          expect(next).toBeGreaterThan(last);
          last = next ?? last;
        }
      },
      300,
    );
  });

  test("is none in a zone that is not known, rather than an error", () => {
    expect(nextTime({ cron: "@daily", timezone: "Atlantis/Poseidonis" }, 0)).toBeUndefined();
  });
});

describe("what is wrong with a schedule", () => {
  test.each([
    "* * * * *",
    "*/5 * * * * *",
    "@hourly",
    "0 0 L * *",
    "0 0 * * MON#1",
    "0 0 0 1 1 * 2020",
  ])("nothing: %s", (cron) => {
    expect(timingFaults({ cron, timezone: BERLIN })).toEqual([]);
  });

  test.each([
    "",
    "nope",
    "* * * *",
    "61 * * * *",
    "* * * * * * * *",
    "@reboot",
    "2030-01-01T00:00:00Z",
  ])("the expression, and what a good one looks like: %j", (cron) => {
    const [fault, ...more] = timingFaults({ cron, timezone: UTC });
    expect(more).toEqual([]);
    expect(fault?.member).toBe("cron");
    expect(fault?.message).toMatch(/^must be a cron expression: 5 fields .* like `30 9/);
  });

  test.each(["", "Nowhere", "+02:00", "Europe/Berlin ", "12"])("the time zone: %j", (timezone) => {
    const faults = timingFaults({ cron: "@daily", timezone });
    expect(faults).toEqual([
      { member: "timezone", message: expect.stringContaining("IANA") as string },
    ]);
  });
});
