/** Durable promises: made here, completed from outside. */
import { randomUUID } from "../platform.ts";
import { callingScope, type CallSpec } from "../scopes/scope.ts";
import { decode, keepClass } from "../values.ts";

const CREATION = { call: "promise.create", durability: "write-local" } as const;

function awaitSpec(id: string): CallSpec {
  const request = JSON.stringify({ id });
  const effect = { call: "promise.await", request, repeatable: true } as const;
  return {
    identity: { call: "promise.await", durability: "read-remote", request },
    promiseId: id,
    perform: (start, link) =>
      start === undefined
        ? link.performUnrecorded(effect)
        : link.perform({ ...effect, start: start.id }),
  };
}

/** A promise that survives everything. It can be kept in a field, and waited for as often as you like. */
export class DurablePromise {
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }

  /** What the promise was completed with; rejects with what it was rejected with. */
  readonly wait = async (): Promise<unknown> => {
    const response = await callingScope("wait()").call(awaitSpec(this.id)).settled;
    return response === undefined ? undefined : decode(response);
  };
}

keepClass("DurablePromise", {
  reduce: (value) => value instanceof DurablePromise && { id: value.id },
  revive: ({ id }: { readonly id: string }) => new DurablePromise(id),
});

/** Makes a promise. `POST A/promises/{id}` completes it, or `completePromise` in another agent. */
export function createPromise(): DurablePromise {
  const scope = callingScope("createPromise");
  if (scope.invocation === undefined) {
    throw new Error(
      "createPromise is not available here, where nothing is recorded; call it in the method, outside of step and of snapshot hooks.",
    );
  }
  return new DurablePromise(
    JSON.parse(scope.inline(CREATION, () => JSON.stringify(randomUUID()))) as string,
  );
}
