/**
 * Values between isolates. The platform refuses those of more than 32 MiB, and a text of 16 MiB may
 * take that much: what may be too large travels as a stream of its JSON. Values that JSON cannot hold
 * (those of bindings) cross as they are, and are limited to less where they are made.
 */
import { isHeavierThan, isJsonTree } from "../core/weight.ts";

/** What is lighter crosses as it is, which is faster. */
const HEAVY_BYTES = 8 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

/** Taken before author code can replace them. */
const PlatformStream = ReadableStream;
const PlatformResponse = Response;

/** A value on its way. */
export type Packed<T> = T | ReadableStream<Uint8Array>;

/** Objects and lists may be packed. */
type Packable<T> = T extends object ? Packed<T> : T;

/**
 * The operations of an object as they are called from outside. They are methods, so one that is
 * never asked for anything large may take its arguments as they are.
 */
export type Packing<Operations> = {
  [Name in keyof Operations]: Operations[Name] extends (...args: infer Args) => Promise<infer Value>
    ? {
        call(...args: { [At in keyof Args]: Packable<Args[At]> }): Promise<Packable<Value>>;
      }["call"]
    : never;
};

function streamOf(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new PlatformStream({
    type: "bytes",
    pull(controller) {
      controller.enqueue(bytes.slice(at, at + CHUNK_BYTES));
      at += CHUNK_BYTES;
      if (at >= bytes.length) controller.close();
    },
  });
}

export function pack<T>(value: T): Packed<T> {
  return isHeavierThan(value, HEAVY_BYTES) && isJsonTree(value)
    ? streamOf(JSON.stringify(value))
    : value;
}

/** Whether a value has to be waited for. */
export function isStreamed<T>(packed: Packed<T>): packed is ReadableStream<Uint8Array> {
  return packed instanceof PlatformStream;
}

export async function unpack<T>(packed: Packed<T>): Promise<T> {
  if (!isStreamed(packed)) return packed;
  return JSON.parse(await new PlatformResponse(packed).text()) as T;
}

type Method = (...args: unknown[]) => Promise<unknown>;

/** An object's operations by its stub. */
export function reach<Operations extends object>(stub: Packing<Operations>): Operations {
  const methods = stub as Readonly<Record<string, Method>>;
  return new Proxy({} as Operations, {
    get: (_, name) =>
      typeof name === "symbol"
        ? undefined
        : async (...args: unknown[]) => unpack(await methods[name]?.(...args.map(pack))),
  });
}
