import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Arrivals } from "./arrivals.ts";

/** Where agents send what they do: a server on loopback. */
export class Receiver extends Arrivals {
  readonly #server: Server;

  private constructor() {
    super();
    this.#server = createServer((request, response) => {
      // A sender that was killed half-way has sent nothing.
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  /** Starts a receiver on a free port. */
  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve, reject) => {
      receiver.#server.once("error", reject).listen(0, "127.0.0.1", resolve);
    });
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const key = request.headers["idempotency-key"];
    const known = typeof key === "string" ? key : undefined;
    response.end(await this.take({ path: request.url ?? "/", key: known, body }));
  }
}
