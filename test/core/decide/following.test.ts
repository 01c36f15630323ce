/** http-api.md, `GET A/events`: an entry an event, from a position on, without gap or duplicate. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  acknowledged,
  AHEAD_CHARACTERS,
  beginDelivery,
  hasRoom,
  nextForFollower,
  nextForListener,
  sent,
  type Delivery,
} from "../../../src/core/decide/following.ts";
import { announceSeed, check } from "../../support/property.ts";
import { aStatus } from "../../support/statuses.ts";

announceSeed();

const status = aStatus({ lastIndex: 20 });
const { incarnation } = status.identity;
const MIB = 1024 * 1024;

describe("what a follower gets next", () => {
  test.each([
    [0, { do: "read", to: 20 }],
    [19, { do: "read", to: 20 }],
    [20, { do: "wait" }],
  ])("after %i of 20 entries", (after, step) => {
    expect(nextForFollower(status, { incarnation, after })).toEqual(step);
  });

  test("it ends when the agent is deleted, also when another one has the address since", () => {
    expect(nextForFollower(undefined, { incarnation, after: 3 })).toEqual({ do: "end" });
    expect(nextForFollower(status, { incarnation: "before", after: 3 })).toEqual({ do: "end" });
  });
});

/** A delivery of entries of so many characters each. */
function delivered(...sizes: readonly number[]): Delivery {
  return sizes.reduce(
    (delivery, characters, at) => sent(delivery, at + 1, characters),
    beginDelivery({ incarnation, after: 0 }),
  );
}

describe("what may be on its way to a listener", () => {
  const full = delivered(...Array.from({ length: 16 }, () => MIB));

  test("it goes on where it is, and waits when it has all", () => {
    const delivery = delivered(10, 10);
    expect(delivery).toMatchObject({ incarnation, after: 2 });
    expect(nextForListener(status, delivery)).toEqual({ do: "read", to: 20 });
    expect(nextForListener(aStatus({ lastIndex: 2 }), full)).toMatchObject({ do: "wait" });
  });

  test("one that never acknowledges is given up when more is to come than may be on its way", () => {
    expect(hasRoom(full)).toBe(false);
    expect(nextForListener(status, full)).toEqual({ do: "give-up" });
    expect(nextForListener(aStatus({ lastIndex: 16 }), full)).toEqual({ do: "wait" });
  });

  test("one that does is waited for, and gets more once it has taken some", () => {
    const waiting = acknowledged(full, 0) as Delivery;
    expect(nextForListener(status, waiting)).toEqual({ do: "wait" });
    const goingOn = acknowledged(waiting, 5) as Delivery;
    expect(nextForListener(status, goingOn)).toEqual({ do: "read", to: 20 });
  });

  test("the end of the agent ends it all the same", () => {
    expect(nextForListener(undefined, full)).toEqual({ do: "end" });
  });

  test("an entry that was not sent cannot be acknowledged", () => {
    expect(acknowledged(full, 17)).toBeUndefined();
    expect(acknowledged(full, Number.POSITIVE_INFINITY)).toBeUndefined();
    expect(acknowledged(full, 16)).toMatchObject({ after: 16, ahead: [] });
  });

  test("whoever acknowledges all that it has is never out of room, and its books stay small", () => {
    const size = fc.integer({ min: 1, max: 3 * MIB });
    const pace = fc.integer({ min: 1, max: 50 });
    check(
      fc.tuple(fc.array(size, { minLength: 1, maxLength: 200 }), pace),
      ([sizes, every]) => {
        let delivery = beginDelivery({ incarnation, after: 0 });
        let unknown = 0;
        for (const [at, characters] of sizes.entries()) {
          if (!hasRoom(delivery)) {
            delivery = acknowledged(delivery, at) as Delivery;
            unknown = 0;
          }
          expect(hasRoom(delivery)).toBe(true);
          expect(unknown).toBeLessThan(AHEAD_CHARACTERS);
          delivery = sent(delivery, at + 1, characters);
          unknown += characters;
          if (at % every === 0) {
            delivery = acknowledged(delivery, at + 1) as Delivery;
            unknown = 0;
          }
          expect(delivery.ahead.length).toBeLessThanOrEqual(17);
          expect(delivery.after).toBe(at + 1);
        }
      },
      100,
    );
  });
});
