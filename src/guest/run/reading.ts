/** One call of a read-only method, outside of any invocation: it is in no record. */
import type { Outcome } from "../../core/oplog/entry.ts";
import type { ReadCall, ReadReply } from "../../core/protocol.ts";
import { codeOf, type AuthorInstance } from "../code/entering.ts";
import { toErrorData } from "../author/errors.ts";
import { nextTurn, platformRandom, realNow } from "../platform.ts";
import { ReadOnlyScope, ReadOnlyViolation } from "./read-only.ts";
import { encodeResult } from "./results.ts";
import { within } from "../scopes/scope.ts";

const unrecorded = {
  now: realNow,
  random: platformRandom,
  log() {},
};

const WAITING = Symbol("waiting");

/** What the code answers by itself: nothing that it might wait for comes while it runs. */
async function answerOf(scope: ReadOnlyScope, returned: unknown): Promise<unknown> {
  let isOver = false;
  const answer = Promise.resolve(returned).finally(() => {
    isOver = true;
  });
  const rest = nextTurn().then(async () => {
    await scope.native.rest(() => isOver);
    return WAITING;
  });
  return Promise.race([answer, rest]);
}

async function outcomeOf(instance: AuthorInstance, call: ReadCall): Promise<Outcome> {
  const { method } = call;
  const { limits, retry: usualRetry } = instance.boot.settings;
  const scope = new ReadOnlyScope(method, { ...unrecorded, settings: { limits, usualRetry } });
  const answer = await answerOf(scope, within(scope, codeOf(instance, call, scope)));
  if (answer !== WAITING) return { ok: true, result: encodeResult(answer, limits) };
  // It may yet go on, and change what others see.
  throw new ReadOnlyViolation(method, "waits for something that only another method brings", true);
}

export async function readOnce(instance: AuthorInstance, call: ReadCall): Promise<ReadReply> {
  try {
    return { outcome: await outcomeOf(instance, call), isSpoiled: false };
  } catch (error) {
    const isSpoiled = error instanceof ReadOnlyViolation && error.hasChanged;
    return { outcome: { ok: false, error: toErrorData(error) }, isSpoiled };
  }
}
