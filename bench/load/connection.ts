import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { parseResponse, type Response } from "./response.ts";

interface Waiter {
  readonly resolve: (response: Response) => void;
  readonly reject: (error: Error) => void;
}

/** Far more than any answer takes: what is silent for so long has hung. */
const SILENCE_MS = 60_000;

/**
 * A kept-alive HTTP/1.1 connection with one request under way at a time. It does no more than that,
 * so that the load generator costs a small part of what it measures.
 */
export class Connection {
  readonly #socket: Socket;
  #received: Buffer | null = null;
  #waiter: Waiter | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error("the server does not answer")));
    socket.on("data", (bytes) => this.#receive(bytes));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the server closed the connection")));
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    await once(socket, "connect");
    return new Connection(socket);
  }

  exchange(request: Buffer): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    const received = this.#received === null ? bytes : Buffer.concat([this.#received, bytes]);
    const response = parseResponse(received);
    this.#received = response === null ? received : null;
    if (response === null) return;
    this.#waiter?.resolve(response);
    this.#waiter = null;
  }

  #fail(error: Error): void {
    this.#waiter?.reject(error);
    this.#waiter = null;
  }
}

/** Opens `count` connections for `use` and closes them after it: idle ones are cut by the server. */
export async function withConnections<T>(
  port: number,
  count: number,
  use: (connections: readonly Connection[]) => Promise<T>,
): Promise<T> {
  const connections = await Promise.all(Array.from({ length: count }, () => Connection.open(port)));
  try {
    return await use(connections);
  } finally {
    for (const connection of connections) connection.close();
  }
}
