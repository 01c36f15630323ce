/** What cannot be made durable is refused, with an error that says what to do instead. */
import { replace, replaceGetter } from "./replace.ts";

/** A function that refuses; `new` may call it as well. */
export function refused(what: string, instead: string): () => never {
  return function refuse() {
    throw new Error(`${what} cannot be made durable and is not available to agents; ${instead}.`);
  };
}

const UPLOAD = "upload the code as a module";

/** The constructors of functions are reached from any function, so they are refused where that leads. */
function refuseCodeFromText(): void {
  replace(globalThis, "eval", refused("eval", UPLOAD));
  const kinds = {
    Function() {},
    async AsyncFunction() {},
    *GeneratorFunction() {},
    async *AsyncGeneratorFunction() {},
  };
  for (const [name, example] of Object.entries(kinds)) {
    const prototype = Object.getPrototypeOf(example) as object;
    const refusing = refused(`new ${name}`, UPLOAD);
    // What is a function stays `instanceof Function`.
    Object.defineProperty(refusing, "prototype", { value: prototype });
    Object.defineProperty(refusing, "name", { value: name });
    replace(prototype, "constructor", refusing);
    if (name === "Function") replace(globalThis, name, refusing);
  }
  for (const name of ["compile", "instantiate", "Module"]) {
    replace(WebAssembly, name, refused(`WebAssembly.${name}`, "upload the code as JavaScript"));
  }
}

function refuseConnections(): void {
  replace(globalThis, "WebSocket", refused("WebSocket", "exchange messages through fetch"));
  replace(globalThis, "WebSocketPair", refused("WebSocketPair", "exchange messages through fetch"));
  replace(globalThis, "EventSource", refused("EventSource", "poll with fetch"));
  replace(navigator, "sendBeacon", refused("navigator.sendBeacon", "send it with fetch"));
}

function refuseCaches(): void {
  const refuse = refused("caches", "keep what you need in the agent's fields");
  replaceGetter(globalThis, "caches", refuse);
  for (const { prototype } of [Cache, CacheStorage]) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      if (name !== "constructor") replaceGetter(prototype, name, refuse);
    }
  }
}

export function refuseTheRest(): void {
  refuseCodeFromText();
  refuseConnections();
  refuseCaches();
  replace(Atomics, "wait", refused("Atomics.wait", "wait with sleep"));
  replace(Atomics, "waitAsync", refused("Atomics.waitAsync", "wait with sleep"));
}

/** What `cloudflare:sockets` exports to agents. */
export const connect = refused("A raw socket", "talk to the other side through fetch");
