import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type { Payload, PullRequestReference } from "./payload.ts";

/** One webhook delivery as GitHub sends it: id, event name and payload. */
export interface Delivery {
  readonly id: string;
  readonly event: string;
  readonly payload: Payload;
}

/** All example deliveries of the package, those about a pull request by its key. */
export interface DeliveryCollection {
  readonly total: number;
  readonly unrelated: number;
  readonly byPullRequest: ReadonlyMap<string, readonly Delivery[]>;
}

interface WebhookDefinition {
  readonly name: string;
  readonly examples: readonly Payload[];
}

const SOURCES = ["api.github.com", "ghes-31", "ghes-32", "ghes-33", "ghes-34", "ghes-35"];

/** Reads the package and sorts its deliveries by pull request, each in the order of its time. */
export function collectDeliveries(): DeliveryCollection {
  const all = readPackage();
  const heads = collectHeads(all);
  const groups = new Map<string, Delivery[]>();
  let unrelated = 0;
  for (const delivery of all) {
    const key = pullRequestOf(delivery, heads);
    if (key === undefined) unrelated += 1;
    else groups.set(key, [...(groups.get(key) ?? []), delivery]);
  }
  const bySize = [...groups].sort(([, left], [, right]) => right.length - left.length);
  return {
    total: all.length,
    unrelated,
    byPullRequest: new Map(bySize.map(([key, group]) => [key, group.toSorted(byTime)])),
  };
}

/** The releases of GitHub Enterprise repeat payloads of each other: the same payload is one delivery. */
function readPackage(): readonly Delivery[] {
  const require = createRequire(import.meta.url);
  const place = pathToFileURL(require.resolve("@octokit/webhooks-examples/package.json"));
  const deliveries = new Map<string, Delivery>();
  for (const source of SOURCES) {
    const file = readFileSync(new URL(`${source}/index.json`, place), "utf8");
    const definitions = JSON.parse(file) as readonly WebhookDefinition[];
    for (const { name, examples } of definitions) {
      for (const payload of examples) {
        const id = deliveryId(name, payload);
        if (!deliveries.has(id)) deliveries.set(id, { id, event: name, payload });
      }
    }
  }
  return [...deliveries.values()];
}

/** A UUID (version 8) derived from the delivery itself, so that each run of the demo uses the same. */
function deliveryId(event: string, payload: Payload): string {
  const hash = createHash("sha256")
    .update(`${event}\n${JSON.stringify(payload)}`)
    .digest("hex");
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `a${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join("-");
}

/** Which pull request has a commit or a branch at its head, by `host/owner/name@commit-or-branch`. */
function collectHeads(deliveries: readonly Delivery[]): ReadonlyMap<string, string> {
  const heads = new Map<string, string>();
  for (const { payload } of deliveries) {
    const place = repositoryOf(payload);
    if (place === undefined) continue;
    const named = payload.pull_request ? [payload.pull_request] : referencesOf(payload);
    for (const { number, head } of named) {
      if (head === undefined) continue;
      heads.set(`${place}@${head.sha}`, `${place}#${number}`);
      heads.set(`${place}@refs/heads/${head.ref}`, `${place}#${number}`);
    }
  }
  return heads;
}

/**
 * The key is the repository that sent the delivery and the number in it. A delivery without a
 * number belongs to the pull request that has its commit or branch at the head.
 */
function pullRequestOf(
  { payload }: Delivery,
  heads: ReadonlyMap<string, string>,
): string | undefined {
  const place = repositoryOf(payload);
  if (place === undefined) return undefined;
  const number = payload.pull_request?.number ?? issueNumberOf(payload) ?? runNumberOf(payload);
  if (number !== undefined) return `${place}#${number}`;
  return heads.get(`${place}@${commitOf(payload)}`) ?? heads.get(`${place}@${payload.ref}`);
}

function issueNumberOf({ issue }: Payload): number | undefined {
  return issue?.pull_request ? issue.number : undefined;
}

function runNumberOf(payload: Payload): number | undefined {
  return referencesOf(payload)[0]?.number;
}

function referencesOf(payload: Payload): readonly PullRequestReference[] {
  const run = payload.check_run ?? payload.check_suite ?? payload.workflow_run;
  return run?.pull_requests ?? [];
}

function commitOf(payload: Payload): string | undefined {
  const run = payload.check_run ?? payload.check_suite ?? payload.workflow_run;
  return run?.head_sha ?? payload.deployment?.sha ?? payload.sha ?? payload.after;
}

function repositoryOf({ repository }: Payload): string | undefined {
  if (repository === undefined) return undefined;
  const host = new URL(repository.url).hostname.replace(/^api\./, "");
  return `${host}/${repository.full_name}`;
}

function byTime(left: Delivery, right: Delivery): number {
  const [a, b] = [timeOf(left.payload), timeOf(right.payload)];
  return a < b ? -1 : a > b ? 1 : 0;
}

function timeOf(payload: Payload): string {
  return (
    payload.review?.submitted_at ??
    payload.comment?.updated_at ??
    payload.check_run?.completed_at ??
    payload.check_run?.started_at ??
    payload.check_suite?.updated_at ??
    payload.deployment_status?.updated_at ??
    payload.workflow_run?.updated_at ??
    payload.pull_request?.updated_at ??
    payload.issue?.updated_at ??
    ""
  );
}
