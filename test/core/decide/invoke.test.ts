import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AgentTypeView } from "../../../src/core/api/views.ts";
import { checkAdmission, checkReuse, findMethod } from "../../../src/core/decide/invoke.ts";
import { defaultLimits as limits } from "../../../src/core/limits.ts";
import { richPayload } from "../../../src/core/oplog/payload.ts";
import type { Status } from "../../../src/core/status/status.ts";
import { announceSeed, check } from "../../support/property.ts";
import { aRequest, aStatus, current } from "../../support/statuses.ts";

announceSeed();

describe("semantics 3: the same key must mean the same call", () => {
  const known = { method: "add", args: '[{"a":1,"b":[2]}]' };

  test.each([
    ["the same call", known.method, known.args, true],
    ["the same call in other letters", "add", '[ { "b": [2.0], "a": 1 } ]', true],
    ["other arguments", "add", '[{"a":1,"b":[3]}]', false],
    ["more arguments", "add", '[{"a":1,"b":[2]},null]', false],
    ["another method", "remove", known.args, false],
  ])("%s", (_, method, args, isSame) => {
    const code = checkReuse(known, { method, args })?.code;
    expect(code).toBe(isSame ? undefined : "idempotency-key-reused");
  });

  test("rich arguments are the same letter by letter, and never the same as plain ones", () => {
    const rich = { method: "add", args: richPayload('[["Date",0]]') };
    expect(checkReuse(rich, { ...rich })).toBeUndefined();
    expect(checkReuse(rich, { ...rich, args: '[["Date",0]]' })?.code).toBe(
      "idempotency-key-reused",
    );
    expect(checkReuse({ ...rich, args: "[]" }, rich)?.code).toBe("idempotency-key-reused");
  });

  test("any arguments are the same as themselves, however they are spaced", () => {
    check(
      fc.array(fc.jsonValue()),
      (args) => {
        const one = { method: "add", args: JSON.stringify(args) };
        const other = { method: "add", args: JSON.stringify(args, undefined, 2) };
        expect(checkReuse(one, other)).toBeUndefined();
      },
      500,
    );
  });

  test("the refusal says what differs", () => {
    expect(checkReuse(known, { ...known, args: "[]" })?.detail).toMatch(/other arguments/);
    expect(checkReuse(known, { ...known, method: "x" })?.detail).toMatch(/another method/);
  });
});

describe("semantics 3: who is let in", () => {
  test.each<[Status["name"], boolean]>([
    ["idle", true],
    ["running", true],
    ["suspended", true],
    ["interrupted", true],
    ["retrying", true],
    ["failed", false],
  ])("a new invocation of an agent that is %s: %s", (name, isLetIn) => {
    const refusal = checkAdmission(aStatus({ name, current }), limits);
    expect(refusal?.code).toBe(isLetIn ? undefined : "agent-failed");
  });

  test("a failed agent shows why", () => {
    const failure = { error: { name: "Error", message: "no" }, retryFrom: 10, attempt: 3 };
    const refusal = checkAdmission(aStatus({ name: "failed", failure }), limits);
    expect(refusal?.members?.lastError).toMatchObject({ message: "no" });
    expect(refusal?.detail).toMatch(/resume it to try again, revert it .* or update it/);
  });

  test("the queue has an end", () => {
    const full = Array.from({ length: limits.pendingInvocations }, (_, at) => aRequest(at + 2));
    expect(checkAdmission(aStatus({ pending: full.slice(1) }), limits)).toBeUndefined();
    expect(checkAdmission(aStatus({ pending: full }), limits)).toMatchObject({
      code: "queue-full",
      members: { retryAfterSeconds: 1 },
    });
  });
});

describe("the method of that name", () => {
  const type: AgentTypeView = {
    name: "Cart",
    methods: [
      { name: "add", readOnly: false },
      { name: "total", readOnly: true },
    ],
    hooks: { saveSnapshot: false, loadSnapshot: false },
    snapshots: { everyInvocations: 100 },
  };

  test("is found", () => {
    expect(findMethod(type, "total")).toEqual({
      ok: true,
      value: { name: "total", readOnly: true },
    });
  });

  test.each(["Add", "constructor", "toString", "onCreate", ""])("%j is none", (method) => {
    expect(findMethod(type, method)).toMatchObject({
      ok: false,
      refusal: {
        code: "method-not-found",
        detail: expect.stringContaining("add, total") as string,
      },
    });
  });

  test("a class without methods says so", () => {
    const found = findMethod({ ...type, methods: [] }, "add");
    expect(found).toMatchObject({ refusal: { detail: "Cart has no method add; it has none." } });
  });
});
