/** The times of recurring schedules: cron expressions as croner reads them. */
import { Cron } from "croner";
import type { Timing } from "../../core/decide/schedules.ts";

/** What does not fit about one member of a request. */
export interface Fault {
  readonly member: keyof Timing;
  readonly message: string;
}

const CRON_RULE =
  "must be a cron expression: 5 fields (minute, hour, day, month, weekday) like `30 9 * * MON-FRI`, 6 with seconds first, 7 with years last, or `@daily` and its like";
const TIMEZONE_RULE = "must be the name of an IANA time zone, like `Europe/Berlin`";

function cronFault(cron: string): string | undefined {
  try {
    const isOneTime = new Cron(cron).getOnce() !== null;
    return isOneTime ? `${CRON_RULE}; for a single time invoke with \`?at=\`` : undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^\w+: /, "") : "unreadable";
    return `${CRON_RULE} (${reason})`;
  }
}

/** Offsets are no names of zones, though some engines take them. */
function timezoneFault(timezone: string): string | undefined {
  if (!/^[A-Za-z]/.test(timezone)) return TIMEZONE_RULE;
  try {
    new Intl.DateTimeFormat("en", { timeZone: timezone }).format();
    return undefined;
  } catch {
    return TIMEZONE_RULE;
  }
}

/** What is wrong with an expression and a time zone. */
export function timingFaults({ cron, timezone }: Timing): readonly Fault[] {
  const messages = { cron: cronFault(cron), timezone: timezoneFault(timezone) };
  return (["cron", "timezone"] as const).flatMap((member) => {
    const message = messages[member];
    return message === undefined ? [] : [{ member, message }];
  });
}

/** The first time after another; none, too, if a zone that was known once is unknown by now. */
export function nextTime({ cron, timezone }: Timing, after: number): number | undefined {
  try {
    return new Cron(cron, { timezone }).nextRun(new Date(after))?.getTime();
  } catch (error) {
    console.error(`the schedule ${cron} in ${timezone} has no next time`, error);
    return undefined;
  }
}
