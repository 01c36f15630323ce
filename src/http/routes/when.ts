import * as z from "zod";

/** The latest time that a date can tell, and the earliest with the other sign. */
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

/** A time as epoch milliseconds: ISO 8601 with `Z` or an offset, or a number. */
export function parseTime(text: string): number | undefined {
  if (/^-?\d+$/.test(text)) return inRange(Number(text));
  // In a query an unencoded `+` reads as a space.
  const time = text.replace(/ (?=\d\d:\d\d$)/, "+");
  return isoTime.safeParse(time).success ? Date.parse(time) : undefined;
}

/** The time after a duration like `30s`, one of ISO 8601, or milliseconds. */
export function addDelay(now: number, text: string): number | undefined {
  const time = addAny(now, text);
  return time === undefined ? undefined : inRange(time);
}

function addAny(now: number, text: string): number | undefined {
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

function inRange(time: number): number | undefined {
  return Math.abs(time) <= latestTime ? time : undefined;
}
