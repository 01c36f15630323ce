import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request as it arrived. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly bytes: Uint8Array;
}

/** How the receiver answers one request. */
export type Respond = (received: Received, response: ServerResponse) => void | Promise<void>;

/** A server on loopback that agents can fetch from. */
export interface Receiver {
  readonly url: string;
  /** All requests so far, in order of arrival. */
  readonly received: readonly Received[];
  /** Paths of the requests whose connections were closed before they were answered. */
  readonly closed: readonly string[];
  close(): Promise<void>;
}

async function read(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  return {
    method: request.method ?? "",
    path: request.url ?? "",
    headers: request.headers,
    body: bytes.toString("utf8"),
    bytes,
  };
}

function reply(_: Received, response: ServerResponse): void {
  response.end("ok");
}

/** Starts a receiver on a free port. */
export async function openReceiver(respond: Respond = reply): Promise<Receiver> {
  const received: Received[] = [];
  const closed: string[] = [];
  const server = createServer((request, response) => {
    read(request)
      .then((whole) => {
        received.push(whole);
        response.on("close", () => {
          if (!response.writableFinished) closed.push(whole.path);
        });
        return respond(whole, response);
      })
      .catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    closed,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
