/**
 * The report of a divergence: what the record has, what the replay came to instead, the first
 * difference between the two, and what to do next. The instance says what happened; all words about
 * it are made here.
 */
import { showPayload, type OpenRich } from "../api/show.ts";
import type { DivergenceView, JsonValue } from "../api/views.ts";
import type { Entry, Outcome } from "../oplog/entry.ts";
import type { Deed, Divergence } from "../protocol.ts";
import { INITIALIZATION_KEY } from "../status/status.ts";
import { cutTexts, firstDifference, type Difference } from "./difference.ts";

/** Why there was a replay. */
export interface ReplayPurpose {
  /** The revision in force. */
  readonly presentRevision: number;
  readonly replayedRevision: number;
  /** An update, or a dry run of one: the agent itself is as it was. */
  readonly isTrial: boolean;
}

/** Characters of a long text that are shown from its beginning: what kind of thing it is. */
const HEAD = 80;

/** What an error has for its code when the revision has no such method. */
const METHOD_GONE = "method-not-found";

function describeOutcome(outcome: Outcome, openRich: OpenRich): string {
  if (!outcome.ok) return `the error ${outcome.error.name}: ${outcome.error.message}`;
  return `the result ${JSON.stringify(showPayload(outcome.result, openRich))}`;
}

type Call = Extract<Deed, { kind: "call" }>["identity"];

/** `other` is what it is told apart from: what the two have in common need not be said. */
function describeCall(
  { call, request, durability, parent }: Call,
  other: Call | undefined,
  openRich: OpenRich,
): string {
  const shown =
    request === undefined ? "" : ` with ${JSON.stringify(showPayload(request, openRich))}`;
  const isAlike = other !== undefined && other.call === call && other.request === request;
  const how = isAlike && other.durability !== durability ? ` as ${durability}` : "";
  const outside = parent === undefined ? " outside of any step" : ` inside the call at ${parent}`;
  return `a call of ${call}${shown}${how}${isAlike && other.parent !== parent ? outside : ""}`;
}

function describeRecorded(recorded: Entry, done: Deed, openRich: OpenRich): string {
  switch (recorded.kind) {
    case "Start":
      return describeCall(recorded, done.kind === "call" ? done.identity : undefined, openRich);
    case "End":
      return `the end of the call at ${recorded.start}`;
    case "AgentInvocationFinished":
      return describeOutcome(recorded.outcome, openRich);
    case "BeginAtomicRegion":
      return "the begin of an atomic region";
    case "EndAtomicRegion":
      return `the end of the atomic region at ${recorded.begin}`;
    case "Cancelled":
      return "the cancellation of the invocation";
    default:
      return recorded.kind;
  }
}

function describeDone(recorded: Entry, done: Deed, openRich: OpenRich): string {
  switch (done.kind) {
    case "call": {
      const other = recorded.kind === "Start" ? recorded : undefined;
      return describeCall(done.identity, other, openRich);
    }
    case "border":
      return `the ${done.border} of an atomic region`;
    case "outcome":
      return describeOutcome(done.outcome, openRich);
    case "waiting":
      return "no further step: it waits for something that the record does not have";
  }
}

/** The parts of both that can be compared: arguments of the same call, results, errors. */
function comparable(recorded: Entry, done: Deed, openRich: OpenRich): readonly JsonValue[] {
  if (recorded.kind === "Start" && done.kind === "call") {
    const requests = [recorded.request, done.identity.request];
    if (recorded.call !== done.identity.call) return [];
    return requests.map((request) =>
      request === undefined ? null : showPayload(request, openRich),
    );
  }
  if (recorded.kind !== "AgentInvocationFinished" || done.kind !== "outcome") return [];
  const outcomes = [recorded.outcome, done.outcome];
  if (outcomes.every((outcome) => outcome.ok)) {
    return outcomes.map(({ result }) => showPayload(result, openRich));
  }
  if (outcomes.some((outcome) => outcome.ok)) return [];
  return outcomes.flatMap((outcome) => {
    if (outcome.ok) return [];
    const { name, message, code } = outcome.error;
    return [{ name, message, ...(code === undefined ? {} : { code }) }];
  });
}

