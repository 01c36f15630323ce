import * as z from "zod";
import type { EntryView, OplogPage, SnapshotView } from "../../core/api/views.ts";
import { anyValue, count, position, shape, time } from "./shape.ts";

/** Each kind has members of its own. */
export const entryShape: z.ZodType<EntryView> = z
  .object({ index: position, at: time, kind: z.string() })
  .catchall(anyValue)
  .meta({ id: "Entry", description: "An entry of an oplog, with the members of its kind." });

export const oplogPageShape = shape<OplogPage>("OplogPage", "Entries of an oplog.", {
  entries: z.array(entryShape),
  lastIndex: count,
  next: position.optional().meta({
    description: "Only when there may be more: `?from=` of the next page.",
  }),
});

export const snapshotShape = shape<SnapshotView>("Snapshot", "A snapshot that was taken.", {
  index: position,
  mime: z.string(),
  bytes: count,
});
