import { expect, test } from "vitest";
import { fold } from "../../../src/core/status/fold.ts";
import { completionsIn } from "../../../src/core/status/promises.ts";
import { legalLogs } from "../../support/legal-logs.ts";
import { announceSeed, check } from "../../support/property.ts";
import { statusesOf } from "../../support/statuses.ts";
import type { Entry } from "../../../src/core/oplog/entry.ts";

announceSeed();

test("a jump takes no completion back: what it hides of promises that stay, appended again, completes them", () => {
  let hidden = 0;
  check(
    legalLogs(),
    (log) => {
      const before = statusesOf(log).at(-1);
      if (before?.current === undefined) return;
      const to = log.entries.length + 1;
      const region = [before.current.startedIndex + 1, to] as const;
      const again = completionsIn(before.promises, region).map(
        (index) => log.read(index, index)[0]?.entry as Entry,
      );
      hidden += again.length;
      const jump: Entry = { kind: "Jump", at: log.now, region };
      const more = [jump, ...again].map((entry, at) => ({ index: to + at, entry }));
      const all = [...log.entries, ...more];
      const after = fold(before, more, (from, until) => all.slice(from - 1, until));
      const isDone = new Set(
        after?.promises.flatMap(({ id, completed }) => (completed === undefined ? [] : [id])),
      );
      for (const { id, start, completed } of before.promises) {
        if (start < region[0]) expect(isDone.has(id)).toBe(completed !== undefined);
      }
    },
    2000,
  );
  expect(hidden).toBeGreaterThan(0);
});
