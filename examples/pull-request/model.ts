/**
 * What must have come of the deliveries, computed from the payloads alone. It shares no code with
 * the agent on purpose: it is the other opinion that the demo checks the agent against.
 */
import type { Delivery } from "./deliveries.ts";
import type { Payload, PullRequestPayload } from "./payload.ts";

type Fact = string | boolean | readonly string[];
export type Facts = Readonly<Record<string, Fact>>;

/** What one delivery must have changed. */
interface Expectation {
  readonly delivery: string;
  readonly changed: readonly string[];
}

/** What is expected of one agent after all of its deliveries. */
export interface Model {
  readonly expectations: readonly Expectation[];
  readonly changes: readonly Expectation[];
  readonly facts: Facts;
}

interface State {
  readonly about: ReadonlyMap<string, Fact>;
  readonly parts: ReadonlyMap<string, string>;
}

/** Runs the deliveries of one pull request through the model. */
export function modelOf(deliveries: readonly Delivery[]): Model {
  let state: State = { about: new Map(), parts: new Map() };
  const expectations = deliveries.map((delivery) => {
    const before = factsOf(state);
    state = after(state, delivery);
    return { delivery: delivery.id, changed: difference(before, factsOf(state)) };
  });
  return {
    expectations,
    changes: expectations.filter(({ changed }) => changed.length > 0),
    facts: factsOf(state),
  };
}

/** What `blockers` of revision 2 must answer. */
export function blockersOf(facts: Facts): readonly string[] {
  const found: string[] = [];
  for (const [name, value] of Object.entries(facts)) {
    const group = name.slice(0, Math.max(0, name.indexOf("/")));
    const blocked =
      (name === "state" && value !== "open") ||
      ((name === "draft" || name === "locked") && value === true) ||
      (group === "reviews" && value === "changes_requested") ||
      (["checks", "suites", "workflows"].includes(group) && value !== "success");
    if (blocked) found.push(`${name}: ${String(value)}`);
  }
  return found.toSorted();
}

/** What `section` of revision 3 must show. */
export function sectionOf(facts: Facts, section: string): Facts {
  const entries = Object.entries(facts).flatMap(([name, value]) => {
    const item = name.startsWith(`${section}/`) ? name.slice(section.length + 1) : undefined;
    return item === undefined ? [] : [[item, value] as const];
  });
  return Object.fromEntries(entries);
}

function after(state: State, { event, payload }: Delivery): State {
  const about = new Map([...state.about, ...aboutOf(payload)]);
  const parts = new Map(state.parts);
  const milestone = milestoneOf(payload, event);
  if (milestone === null) about.delete("milestone");
  else if (milestone !== undefined) about.set("milestone", milestone);
  if (event === "push" && payload.after !== undefined) about.set("head", payload.after);
  const part = partOf(event, payload);
  if (part !== undefined && part[1] === null) parts.delete(part[0]);
  else if (part !== undefined) parts.set(part[0], part[1] ?? "");
  return { about, parts };
}

function aboutOf({ pull_request: pull }: Payload): readonly (readonly [string, Fact])[] {
  if (pull === undefined) return [];
  const known: readonly (readonly [string, Fact | undefined])[] = [
    ["title", pull.title],
    ["author", pull.user?.login],
    ["state", typeof pull.merged_at === "string" ? "merged" : pull.state],
    ["draft", pull.draft],
    ["locked", pull.locked],
    ["head", pull.head?.sha],
    ...peopleAndLabels(pull),
  ];
  return known.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

function peopleAndLabels(pull: PullRequestPayload): (readonly [string, Fact | undefined])[] {
  return [
    ["labels", pull.labels?.map((label) => label.name).toSorted()],
    ["assignees", pull.assignees?.map((person) => person.login).toSorted()],
    ["reviewers", pull.requested_reviewers?.map((person) => person.login).toSorted()],
  ];
}

/** `undefined`: the delivery says nothing about it. */
function milestoneOf(payload: Payload, event: string): string | null | undefined {
  const subject = event === "issues" ? payload.issue : payload.pull_request;
  return subject?.milestone === undefined ? undefined : (subject.milestone?.title ?? null);
}

function partOf(event: string, payload: Payload): readonly [string, string | null] | undefined {
  const { review, comment, thread, deployment_status: deployed } = payload;
  const run = payload.check_run ?? payload.check_suite ?? payload.workflow_run;
  const result = run?.conclusion ?? run?.status ?? "";
  switch (event) {
    case "pull_request_review":
      return review && [`reviews/${review.user.login}`, review.state];
    case "pull_request_review_comment":
      return (
        comment && [`comments/${comment.id}`, payload.action === "deleted" ? null : comment.body]
      );
    case "pull_request_review_thread":
      return thread && [`threads/${thread.node_id}`, payload.action ?? ""];
    case "check_run":
      return [`checks/${payload.check_run?.name ?? ""}`, result];
    case "check_suite":
      return [`suites/${payload.check_suite?.app.name ?? ""}`, result];
    case "workflow_run":
      return [`workflows/${payload.workflow_run?.workflow_id ?? ""}`, result];
    case "deployment_review":
      return [`deployments/${payload.environment ?? ""}`, payload.action ?? ""];
    case "deployment_status":
      return deployed && [`deployments/${deployed.environment}`, deployed.state];
    default:
      return undefined;
  }
}

function factsOf({ about, parts }: State): Facts {
  return Object.fromEntries([...about, ...parts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function difference(before: Facts, now: Facts): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names]
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]))
    .toSorted();
}
