import { isDeepStrictEqual } from "node:util";
import type { AgentView, Api, Entry, Update } from "./api.ts";
import type { Delivery } from "./deliveries.ts";
import { copiesOf } from "./feed.ts";
import type { Feeder, Plan } from "./feed.ts";
import { blockersOf, sectionOf } from "./model.ts";
import type { Model } from "./model.ts";
import type { Received, Receiver } from "./receiver.ts";
import { check } from "./report.ts";
import type { Check } from "./report.ts";
import { until } from "./wait.ts";

const SETTLE_LIMIT_MS = 5_000;

/** One pull request with all that the demo plans and expects for it. */
export interface Subject {
  readonly key: string;
  readonly deliveries: readonly Delivery[];
  readonly model: Model;
  readonly plan: Plan;
  readonly mode: Update["mode"];
  /** The revision that its agent has at the end. */
  readonly target: number;
}

/** What was found out about one agent when all was done. */
interface Finding {
  readonly subject: Subject;
  readonly agent: AgentView;
  readonly entries: readonly Entry[];
  readonly facts: unknown;
  /** What the method that only its revision has answers. */
  readonly own: unknown;
}

/** What the checks look at. */
export interface Evidence {
  readonly api: Api;
  readonly subjects: readonly Subject[];
  readonly feeder: Feeder;
  readonly receiver: Receiver;
  readonly updates: ReadonlyMap<string, Update>;
  /** The notification that was in flight when the server was killed. */
  readonly held: Received;
}

/** Asks the server, the receiver and the model, and compares what they say. */
export async function checkEverything(evidence: Evidence): Promise<readonly Check[]> {
  const findings = await Promise.all(
    evidence.subjects.map((subject) => inspect(evidence.api, subject)),
  );
  return [
    ...deliveryChecks(evidence, findings),
    ...notificationChecks(evidence, findings),
    ...stateChecks(findings),
    ...revisionChecks(findings, evidence.updates),
  ];
}

async function inspect(api: Api, subject: Subject): Promise<Finding> {
  const { key, mode } = subject;
  const facts = await api.invoke(key, "describe", []);
  const own = await (mode === "automatic"
    ? api.invoke(key, "blockers", [])
    : api.invoke(key, "section", ["checks"]));
  const agent = await settled(api, key);
  const entries = await api.oplog(key);
  return { subject, agent, entries, facts, own };
}

/** The agent once it is idle, or as it is when the time for that is up. */
async function settled(api: Api, key: string): Promise<AgentView> {
  const idle = until(`${key} to be idle`, SETTLE_LIMIT_MS, async () => {
    const agent = await api.agent(key);
    return agent.status === "idle" && agent.pendingInvocations === 0 ? agent : undefined;
  });
  return idle.catch(() => api.agent(key));
}

function deliveryChecks(
  { subjects, feeder }: Evidence,
  findings: readonly Finding[],
): readonly Check[] {
  const copies = sum(subjects.map(({ plan }) => copiesOf(plan)));
  const unique = sum(subjects.map(({ deliveries }) => deliveries.length));
  const runs = findings.map(({ entries }) => deliveriesOf(entries, "AgentInvocationStarted"));
  const notes = findings.flatMap(runNotes);
  return [
    check("deliveries answered, copies included", copies, feeder.counts.answered),
    check(
      "deliveries run, each once and to its end",
      unique,
      sum(runs.map((run) => run.length)),
      notes,
    ),
    check(
      "duplicates dropped",
      copies - unique,
      feeder.counts.answered - sum(runs.map((run) => run.length)),
    ),
    check("copies answered otherwise than their original", 0, feeder.faults.length, feeder.faults),
  ];
}

/** The keys of the deliveries that have an entry of this kind, repetitions included. */
function deliveriesOf(entries: readonly Entry[], kind: string): readonly string[] {
  const delivered = new Set(
    entries.flatMap(({ method, idempotencyKey = "" }) =>
      method === "deliver" ? [idempotencyKey] : [],
    ),
  );
  return entries.flatMap(({ kind: found, idempotencyKey = "" }) =>
    found === kind && delivered.has(idempotencyKey) ? [idempotencyKey] : [],
  );
}

function runNotes({ subject, entries }: Finding): readonly string[] {
  const started = count(deliveriesOf(entries, "AgentInvocationStarted"));
  const finished = count(deliveriesOf(entries, "AgentInvocationFinished"));
  const failed = entries.filter(({ outcome }) => outcome?.ok === false);
  return [
    ...subject.deliveries
      .filter(({ id }) => started.get(id) !== 1 || finished.get(id) !== 1)
      .map(
        ({ id }) => `${subject.key}: ${id} started ${started.get(id)}, ended ${finished.get(id)}`,
      ),
    ...failed.map(({ index }) => `${subject.key}: the invocation that ends at ${index} failed`),
  ];
}

