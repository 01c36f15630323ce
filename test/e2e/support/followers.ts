/** Clients that follow an agent's oplog, one connection after the other, each after what they have. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { EntryView } from "../../../src/core/api/views.ts";

const PATIENCE_MS = 30_000;

/** What came over one connection; gives up the connection where `isEnough` says so. */
export type Connection = (
  url: string,
  after: number,
  isEnough: (entry: EntryView) => boolean,
) => Promise<readonly EntryView[]>;

function tooLate(): AbortSignal {
  return AbortSignal.timeout(PATIENCE_MS);
}

/** Over server-sent events; that id and kind of each are those of its entry is checked. */
export const byEvents: Connection = async (url, after, isEnough) => {
  const hangUp = new AbortController();
  const entries: EntryView[] = [];
  const response = await fetch(url, {
    headers: { "Last-Event-ID": String(after) },
    signal: AbortSignal.any([hangUp.signal, tooLate()]),
  });
  if (response.status !== 200 || response.body === null) throw new Error(await response.text());
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  try {
    for await (const { id, event, data } of events) {
      const entry = JSON.parse(data) as EntryView;
      if (id !== String(entry.index) || event !== entry.kind) throw new Error(`${id} ${event}`);
      entries.push(entry);
      if (isEnough(entry)) break;
    }
  } catch (error) {
    if (!isBroken(error)) throw error;
  }
  hangUp.abort();
  return entries;
};

/** Whether the connection was lost. */
function isBroken(error: unknown): boolean {
  return error instanceof TypeError && /terminated/.test(error.message);
}

/** Over a WebSocket. */
export const bySocket: Connection = (url, after, isEnough) => {
  const { promise, resolve, reject } = Promise.withResolvers<readonly EntryView[]>();
  const entries: EntryView[] = [];
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}?after=${after}`);
  tooLate().addEventListener("abort", () => reject(new Error("Nothing more came.")));
  let isOver = false;
  socket.addEventListener("message", ({ data }) => {
    if (isOver) return;
    const entry = JSON.parse(String(data)) as EntryView;
    entries.push(entry);
    isOver = isEnough(entry);
    if (isOver) socket.close();
  });
  socket.addEventListener("close", () => resolve(entries));
  socket.addEventListener("error", () => resolve(entries));
  return promise;
};
