/**
 * The globals of an agent's isolate, as they were judged: each is durable, deterministic, or refused
 * (src/guest/globals). A newer engine may bring others, which this test finds: judge them, then name
 * them here.
 */
import { expect, test } from "vitest";
import { openSite } from "./support/site.ts";

const { api, place } = await openSite();

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

const known = {
  globalThis: words(`
    AbortController AbortSignal AggregateError Array ArrayBuffer AsyncDisposableStack Atomics
    BigInt BigInt64Array BigUint64Array Blob Body Boolean ByteLengthQueuingStrategy Cache
    CacheStorage CloseEvent Cloudflare CompressionStream CountQueuingStrategy Crypto CryptoKey
    CustomEvent DOMException DataView Date DecompressionStream DisposableStack Error ErrorEvent
    EvalError Event EventSource EventTarget ExtendableEvent FetchEvent File FinalizationRegistry
    FixedLengthStream Float16Array Float32Array Float64Array FormData Function HTMLRewriter Headers
    IdentityTransformStream Infinity Int16Array Int32Array Int8Array Intl Iterator JSON Map Math
    MessageChannel MessageEvent MessagePort NaN Navigator Number Object Promise
    PromiseRejectionEvent Proxy RangeError ReadableByteStreamController ReadableStream
    ReadableStreamBYOBReader ReadableStreamBYOBRequest ReadableStreamDefaultController
    ReadableStreamDefaultReader ReferenceError Reflect RegExp Request Response ScheduledEvent
    ServiceWorkerGlobalScope Set SharedArrayBuffer String SubtleCrypto SuppressedError Symbol
    SyntaxError TailEvent TextDecoder TextDecoderStream TextEncoder TextEncoderStream TraceEvent
    TransformStream TransformStreamDefaultController TypeError URIError URL URLPattern
    URLSearchParams Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet
    WebAssembly WebSocket WebSocketPair WebSocketRequestResponsePair WorkerGlobalScope
    WritableStream WritableStreamDefaultController WritableStreamDefaultWriter addEventListener
    atob btoa caches clearInterval clearTimeout console crypto decodeURI decodeURIComponent
    dispatchEvent encodeURI encodeURIComponent escape eval fetch globalThis isFinite isNaN
    navigator origin parseFloat parseInt performance queueMicrotask removeEventListener reportError
    scheduler self setInterval setTimeout structuredClone undefined unescape`),
  console: words(
    `assert clear context count countReset debug dir dirxml error group groupCollapsed groupEnd info log profile profileEnd table time timeEnd timeLog timeStamp trace warn`,
  ),
  crypto: words(`DigestStream getRandomValues randomUUID subtle`),
  navigator: words(`hardwareConcurrency language languages platform sendBeacon userAgent`),
  performance: words(`now timeOrigin`),
  scheduler: words(`wait`),
  Atomics: words(
    `add and compareExchange exchange isLockFree load notify or pause store sub wait waitAsync xor`,
  ),
  Intl: words(
    `Collator DateTimeFormat DisplayNames DurationFormat ListFormat Locale NumberFormat PluralRules RelativeTimeFormat Segmenter getCanonicalLocales supportedValuesOf v8BreakIterator`,
  ),
  WebAssembly: words(
    `CompileError Exception Global Instance JSTag LinkError Memory Module RuntimeError SuspendError Suspending Table Tag compile instantiate promising validate`,
  ),
  AbortSignal: words(`abort any timeout`),
  Date: words(`UTC now parse`),
};

test("there is no global, and no member of one that tells time, waits or draws, that nobody has judged", async () => {
  const { agent } = await place(
    "Known",
    `import { Agent } from "perdure";
    const BASES = [Object.prototype, Function.prototype, null];
    const SHARED = ["constructor", "length", "name", "prototype"];
    function names(value) {
      const found = new Set();
      for (let at = value; !BASES.includes(at); at = Object.getPrototypeOf(at)) {
        for (const name of Object.getOwnPropertyNames(at)) found.add(name);
      }
      return [...found].filter((name) => !SHARED.includes(name)).sort();
    }
    export class Known extends Agent {
      names() {
        const owners = ${JSON.stringify(Object.keys(known))};
        return Object.fromEntries(owners.map((owner) => [owner, names(globalThis[owner])]));
      }
    }`,
  );
  expect(await api.result(agent, "names")).toEqual(known);
});
