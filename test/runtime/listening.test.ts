/** Entries pushed to listeners: page by page, so much ahead of what they are known to have, and no more. */
import { beforeEach, expect, test, vi } from "vitest";
import { AHEAD_CHARACTERS, beginDelivery, type Delivery } from "../../src/core/decide/following.ts";
import { encodeRows } from "../../src/core/oplog/codec.ts";
import type { Entry } from "../../src/core/oplog/entry.ts";
import type { Status } from "../../src/core/status/status.ts";
import { Following } from "../../src/runtime/books/following.ts";
import type { Listener } from "../../src/runtime/ports.ts";
import { aStatus } from "../support/statuses.ts";
import { emptyDisk } from "./support/disk.ts";
import { MemoryStore } from "./support/memory-store.ts";

const { incarnation } = aStatus().identity;

class FakeListener implements Listener {
  delivery: Delivery;
  readonly got: number[] = [];
  closed: string | undefined;

  constructor(after: number) {
    this.delivery = beginDelivery({ incarnation, after });
  }

  send(text: string): void {
    this.got.push((JSON.parse(text) as { index: number }).index);
  }

  close(code: number, reason: string): void {
    this.closed = `${code} ${reason.split(":")[0]}`;
  }
}

let ledger: { status: Status | undefined };
let store: MemoryStore;
let listeners: FakeListener[];
let following: Following;

beforeEach(() => {
  ledger = { status: aStatus({ lastIndex: 0 }) };
  store = new MemoryStore(emptyDisk(), () => {});
  listeners = [];
  following = new Following(ledger, store, {
    get isEmpty() {
      return listeners.length === 0;
    },
    all: () => listeners.filter(({ closed }) => closed === undefined),
  });
});

function append(...entries: readonly Entry[]): void {
  const first = (ledger.status?.lastIndex ?? 0) + 1;
  for (const [at, text] of encodeRows(first, entries)) store.appendRow(at, text);
  ledger.status = aStatus({ lastIndex: first + entries.length - 1 });
  following.changed();
}

function logs(count: number, characters = 1): readonly Entry[] {
  const message = "x".repeat(characters);
  return Array.from({ length: count }, () => ({ kind: "Log", at: 0, level: "log", message }));
}

function listen(after: number): FakeListener {
  const listener = new FakeListener(after);
  listeners.push(listener);
  following.tell();
  return listener;
}

function numbers(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

test("what is there and what comes goes to each of them from its place on", async () => {
  append(...logs(10));
  const [first, second] = [listen(0), listen(7)];
  await expect.poll(() => first.got).toEqual(numbers(1, 10));
  append(...logs(2));
  append(...logs(1));
  await expect.poll(() => second.got).toEqual(numbers(8, 13));
  expect(first.got).toEqual(numbers(1, 13));
  expect(first.delivery.after).toBe(13);
});

test("one far behind is sent page by page, and holds up nobody", async () => {
  for (const _ of numbers(1, 20)) append(...logs(1, 200_000));
  const far = listen(0);
  const near = listen(20);
  append(...logs(1));
  await expect.poll(() => near.got).toEqual([21]);
  expect(far.got.length).toBeLessThan(20);
  await expect.poll(() => far.got).toEqual(numbers(1, 21));
});

test("one that acknowledges nothing is given up, with all that may be ahead of it on its way", async () => {
  for (const _ of numbers(1, 40)) append(...logs(1, 1024 * 1024));
  const silent = listen(0);
  await expect.poll(() => silent.closed).toBe("4429 acknowledgement-missing");
  expect(silent.got).toEqual(numbers(1, 16));
  expect(AHEAD_CHARACTERS).toBe(16 * 1024 * 1024);
});

test("one that acknowledges gets all, and never has more on its way than may be", async () => {
  for (const _ of numbers(1, 40)) append(...logs(1, 1024 * 1024));
  const listener = listen(0);
  following.hear(listener, "0");
  for (const last of [16, 26, 36, 40]) {
    await expect.poll(() => listener.got.length).toBe(last);
    following.hear(listener, String(Math.min(last, listener.got.length - 6)));
  }
  expect(listener.got).toEqual(numbers(1, 40));
  expect(listener.closed).toBeUndefined();
});

test.each(["", "x", "-1", "1.5", "4", "1e1", '{"ack":1}'])(
  "a message that is no index of an entry that was sent ends it: %j",
  async (message) => {
    append(...logs(3));
    const listener = listen(0);
    await expect.poll(() => listener.got).toEqual([1, 2, 3]);
    following.hear(listener, message);
    expect(listener.closed).toBe("4400 invalid-message");
  },
);

test("one whose connection breaks holds up nobody", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  append(...logs(3));
  const broken = listen(0);
  broken.send = () => {
    throw new TypeError("it is closed");
  };
  const listener = listen(0);
  await expect.poll(() => listener.got).toEqual([1, 2, 3]);
  append(...logs(1));
  await expect.poll(() => listener.got).toEqual([1, 2, 3, 4]);
  vi.restoreAllMocks();
});

test("the end of the agent ends them, with a code of its own", async () => {
  append(...logs(3));
  const listener = listen(0);
  await expect.poll(() => listener.got).toEqual([1, 2, 3]);
  ledger.status = undefined;
  following.changed();
  await expect.poll(() => listener.closed).toBe("4404 agent-deleted");
});
