/** Entries as server-sent events. */
import type { EntryView } from "../../core/api/views.ts";
import type { Result } from "../../core/errors.ts";

/** The next entries after an index; none when there are none for a while, a refusal when there will be none. */
type Follow = (after: number) => Promise<Result<readonly EntryView[]>>;

/** One event an entry. JSON has no line breaks of its own. */
function eventsOf(entries: readonly EntryView[]): string {
  return entries
    .map((entry) => `id: ${entry.index}\nevent: ${entry.kind}\ndata: ${JSON.stringify(entry)}\n\n`)
    .join("");
}

/** A comment, so that neither side takes the connection for dead. */
const keepAlive = ": nothing new\n\n";

/** What comes first, since the platform sends no headers before. */
function beginning(after: number): string {
  return `: what comes after ${after}\n\n`;
}

async function* piecesFrom(follow: Follow, begin: number): AsyncGenerator<string, undefined> {
  let after = begin;
  yield beginning(after);
  for (;;) {
    const entries = await follow(after);
    if (!entries.ok) return undefined;
    after = entries.value.at(-1)?.index ?? after;
    yield entries.value.length === 0 ? keepAlive : eventsOf(entries.value);
  }
}

/**
 * The events after an index. Each piece is made when the one before has been read: whoever reads
 * slowly costs one piece, and whoever has gone nothing, though the platform does not tell.
 */
export function eventStream(follow: Follow, begin: number): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const pieces = piecesFrom(follow, begin);
  return new ReadableStream(
    {
      async pull(controller) {
        const { value } = await pieces.next();
        if (value === undefined) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
    },
    { highWaterMark: 0 },
  );
}
