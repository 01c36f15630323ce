import { describe, expect, test } from "vitest";
import { awakening, decidePromise, parking } from "../../../src/core/decide/promises.ts";
import { aStatus, current } from "../../support/statuses.ts";

const open = { start: 11, id: "open", isAwaited: true } as const;
const done = { start: 13, id: "done", isAwaited: true, completed: 15 } as const;
const unawaited = { start: 17, id: "unawaited" } as const;
const waiting = { current, promises: [open, done, unawaited] };

describe("semantics 7: no wake-up is lost", () => {
  const running = aStatus({ name: "running", ...waiting });

  test("an agent parks until its nearest sleep ends, or until a promise is completed", () => {
    expect(parking(running, { awaits: ["open"], until: 99 }, 20)).toMatchObject({ until: 99 });
    expect(parking(running, { awaits: ["open"] }, 20)).toEqual({ kind: "Suspend", at: 20 });
  });

  test("a promise that was completed before the agent could park makes it go on at once", () => {
    expect(parking(running, { awaits: ["open", "done"], until: 99 }, 20)).toMatchObject({
      until: 20,
    });
  });

  test("a promise that is not known any more does not keep the agent parked", () => {
    expect(parking(running, { awaits: ["gone"] }, 20)).toMatchObject({ until: 20 });
  });

  test("a completion wakes a suspended agent that has waited for the promise, and no other", () => {
    const suspended = aStatus({ name: "suspended", ...waiting });
    expect(awakening(suspended, open, 20)).toMatchObject([{ kind: "Suspend", until: 20 }]);
    expect(awakening(suspended, unawaited, 20)).toEqual([]);
    expect(awakening(running, open, 20)).toEqual([]);
    expect(awakening(aStatus({ name: "interrupted", ...waiting }), open, 20)).toEqual([]);
  });
});

test("a promise that the agent does not have is promise-not-found", () => {
  expect(decidePromise(aStatus(waiting), "open")).toEqual({ ok: true, value: open });
  expect(decidePromise(aStatus(waiting), "other")).toMatchObject({
    refusal: { code: "promise-not-found" },
  });
});
