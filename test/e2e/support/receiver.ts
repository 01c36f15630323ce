import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { until } from "./until.ts";

/** A request as it arrived. */
export interface Arrival {
  readonly path: string;
  readonly key: string | undefined;
  readonly body: string;
}

/** Requests to a path that arrive and are not answered until the gate opens. */
export interface Gate {
  /** Answers those that wait, and all later ones at once. */
  open(): void;
}

/** Where agents send what they do: a server on loopback that notes all arrivals. */
export interface Receiver {
  readonly url: string;
  readonly arrivals: readonly Arrival[];
  /** What requests to a path are answered; without it `answer to BODY`. */
  readonly answers: Map<string, string>;
  at(path: string): readonly Arrival[];
  /** Shuts a path: its requests arrive, and wait. */
  shut(path: string): Gate;
  /** Waits until so many requests have come to the path, and gives them. */
  arrived(path: string, count: number): Promise<readonly Arrival[]>;
  stop(): Promise<void>;
}

/** Starts a receiver on a free port. */
export async function startReceiver(): Promise<Receiver> {
  const arrivals: Arrival[] = [];
  const answers = new Map<string, string>();
  const gates = new Map<string, Promise<void>>();
  const at = (path: string) => arrivals.filter((arrival) => arrival.path === path);

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "/";
    const body = await text(request);
    const key = request.headers["idempotency-key"];
    arrivals.push({ path, key: typeof key === "string" ? key : undefined, body });
    await gates.get(path);
    response.end(answers.get(path) ?? `answer to ${body}`);
  }

  const server = createServer((request, response) => {
    // A sender that was killed half-way has sent nothing.
    take(request, response).catch(() => response.destroy());
  });
  await listen(server);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    answers,
    at,
    shut(path) {
      const { promise, resolve } = Promise.withResolvers<void>();
      gates.set(path, promise);
      return {
        open() {
          gates.delete(path);
          resolve();
        },
      };
    },
    arrived: (path, count) =>
      until(`${count} requests came to ${path}`, () =>
        at(path).length >= count ? at(path) : undefined,
      ),
    stop: () => stop(server),
  };
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
