/** `fetch` as a durable call: the request goes out through the host, the response is recorded whole. */
import { requestDurability } from "../../core/oplog/durability.ts";
import type { FetchRequest, FetchResponse } from "../../core/protocol.ts";
import { AgentRequest, Described, isRead, KEY_HEADER } from "./request.ts";
import { toResponse } from "./response.ts";
import { callingScope, type MadeCall, type Scope } from "../scopes/scope.ts";

const REPEATABLE = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** What `work` gives, unless the signal fires before: then `stop` is called and its reason thrown. */
function unlessAborted<T>(
  signal: AbortSignal,
  work: Promise<T>,
  stop: () => void = () => {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      stop();
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", abort, { once: true });
    const over = (): void => signal.removeEventListener("abort", abort);
    work.then(resolve, reject).then(over, over);
  });
}

function send(scope: Scope, described: FetchRequest): MadeCall {
  const { method, headers } = described;
  const request = JSON.stringify(described);
  const { isIdempotent, retry } = scope.settings;
  const once = !isRead(method) && isIdempotent === false;
  const hasKey = headers.some(([name]) => name === KEY_HEADER);
  const effect = {
    call: "fetch",
    request,
    repeatable: !once && (REPEATABLE.has(method) || hasKey),
    ...(retry === undefined ? {} : { retry }),
    ...(once ? { once } : {}),
  } as const;
  return scope.call({
    identity: {
      call: "fetch",
      durability: requestDurability(method),
      request,
    },
    perform: (start, link, cancelled) =>
      start === undefined
        ? link.performUnrecorded(effect, cancelled)
        : link.perform({ ...effect, start: start.id }),
  });
}

/** The global `fetch` of agents. Aborting it cancels the call; once the answer is there that changes nothing. */
export async function durableFetch(
  input: RequestInfo | URL,
  init?: RequestInit,
): Promise<Response> {
  const scope = callingScope("fetch");
  const request = new AgentRequest(input, init);
  const { signal, method } = request;
  signal.throwIfAborted();
  const whole = new Described(scope, request, init?.body).whole();
  const described = whole instanceof Promise ? await unlessAborted(signal, whole) : whole;
  const made = send(scope, described);
  const recorded = await unlessAborted(signal, made.settled, () => made.cancel());
  return toResponse(JSON.parse(recorded ?? "null") as FetchResponse, method);
}
