/**
 * What those who follow an oplog get next, and how much may be on its way to them. A position is the
 * index of the last entry that a follower has: entries are never taken out or put in between, so it
 * says all, whatever is reverted, jumped over or updated.
 */
import type { Position } from "../api/operations.ts";
import type { Status } from "../status/status.ts";

/** Characters that may be sent ahead of what a listener is known to have: what is not sent yet fills memory. */
export const AHEAD_CHARACTERS = 16 * 1024 * 1024;
/** How finely it is known what a listener has. */
const STRETCH_CHARACTERS = AHEAD_CHARACTERS / 16;

/** A run of entries that went to a listener: the index of its last entry, and its characters. */
type Stretch = readonly [last: number, characters: number];

/** What a listener was sent: somebody to whom entries are pushed, at whatever pace it reads. */
export interface Delivery extends Position {
  /** What it is not known to have, oldest first. */
  readonly ahead: readonly Stretch[];
  /** Whether it has ever said what it has. */
  readonly acknowledges: boolean;
}

/** `to` is the last entry there is. */
type Read = { readonly do: "read"; readonly to: number };
type FollowerStep = Read | { readonly do: "wait" | "end" };
type ListenerStep = FollowerStep | { readonly do: "give-up" };

export function nextForFollower(
  status: Status | undefined,
  { incarnation, after }: Position,
): FollowerStep {
  if (status?.identity.incarnation !== incarnation) return { do: "end" };
  return after < status.lastIndex ? { do: "read", to: status.lastIndex } : { do: "wait" };
}

export function beginDelivery({ incarnation, after }: Position): Delivery {
  return { incarnation, after, ahead: [], acknowledges: false };
}

/** Whether another entry may be sent. */
export function hasRoom({ ahead }: Delivery): boolean {
  return ahead.reduce((sum, [, characters]) => sum + characters, 0) < AHEAD_CHARACTERS;
}

/** A listener that acknowledges is waited for; one that does not is given up, and may come again. */
export function nextForListener(status: Status | undefined, delivery: Delivery): ListenerStep {
  const step = nextForFollower(status, delivery);
  if (step.do !== "read" || hasRoom(delivery)) return step;
  return { do: delivery.acknowledges ? "wait" : "give-up" };
}

/** After the entry at `index` was sent in so many characters. */
export function sent(delivery: Delivery, index: number, characters: number): Delivery {
  const last = delivery.ahead.at(-1);
  const ahead: readonly Stretch[] =
    last !== undefined && last[1] < STRETCH_CHARACTERS
      ? [...delivery.ahead.slice(0, -1), [index, last[1] + characters]]
      : [...delivery.ahead, [index, characters]];
  return { ...delivery, after: index, ahead };
}

/** After the listener said that it has all up to `index`; nothing when that cannot be. */
export function acknowledged(delivery: Delivery, index: number): Delivery | undefined {
  if (index > delivery.after) return undefined;
  const ahead = delivery.ahead.filter(([last]) => last > index);
  return { ...delivery, ahead, acknowledges: true };
}
