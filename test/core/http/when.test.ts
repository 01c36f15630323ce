import { describe, expect, test } from "vitest";
import { addDelay, parseTime } from "../../../src/http/routes/when.ts";

const now = Date.UTC(2026, 0, 31, 12);
const time = Date.UTC(2030, 0, 1);

describe("at", () => {
  test.each([
    ["2030-01-01T00:00:00Z", time],
    ["2030-01-01T00:00:00.250Z", time + 250],
    ["2030-01-01T00:00Z", time],
    ["2030-01-01T02:00:00+02:00", time],
    ["2030-01-01T02:00:00 02:00", time],
    ["2029-12-31T19:00:00-05:00", time],
    [String(time), time],
    ["0", 0],
    ["-1", -1],
  ])("is an ISO time or epoch milliseconds: %s", (at, expected) => {
    expect(parseTime(at)).toBe(expected);
  });

  test.each([
    ["tomorrow"],
    [""],
    ["2030-02-30T00:00:00Z"],
    ["2030-01-01T25:00:00Z"],
    ["2030-01-01T00:00:00"],
    ["2030-01-01"],
    ["1.5"],
    ["1e3"],
    ["8640000000000001"],
    [" 1"],
  ])("anything else is refused: %j", (at) => {
    expect(parseTime(at)).toBeUndefined();
  });
});

describe("delay", () => {
  test.each([
    ["0", 0],
    ["1500", 1500],
    ["30s", 30_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    ["1.5h", 5_400_000],
    ["PT30S", 30_000],
    ["PT0.5S", 500],
    ["PT1H30M", 5_400_000],
    ["P1D", 86_400_000],
    ["P1DT1S", 86_401_000],
    ["P2W", 1_209_600_000],
    ["P1Y", 365 * 86_400_000],
    ["P2M", Date.UTC(2026, 2, 31, 12) - now],
  ])("is a duration or milliseconds: %s", (delay, ms) => {
    expect(addDelay(now, delay)).toBe(now + ms);
  });

  test.each([
    ["soon"],
    [""],
    ["-1"],
    ["-5m"],
    ["5 m"],
    ["5x"],
    ["5M"],
    ["P"],
    ["PT"],
    ["P1"],
    ["P1H"],
    ["PT1D"],
    ["-PT1S"],
    ["1.5"],
    ["9".repeat(20)],
    ["P999999Y"],
    ["9".repeat(400)],
  ])("anything else is refused: %s", (delay) => {
    expect(addDelay(now, delay)).toBeUndefined();
  });
});
