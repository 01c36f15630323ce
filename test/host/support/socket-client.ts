/** The client's end of a WebSocket over which entries come. */
import { expect } from "vitest";
import type { EntryView } from "../../../src/core/api/views.ts";

export class SocketClient {
  readonly entries: EntryView[] = [];
  /** Whatever else came. */
  readonly texts: string[] = [];
  /** Code and reason, once it is closed. */
  closed: string | undefined;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const text = String(data);
      if (text.startsWith("{")) this.entries.push(JSON.parse(text) as EntryView);
      else this.texts.push(text);
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = `${code} ${reason}`;
    });
    socket.accept();
  }

  get indices(): readonly number[] {
    return this.entries.map(({ index }) => index);
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  close(): void {
    this.#socket.close(1000, "enough");
  }

  /** Waits until the entry with that index has come. */
  async reaches(index: number): Promise<void> {
    await expect.poll(() => this.entries.at(-1)?.index, { timeout: 10_000 }).toBe(index);
  }
}
