/** Durable waiting. */
import { LONGEST_MS } from "../../core/longest.ts";
import { pause, realNow } from "../platform.ts";
import { callingScope, type CallSpec, type StartPlace } from "../scopes/scope.ts";

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Platform timers hold at most this many milliseconds. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Milliseconds of a duration: a number of milliseconds, or text such as `"30s"`, `"5m"`, `"2h"`, `"7d"`. */
export function durationMs(duration: number | string): number {
  if (typeof duration === "number") {
    if (Number.isFinite(duration)) return Math.max(0, duration);
  } else {
    const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration.trim()) ?? [];
    const factor = UNITS[unit ?? ""];
    if (factor !== undefined) return Number(amount) * factor;
  }
  throw new RangeError(
    `${JSON.stringify(duration)} is no duration; give milliseconds, or text such as "30s", "5m", "2h", "7d".`,
  );
}

/** Waits until a time of the machine, however far it is. */
export async function waitUntil(end: number): Promise<void> {
  for (let left = end - realNow(); left > 0; left = end - realNow()) {
    await pause(Math.min(left, LONGEST_TIMER_MS));
  }
}

/** The durable call behind every wait of `ms` milliseconds. */
export function waitSpec(ms: number): CallSpec {
  const length = Math.min(Math.ceil(ms), LONGEST_MS);
  return {
    identity: { call: "sleep", durability: "read-local", request: JSON.stringify({ ms }) },
    endsAt: (madeAt) => madeAt + length,
    perform: async (start: StartPlace | undefined) => {
      await waitUntil((start?.at ?? realNow()) + length);
      return { ok: true };
    },
  };
}

/** Waits for a duration; long waits take the agent out of memory and survive everything. */
export async function sleep(duration: number | string): Promise<void> {
  await callingScope("sleep").call(waitSpec(durationMs(duration))).settled;
}