function differenceOf(
  recorded: Entry,
  done: Deed,
  openRich: OpenRich,
): { readonly difference?: Difference } {
  const [left, right] = comparable(recorded, done, openRich);
  if (left === undefined || right === undefined) return {};
  const difference = firstDifference(left, right);
  return difference === undefined ? {} : { difference };
}

function isMethodGone(done: Deed): boolean {
  return done.kind === "outcome" && !done.outcome.ok && done.outcome.error.code === METHOD_GONE;
}

/** Whether `"check": "calls"` would get past it. */
function isOfResultAlone(recorded: Entry, done: Deed): boolean {
  return (
    recorded.kind === "AgentInvocationFinished" &&
    done.kind === "outcome" &&
    recorded.outcome.ok === done.outcome.ok &&
    !isMethodGone(done)
  );
}

/** Nothing goes back to before the initialization. */
function revertAdvice({ idempotencyKey, startedIndex }: Divergence): readonly string[] {
  if (idempotencyKey === INITIALIZATION_KEY) return [];
  const body = `{"toIndex": ${startedIndex - 1}}`;
  return [
    `Or revert the agent to before this invocation, ${body}, if what came since may be lost.`,
  ];
}

/** An agent that has failed is healed by code that gets past the place. */
function adviseFailed(divergence: Divergence, isOfResult: boolean): readonly string[] {
  const check = isOfResult ? `, with "check": "calls" if the other result is as it should be` : "";
  return [
    `Upload code that does again what is recorded, and update the agent to it with "mode": "automatic"${check}.`,
    ...revertAdvice(divergence),
  ];
}

function adviseTrial(
  divergence: Divergence,
  revision: number,
  isOfResult: boolean,
): readonly string[] {
  const { method, done } = divergence;
  const mend = isMethodGone(done)
    ? `Keep ${method} in the new code as long as the agent's history has it, and upload that.`
    : `${isOfResult ? "Else mend" : "Mend"} ${method} of revision ${revision}, so that it does for past invocations what is recorded, and upload it.`;
  return [
    ...(isOfResult
      ? [
          `If the other result is as it should be, update with "check": "calls", which compares the calls of past invocations only.`,
        ]
      : []),
    mend,
    `Or update with "mode": "manual": it hands the state over by a snapshot and replays nothing.`,
    ...revertAdvice(divergence),
  ];
}

/** What a person can do next. */
function advise(divergence: Divergence, { isTrial, replayedRevision }: ReplayPurpose): string {
  const isOfResult = isOfResultAlone(divergence.recorded, divergence.done);
  const sentences = isTrial
    ? adviseTrial(divergence, replayedRevision, isOfResult)
    : adviseFailed(divergence, isOfResult);
  return sentences.join(" ");
}

/** The report of a divergence. */
export function reportDivergence(
  divergence: Divergence,
  purpose: ReplayPurpose,
  openRich: OpenRich,
): DivergenceView {
  const { index, recorded, done, method, idempotencyKey } = divergence;
  const { presentRevision, replayedRevision } = purpose;
  const [expected, actual] = cutTexts(
    describeRecorded(recorded, done, openRich),
    describeDone(recorded, done, openRich),
    HEAD,
  );
  const revisions = `The agent is on revision ${presentRevision}; this was a replay on revision ${replayedRevision}.`;
  return {
    index,
    kind: recorded.kind,
    method,
    idempotencyKey,
    expected,
    actual,
    message: `At oplog index ${index} of ${method} the record has ${expected}, but the code came to ${actual}. ${revisions}`,
    ...differenceOf(recorded, done, openRich),
    presentRevision,
    replayedRevision,
    advice: advise(divergence, purpose),
  };
}
