/** A body that is read while it is worked on: its first line at once, all of it by whom it is for. */
import { drain } from "./read-stream.ts";

/** A first line is an address and little more. */
const FIRST_LINE_BYTES = 64 * 1024;
/** What is still sent of a file that was refused is read up to so much, so that the refusal arrives. */
const DRAINED_BYTES = 64 * 1024 * 1024;
const LINE_FEED = 10;

export class FileStream {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #limit: number;
  readonly #begun: Uint8Array[] = [];
  #length = 0;
  /** Why it was given up before its end. */
  fault: "too-large" | "broken" | undefined;

  constructor(body: ReadableStream<Uint8Array>, limit: number) {
    this.#reader = body.getReader();
    this.#limit = limit;
  }

  async #next(): Promise<Uint8Array | undefined> {
    try {
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#length += value.length;
      if (this.#length <= this.#limit) return value;
      this.fault = "too-large";
      return undefined;
    } catch {
      this.fault = "broken";
      return undefined;
    }
  }

  /** The first line, or the beginning of it when it is long. */
  async firstLine(): Promise<string> {
    const decoder = new TextDecoder();
    let line = "";
    while (this.#length < FIRST_LINE_BYTES) {
      const chunk = await this.#next();
      if (chunk === undefined) break;
      this.#begun.push(chunk);
      const end = chunk.indexOf(LINE_FEED);
      line += decoder.decode(end < 0 ? chunk : chunk.subarray(0, end), { stream: end < 0 });
      if (end >= 0) break;
    }
    return line;
  }

  /** All of it, a chunk when one is wanted; where it has a fault it ends there. */
  whole(): ReadableStream<Uint8Array> {
    const pull = async (controller: ReadableByteStreamController): Promise<void> => {
      const chunk = this.#begun.shift() ?? (await this.#next());
      if (chunk !== undefined) controller.enqueue(chunk);
      else {
        controller.close();
        controller.byobRequest?.respond(0);
      }
    };
    return new ReadableStream({ type: "bytes", pull });
  }

  /** Nobody reads any further. */
  async close(): Promise<void> {
    await drain(this.#reader, DRAINED_BYTES);
  }
}