function notificationChecks(
  { subjects, receiver, held }: Evidence,
  findings: readonly Finding[],
): readonly Check[] {
  const changes = sum(subjects.map(({ model }) => model.changes.length));
  const received = [...receiver.received.values()];
  const unanswered = received.filter(({ answered }) => answered === 0).map(({ key }) => key);
  const sent = findings.map(({ entries }) => entries.filter(({ call }) => call === "fetch").length);
  const notes = subjects.flatMap((subject) => orderNotes(subject, received));
  return [
    check("notifications sent, by the oplogs", changes, sum(sent)),
    check("each exactly once: distinct Idempotency-Keys", changes, received.length, unanswered),
    check("each for its state change, in its order", changes, changes - notes.length, notes),
    check("keyless posts, or two bodies under one key", 0, receiver.faults.length, receiver.faults),
    check("posts of the one in flight at the kill, same key", "2", String(held.arrivals)),
  ];
}

function orderNotes({ key, model }: Subject, received: readonly Received[]): readonly string[] {
  const found = received
    .map(({ notification }) => notification)
    .filter(({ pullRequest }) => pullRequest === key)
    .toSorted((left, right) => left.number - right.number)
    .map(({ number, delivery, changed }) => ({ number, delivery, changed: changed.toSorted() }));
  const expected = model.changes.map((change, index) => ({ number: index + 1, ...change }));
  const length = Math.max(found.length, expected.length);
  return Array.from({ length }, (_, index) => index)
    .filter((index) => !isDeepStrictEqual(found[index], expected[index]))
    .map(
      (index) => `${key}: ${JSON.stringify(found[index])} for ${JSON.stringify(expected[index])}`,
    );
}

function stateChecks(findings: readonly Finding[]): readonly Check[] {
  const wrong = findings
    .filter(({ facts, subject }) => !isDeepStrictEqual(facts, subject.model.facts))
    .map(({ facts, subject }) => `${subject.key}: ${JSON.stringify(facts)}`);
  const strange = findings
    .filter(({ own, subject }) => !isDeepStrictEqual(own, ownAnswer(subject)))
    .map(({ own, subject }) => `${subject.key}: ${JSON.stringify(own)}`);
  const busy = findings
    .filter(({ agent }) => agent.status !== "idle" || agent.pendingInvocations > 0)
    .map(({ agent, subject }) => `${subject.key}: ${agent.status}`);
  const all = findings.length;
  return [
    check("agents with the state that the payloads give", all, all - wrong.length, wrong),
    check("agents whose new method answers right", all, all - strange.length, strange),
    check("agents idle, with nothing pending", all, all - busy.length, busy),
  ];
}

function ownAnswer({ mode, model }: Subject): unknown {
  if (mode === "automatic") return blockersOf(model.facts);
  return { facts: sectionOf(model.facts, "checks"), handedOverFrom: 1 };
}

function revisionChecks(
  findings: readonly Finding[],
  updates: ReadonlyMap<string, Update>,
): readonly Check[] {
  const targets = [...new Set(findings.map(({ subject }) => subject.target))].toSorted(
    (a, b) => a - b,
  );
  const perRevision = targets.map((revision) => {
    const meant = findings.filter(({ subject }) => subject.target === revision);
    const there = findings.filter(({ agent }) => agent.revision === revision);
    const mode = meant[0]?.subject.mode ?? "";
    return check(`agents on revision ${revision} (${mode} update)`, meant.length, there.length);
  });
  const notes = findings.flatMap((finding) =>
    updateNotes(finding, updates.get(finding.subject.key)),
  );
  return [
    ...perRevision,
    check(
      "updates with one request, one success, no failure",
      findings.length,
      findings.length - notes.length,
      notes,
    ),
  ];
}

function updateNotes({ subject, agent, entries }: Finding, update?: Update): readonly string[] {
  const ofKind = (kind: string): readonly (string | undefined)[] =>
    entries.filter((entry) => entry.kind === kind).map(({ updateId }) => updateId);
  const { pending, successful, failed } = agent.updates;
  const found = {
    requested: ofKind("PendingUpdate"),
    succeeded: ofKind("SuccessfulUpdate"),
    failed: [
      ...ofKind("FailedUpdate"),
      ...pending.map(({ id }) => id),
      ...failed.map(({ id }) => id),
    ],
    listed: successful.map(({ id }) => id),
  };
  const once = [update?.id];
  const expected = { requested: once, succeeded: once, failed: [], listed: once };
  return isDeepStrictEqual(found, expected) ? [] : [`${subject.key}: ${JSON.stringify(found)}`];
}

function count(keys: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
