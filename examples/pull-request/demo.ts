/** `npm run demo`: see README.md beside this file. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { uploadRevision } from "./agent-code.ts";
import { ConnectionBroken, createApi } from "./api.ts";
import type { Api, Update } from "./api.ts";
import { checkEverything } from "./checks.ts";
import type { Subject } from "./checks.ts";
import { collectDeliveries } from "./deliveries.ts";
import { createFeeder, planOf } from "./feed.ts";
import type { Feeder, Plan } from "./feed.ts";
import { modelOf } from "./model.ts";
import { startReceiver } from "./receiver.ts";
import type { Received, Receiver } from "./receiver.ts";
import { printTable, say, short } from "./report.ts";
import { createServerProcess } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";
import { until } from "./wait.ts";

const TOTAL_LIMIT_MS = 55_000;
const STEP_LIMIT_MS = 20_000;

/** Everything that runs while the demo runs. */
interface Stage {
  readonly server: ServerProcess;
  readonly receiver: Receiver;
  readonly api: Api;
  readonly feeder: Feeder;
  readonly subjects: readonly Subject[];
}

const cleanups: (() => Promise<unknown>)[] = [];

async function demo(): Promise<boolean> {
  const subjects = planSubjects();
  const stage = await setStage(subjects);
  await createAgents(stage);
  await feed(stage, "beforeCrash");
  const held = await crash(stage);
  const [updates] = await Promise.all([updateAll(stage), feed(stage, "duringUpdates")]);
  await feed(stage, "afterUpdates");
  say("check", "asking every agent, its oplog and the receiver");
  return printTable(await checkEverything({ ...stage, updates, held }));
}

/** Every second pull request, the largest first, is updated automatically, the others manually. */
function planSubjects(): readonly Subject[] {
  const { total, unrelated, byPullRequest } = collectDeliveries();
  const subjects = [...byPullRequest].map(([key, deliveries], index): Subject => {
    const model = modelOf(deliveries);
    const plan = planOf(deliveries, model);
    return index % 2 === 0
      ? { key, deliveries, model, plan, mode: "automatic", target: 2 }
      : { key, deliveries, model, plan, mode: "manual", target: 3 };
  });
  const related = `${total - unrelated} are about ${subjects.length} pull requests`;
  say("examples", `${total} deliveries in @octokit/webhooks-examples: ${related}`);
  say("examples", `${unrelated} are not about a pull request and are left out`);
  return subjects;
}

async function setStage(subjects: readonly Subject[]): Promise<Stage> {
  const receiver = await startReceiver();
  cleanups.push(() => receiver.stop());
  say("receiver", `waits for notifications on ${receiver.url}`);
  const state = await mkdtemp(join(tmpdir(), "perdure-demo-"));
  cleanups.push(() => rm(state, { recursive: true, force: true, maxRetries: 5 }));
  const server = createServerProcess(state);
  cleanups.push(() => server.stop());
  await server.start();
  say("server", `answers on ${server.url} (pid ${server.pid})`);
  const api = createApi(() => server.url);
  return { server, receiver, api, feeder: createFeeder(api), subjects };
}

async function createAgents({ api, receiver, subjects }: Stage): Promise<void> {
  await uploadRevision(api, 1);
  say("upload", "revision 1 of PullRequest");
  for (const { key, deliveries } of subjects) {
    await api.create(key, 1, { NOTIFY_URL: receiver.url });
    const coming = deliveries.length === 1 ? "1 delivery" : `${deliveries.length} deliveries`;
    say("create", `${key}, ${coming} to come`);
  }
}

async function feed({ feeder, receiver, subjects }: Stage, part: keyof Plan): Promise<void> {
  const before = { answered: feeder.counts.answered, keys: receiver.received.size };
  await Promise.all(subjects.map(({ key, plan }) => feeder.run(key, plan[part])));
  const answered = feeder.counts.answered - before.answered;
  const notified = receiver.received.size - before.keys;
  say("deliver", `${answered} deliveries answered, ${notified} notifications received`);
}

/**
 * The receiver leaves a notification unanswered; the server dies with it in flight. After the
 * restart nobody asks for anything: the agent itself must come back and post it again.
 */
async function crash({ server, receiver, feeder, subjects }: Stage): Promise<Received> {
  const subject = subjects[0];
  const step = subject?.plan.duringUpdates[0];
  if (subject === undefined || step === undefined) throw new Error("There is nothing to deliver.");
  const arrival = receiver.holdNext();
  const broken = attemptThatBreaks(feeder, subject.key, step.delivery.id, () =>
    feeder.attempt(subject.key, step.delivery),
  );
  const held = await Promise.race([arrival, broken.then(() => arrival)]);
  say("in flight", `${subject.key} posted ${short(held.key)}; the receiver holds its answer back`);
  await server.kill9();
  say("kill -9", `pid ${server.pid} is gone; delivery ${short(step.delivery.id)} got no answer`);
  await broken;
  await server.start();
  say("server", `answers on ${server.url} (pid ${server.pid}), on the same state`);
  await until("the agent to post its notification again", STEP_LIMIT_MS, () =>
    held.arrivals > 1 ? true : undefined,
  );
  say("recover", `unasked, the agent posted ${short(held.key)} again, under the same key`);
  return held;
}

/** Resolves when the connection broke, as it must; anything else is an error. */
async function attemptThatBreaks(
  feeder: Feeder,
  pullRequest: string,
  delivery: string,
  attempt: () => Promise<void>,
): Promise<void> {
  try {
    await attempt();
  } catch (error) {
    if (!(error instanceof ConnectionBroken)) throw error;
    feeder.counts.resent += 1;
    return;
  }
  throw new Error(`${pullRequest} answered delivery ${delivery}, though its server was killed.`);
}

async function updateAll({ api, subjects }: Stage): Promise<ReadonlyMap<string, Update>> {
  await uploadRevision(api, 2);
  say("upload", "revision 2, which adds a method");
  await uploadRevision(api, 3);
  say("upload", "revision 3, whose state has another shape");
  const updates = await Promise.all(
    subjects.map(async (subject) => [subject.key, await updateOne(api, subject)] as const),
  );
  return new Map(updates);
}

async function updateOne(api: Api, { key, target, mode }: Subject): Promise<Update> {
  const requested = await api.update(key, target, mode);
  await until(`the update of ${key}`, STEP_LIMIT_MS, async () => {
    const { updates } = await api.agent(key);
    const failed = updates.failed.find(({ id }) => id === requested.id);
    if (failed !== undefined) throw new Error(`The update of ${key} failed: ${failed.detail}`);
    return updates.successful.some(({ id }) => id === requested.id) ? true : undefined;
  });
  say("update", `${key} is on revision ${target} now (${mode})`);
  return requested;
}

/** Runs once, however the demo ends; what was started last is stopped first. */
async function cleanUp(): Promise<void> {
  for (const stop of cleanups.splice(0).toReversed()) {
    await stop().catch((error: unknown) => say("cleanup", String(error)));
  }
}

function timeLimit(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => {
      reject(new Error(`The demo did not end within ${TOTAL_LIMIT_MS / 1000} s.`));
    }, TOTAL_LIMIT_MS).unref();
  });
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => void cleanUp().finally(() => process.exit(130)));
}
const ok = await Promise.race([demo(), timeLimit()]).catch((error: unknown) => {
  say("failed", error instanceof Error ? error.message : String(error));
  return false;
});
await cleanUp();
process.exit(ok ? 0 : 1);
