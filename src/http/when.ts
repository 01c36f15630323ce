import * as z from "zod";
import { accept, type Result } from "../core/errors.ts";
import { invalidRequest } from "./invalid-request.ts";

/** The latest time that a date can tell. */
const latestTime = 8.64e15;

const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const shortDuration = /^(\d+(?:\.\d+)?)([smhd])$/;
const isoDuration =
  /^P(?=[\dT])(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const isoTime = z.union([
  z.iso.datetime({ offset: true }),
  // To the minute.
  z.iso.datetime({ offset: true, precision: -1 }),
]);

/** When an invocation is to begin, as epoch milliseconds; undefined is at once. */
export function parseWhen(
  given: { readonly at?: string | undefined; readonly delay?: string | undefined },
  now: number,
): Result<number | undefined> {
  if (given.at !== undefined && given.delay !== undefined) {
    return invalidRequest({
      path: ["query", "delay"],
      message: "cannot be given together with `at`: give one of them",
    });
  }
  if (given.at !== undefined) return checkTime("at", parseTime(given.at));
  if (given.delay !== undefined) return checkTime("delay", addDelay(now, given.delay));
  return accept(undefined);
}

function checkTime(name: "at" | "delay", time: number | undefined): Result<number> {
  if (time !== undefined && Math.abs(time) <= latestTime) return accept(time);
  return invalidRequest({
    path: ["query", name],
    message:
      name === "at"
        ? "must be an ISO 8601 time with `Z` or an offset, or epoch milliseconds"
        : "must be a duration like `30s`, `5m`, `2h`, `7d`, in ISO 8601 (`PT30S`), or milliseconds",
  });
}

function parseTime(text: string): number | undefined {
  if (/^-?\d+$/.test(text)) return Number(text);
  // In a query an unencoded `+` reads as a space.
  const time = text.replace(/ (?=\d\d:\d\d$)/, "+");
  return isoTime.safeParse(time).success ? Date.parse(time) : undefined;
}

function addDelay(now: number, text: string): number | undefined {
  if (/^\d+$/.test(text)) return now + Number(text);
  const [, amount, unit] = shortDuration.exec(text) ?? [];
  if (amount !== undefined) {
    return now + Math.round(Number(amount) * unitMs[unit as keyof typeof unitMs]);
  }
  return addIsoDuration(now, text);
}

/** Years and months are those of the calendar, in UTC. */
function addIsoDuration(now: number, text: string): number | undefined {
  const match = isoDuration.exec(text);
  if (match === null) return undefined;
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1)
    .map((part) => Number(part ?? 0));
  const start = new Date(now);
  start.setUTCFullYear(start.getUTCFullYear() + years, start.getUTCMonth() + months);
  const time =
    start.getTime() +
    (weeks * 7 + days) * unitMs.d +
    hours * unitMs.h +
    minutes * unitMs.m +
    Math.round(seconds * unitMs.s);
  return Number.isNaN(time) ? undefined : time;
}
