import type { EntryView } from "../core/api/views.ts";

/** As server-sent events: one an entry. JSON has no line breaks of its own. */
export function eventsOf(entries: readonly EntryView[]): string {
  return entries
    .map((entry) => `id: ${entry.index}\nevent: ${entry.kind}\ndata: ${JSON.stringify(entry)}\n\n`)
    .join("");
}

/** A comment, so that neither side takes the connection for dead. */
export const keepAlive = ": nothing new\n\n";

/** Tells a client that came without a position where it is, so that it goes on there when its connection breaks. */
export function beginningAt(index: number): string {
  return `: new entries follow\nid: ${index}\n\n`;
}

/**
 * A stream of text that is made as it is read: whoever reads slowly, or no more, costs no more than
 * one piece. The platform does not say when a client has gone; then nobody reads. Ends where `next`
 * gives nothing.
 */
export function pulledText(next: () => Promise<string | undefined>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream(
    {
      async pull(controller) {
        const text = await next();
        if (text === undefined) controller.close();
        else controller.enqueue(encoder.encode(text));
      },
    },
    { highWaterMark: 0 },
  );
}
