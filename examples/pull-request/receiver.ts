import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What agents post: see `_notify` in the revisions. */
interface Notification {
  readonly pullRequest: string;
  readonly number: number;
  readonly event: string;
  readonly delivery: string;
  readonly changed: readonly string[];
}

/** All posts under one `Idempotency-Key`. */
export interface Received {
  readonly key: string;
  readonly body: string;
  readonly notification: Notification;
  arrivals: number;
  answered: number;
}

/** A webhook on loopback that counts as such receivers do: by `Idempotency-Key`. */
export interface Receiver {
  readonly url: string;
  readonly received: ReadonlyMap<string, Received>;
  /** What must never happen: posts without a key, or with another body under a known key. */
  readonly faults: readonly string[];
  /** Leaves the next post unanswered and resolves when it has come. */
  holdNext(): Promise<Received>;
  stop(): Promise<void>;
}

/** Starts a receiver on a free port. */
export async function startReceiver(): Promise<Receiver> {
  const received = new Map<string, Received>();
  const faults: string[] = [];
  let hold: ((held: Received) => void) | undefined;

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const entry = record(received, faults, request.headers["idempotency-key"], await text(request));
    const held = hold;
    hold = undefined;
    if (held !== undefined && entry !== undefined) return held(entry);
    if (entry !== undefined) entry.answered += 1;
    response.writeHead(entry === undefined ? 400 : 204).end();
  }

  const server = createServer((request, response) => {
    take(request, response).catch((error: unknown) => {
      if (!request.destroyed) faults.push(`A post could not be read: ${String(error)}`);
    });
  });
  await listen(server);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/notifications`,
    received,
    faults,
    holdNext: () => new Promise((resolve) => (hold = resolve)),
    stop: () => stop(server),
  };
}

function record(
  received: Map<string, Received>,
  faults: string[],
  key: string | string[] | undefined,
  body: string,
): Received | undefined {
  if (typeof key !== "string") {
    faults.push("A notification came without an Idempotency-Key.");
    return undefined;
  }
  const known = received.get(key);
  if (known !== undefined && known.body !== body) {
    faults.push(`Key ${key} came with ${body} after ${known.body}.`);
  }
  const notification = JSON.parse(body) as Notification;
  const entry = known ?? { key, body, notification, arrivals: 0, answered: 0 };
  entry.arrivals += 1;
  received.set(key, entry);
  return entry;
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
