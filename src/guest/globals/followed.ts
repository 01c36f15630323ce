/** Lets the invocation that runs follow what the platform does for it (see `native-work.ts`). */
import { noteMovement } from "../run/native-work.ts";
import { replace } from "./replace.ts";
import { currentScope } from "../scopes/scope.ts";

type Method = (this: unknown, ...args: unknown[]) => Promise<unknown>;

/** The methods of `owner`, each of which answers with a promise, are followed from now on. */
function follow(owner: object, names: readonly string[], isCertain = false): void {
  for (const name of names) {
    const method = Reflect.get(owner, name) as Method | undefined;
    if (method === undefined) continue;
    replace(owner, name, function followed(this: unknown, ...args: unknown[]) {
      const work = Reflect.apply(method, this, args);
      const native = currentScope()?.native;
      return native === undefined ? work : native.follow(work, isCertain);
    });
  }
}

type Callback = (...args: unknown[]) => unknown;
type Callbacks = Readonly<Record<string, unknown>>;

/** The callbacks, each of which says that something moves when it is called. */
function noting(callbacks: Callbacks, names: readonly string[]): Callbacks {
  const noted = Object.create(callbacks) as Record<string, unknown>;
  for (const name of names) {
    const callback = callbacks[name] as Callback | undefined;
    if (typeof callback !== "function") continue;
    noted[name] = (...args: unknown[]): unknown => {
      noteMovement();
      return Reflect.apply(callback, callbacks, args);
    };
  }
  return noted;
}

function isCallbacks(value: unknown): value is Callbacks {
  return typeof value === "object" && value !== null;
}

type Constructor = new (...args: unknown[]) => object;

/** Instances of the class note when they call what they were made with. */
function noteCallbacks(name: string, names: readonly string[], usual?: Callbacks): void {
  const Original = Reflect.get(globalThis, name) as Constructor;
  const Noting = new Proxy(Original, {
    construct(target, [given, ...rest]: unknown[], newTarget) {
      const callbacks = given === undefined ? usual : given;
      const first = isCallbacks(callbacks) ? noting(callbacks, names) : callbacks;
      return Reflect.construct(target, [first, ...rest], newTarget as Constructor);
    },
  });
  replace(globalThis, name, Noting);
  replace(Original.prototype as object, "constructor", Noting);
}

interface Controller {
  enqueue(chunk: unknown): void;
}

const passOn: Callbacks = {
  transform: (chunk: unknown, controller: Controller) => controller.enqueue(chunk),
};

function followStreams(): void {
  const iterator = Object.getPrototypeOf(new ReadableStream().values()) as object;
  follow(iterator, ["next", "return"]);
  follow(ReadableStream.prototype, ["pipeTo", "cancel"]);
  follow(ReadableStreamDefaultReader.prototype, ["read", "cancel"]);
  follow(ReadableStreamBYOBReader.prototype, ["read", "readAtLeast", "cancel"]);
  follow(WritableStream.prototype, ["close", "abort"]);
  follow(WritableStreamDefaultWriter.prototype, ["write", "close", "abort"]);
  noteCallbacks("ReadableStream", ["start", "pull", "cancel"]);
  noteCallbacks("WritableStream", ["start", "write", "close", "abort"]);
  noteCallbacks("TransformStream", ["start", "transform", "flush", "cancel"], passOn);
}

/** Handlers of a rewriter note that it calls them; they are its method's argument at `position`. */
function noteHandlers(method: "on" | "onDocument", position: number, names: readonly string[]) {
  const original = Reflect.get(HTMLRewriter.prototype, method) as Callback;
  replace(HTMLRewriter.prototype, method, function rewriting(this: unknown, ...args: unknown[]) {
    const handlers = args[position];
    const given = isCallbacks(handlers) ? args.with(position, noting(handlers, names)) : args;
    return Reflect.apply(original, this, given);
  });
}

const SUBTLE = [
  "decrypt",
  "deriveBits",
  "deriveKey",
  "digest",
  "encrypt",
  "exportKey",
  "generateKey",
  "importKey",
  "sign",
  "unwrapKey",
  "verify",
  "wrapKey",
];

const BODY = ["arrayBuffer", "blob", "bytes", "formData", "json", "text"];

/** Called once, before any author code is evaluated. */
export function followNativeWork(): void {
  follow(Object.getPrototypeOf(crypto.subtle) as object, SUBTLE, true);
  // Requests inherit the same methods: following them there would follow each read twice.
  follow(Response.prototype, BODY);
  follow(Blob.prototype, ["arrayBuffer", "bytes", "text"], true);
  followStreams();
  noteHandlers("on", 1, ["element", "comments", "text"]);
  noteHandlers("onDocument", 0, ["doctype", "comments", "text", "end"]);
}
