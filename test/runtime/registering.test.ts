/** The directory names every agent there is: whoever is written has been entered before. */
import { afterEach, expect, test, vi } from "vitest";
import type { DirectoryEntry } from "../../src/core/api/directory.ts";
import type { Create } from "../../src/core/oplog/entry.ts";
import type { Status } from "../../src/core/status/status.ts";
import { Registering } from "../../src/runtime/operations/registering.ts";
import { aStatus } from "../support/statuses.ts";

const entry: DirectoryEntry = { component: "shop", type: "Cart", key: "k", incarnation: "first" };

function aCreate(incarnation: string): Create {
  return { kind: "Create", at: 1, ...entry, revision: 1, incarnation };
}

function living(incarnation: string): Status {
  const status = aStatus({});
  return { ...status, identity: { ...status.identity, ...entry, incarnation } };
}

/** A directory that answers when it is told to. */
function aDirectory() {
  const events: string[] = [];
  const answers: PromiseWithResolvers<undefined>[] = [];
  const told = (what: string) => (one: DirectoryEntry) => {
    events.push(`${what} ${one.incarnation}`);
    const answer = Promise.withResolvers<undefined>();
    answers.push(answer);
    return answer.promise;
  };
  const ledger: { status: Status | undefined } = { status: undefined };
  const registry = { enter: told("enter"), leave: told("leave") };
  const write = (incarnation: string) => () => {
    events.push(`write ${incarnation}`);
    ledger.status = living(incarnation);
  };
  return { events, answers, ledger, write, registering: new Registering(registry, ledger) };
}

afterEach(() => {
  vi.restoreAllMocks();
});

test("an agent is written once its entry is durable, and is coming until then", async () => {
  const { events, answers, write, registering } = aDirectory();
  expect(registering.isComing).toBe(false);
  const created = registering.enter(aCreate("first"), write("first"));
  expect([events, registering.isComing]).toEqual([["enter first"], true]);
  answers[0]?.resolve(undefined);
  expect(await created).toBe(true);
  expect([events, registering.isComing]).toEqual([["enter first", "write first"], false]);
});

test("nothing is written when the directory cannot be told", async () => {
  const { events, answers, write, registering } = aDirectory();
  const created = registering.enter(aCreate("first"), write("first"));
  answers[0]?.reject(new Error("out of reach"));
  await expect(created).rejects.toThrow("out of reach");
  expect([events, registering.isComing]).toEqual([["enter first"], false]);
});

test("of two that are created at once one is written, and the other one learns of it", async () => {
  const { events, answers, write, registering } = aDirectory();
  const both = ["first", "second"].map((name) => registering.enter(aCreate(name), write(name)));
  answers[1]?.resolve(undefined);
  expect(await both[1]).toBe(true);
  expect(registering.isComing).toBe(true);
  answers[0]?.resolve(undefined);
  expect(await both[0]).toBe(false);
  expect(events).toEqual(["enter first", "enter second", "write second"]);
});

test("an agent that comes back to life is entered again, once, and nothing waits for it", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const { events, answers, ledger, registering } = aDirectory();
  registering.confirm();
  expect(events).toEqual([]);
  ledger.status = living("first");
  registering.confirm();
  registering.confirm();
  expect(events).toEqual(["enter first"]);
  answers[0]?.reject(new Error("out of reach"));
  await expect.poll(() => console.error).toHaveBeenCalledOnce();
});

test("an agent that is deleted while it is entered again leaves no entry", async () => {
  const { events, answers, ledger, registering } = aDirectory();
  ledger.status = living("first");
  registering.confirm();
  ledger.status = undefined;
  answers[0]?.resolve(undefined);
  await expect.poll(() => events).toEqual(["enter first", "leave first"]);
});

test("a deletion stands although the directory cannot be told", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const { answers, registering } = aDirectory();
  const left = registering.leave(entry, "first");
  answers[0]?.reject(new Error("out of reach"));
  await expect(left).resolves.toBeUndefined();
});
