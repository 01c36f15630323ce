/** The lines of a text that comes as bytes. */

/** Of one line: the largest payload, escaped as much as JSON can. */
const LINE_BYTES = 256 * 1024 * 1024;

/** Why a text cannot be read: it is no UTF-8, or a line has no end. */
export class UnreadableLine extends Error {}

const LINE_FEED = 10;

function textOf(parts: readonly Uint8Array[]): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return parts.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode();
  } catch {
    throw new UnreadableLine("is no UTF-8");
  }
}

/** Each line without its end; what comes after the last line feed is a line too, unless it is empty. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      yield textOf([...parts, chunk.subarray(from, end)]);
      parts = [];
      length = 0;
      from = end + 1;
    }
    // A chunk may be used again by who gave it.
    parts.push(chunk.slice(from));
    length += chunk.length - from;
    if (length > LINE_BYTES) throw new UnreadableLine("has no end");
  }
  if (length > 0) yield textOf(parts);
}
