/** For each route and each code of its own a request that is refused with it. */
import type { ErrorCode } from "../../../../src/core/errors.ts";
import type { RolloutView } from "../../../../src/core/api/rollouts.ts";
import { linesOf, sealed } from "../agent-file.ts";
import type { Answer } from "../api.ts";
import { until } from "../until.ts";
import type { Asked, Shop } from "./shop.ts";
import { agentFile } from "./successes.ts";

type Refused = (shop: Shop) => Promise<Answer>;

/** What a request that goes well names, under a name that nobody has. */
export const missing: Readonly<Partial<Record<ErrorCode, (asked: Asked) => Asked>>> = {
  "component-not-found": (asked) => at(asked, { component: "nowhere" }),
  "agent-not-found": (asked) => at(asked, { key: "nobody" }),
  "agent-type-not-found": (asked) => at(asked, { type: "Nothing", key: "new" }),
  "method-not-found": (asked) => at(asked, { method: "nothing" }),
  "revision-not-found": (asked) =>
    asked.json === undefined ? at(asked, { revision: "99" }) : json(asked, { revision: 99 }),
  "invocation-not-found": (asked) => at(asked, { idempotencyKey: "unknown" }),
  "promise-not-found": (asked) => at(asked, { promiseId: "unknown" }),
  "schedule-not-found": (asked) => at(asked, { scheduleId: "unknown" }),
  "snapshot-not-found": (asked) => at(asked, { index: "1" }),
  "rollout-not-found": (asked) => at(asked, { rollout: "unknown" }),
  "token-not-found": (asked) => at(asked, { tokenId: "0".repeat(24) }),
};

function at(asked: Asked, values: Asked["at"]): Asked {
  return { ...asked, at: { ...asked.at, ...values } };
}

function json(asked: Asked, members: object): Asked {
  return { ...asked, json: { ...(asked.json as object), ...members } };
}

const enqueue = { query: "mode=enqueue" };
const schedule = { cron: "@yearly", method: "add" };

/** An awaited call of an agent that rests in it, which ends when something is done to the agent. */
async function whileInvoking(shop: Shop, id: string, asked: Asked = {}): Promise<Answer> {
  const key = await shop.cart();
  const headers = { "idempotency-key": "resting" };
  const waiting = shop.ask("invoke", { at: { key, method: "rest" }, headers });
  await shop.untilResting(key);
  await shop.asked(id, at(asked, { key, idempotencyKey: "resting" }));
  return waiting;
}

/** Nothing tells that a request waits; one that came too late finds nothing, and is sent once more. */
async function whileWaiting(shop: Shop, id: string, asked: Asked = {}): Promise<Answer> {
  const where = { key: await shop.resting(), idempotencyKey: "resting" };
  const waiting = shop.ask("getInvocation", { at: where, query: "wait=30" });
  await shop.asked("getAgent", { at: where });
  await shop.asked(id, at(asked, where));
  const answer = await waiting;
  return answer.status === 404 ? whileWaiting(shop, id, asked) : answer;
}

/** The key of an agent that has as many pending invocations as it may. */
async function fullQueue(shop: Shop): Promise<string> {
  const key = await shop.resting();
  for (const _ of [1, 2]) await shop.asked("invoke", { at: { key }, ...enqueue });
  return key;
}

async function twice(shop: Shop, id: string, first: Asked, second: Asked): Promise<Answer> {
  await shop.asked(id, first);
  return shop.ask(id, second);
}

/** One for no agents, which is completed as soon as it has looked for them. */
async function ofEndedRollout(shop: Shop, id: string): Promise<Answer> {
  const wanted = { revision: 2, mode: "automatic", prefix: "nobody" };
  const { id: rollout } = await shop.asked<RolloutView>("startRollout", { json: wanted });
  await until(
    () => shop.asked<RolloutView>("getRollout", { at: { rollout } }),
    ({ status }) => status === "completed",
  );
  return shop.ask(id, { at: { rollout } });
}

/** The others, as `id code`. */
export const refused: Readonly<Record<string, Refused>> = {
  "uploadRevision invalid-component": (shop) =>
    shop.ask("uploadRevision", {
      body: "export {}",
      headers: { "content-type": "text/javascript" },
    }),
  "createAgent agent-already-exists": async (shop) => {
    const key = shop.fresh();
    return twice(
      shop,
      "createAgent",
      { at: { key }, json: { params: 1 } },
      { at: { key }, json: { params: 2 } },
    );
  },
  "forkAgent agent-already-exists": async (shop) => {
    const key = await shop.cart();
    return shop.ask("forkAgent", { at: { key }, json: { key } });
  },
  "forkAgent invalid-cut": async (shop) =>
    shop.ask("forkAgent", {
      at: { key: await shop.cart() },
      json: { key: shop.fresh(), atIndex: 99 },
    }),
  "importAgent agent-already-exists": async (shop) => {
    const { text } = await shop.ask("exportAgent", { at: { key: await shop.cart() } });
    return shop.ask("importAgent", agentFile(text));
  },
  "importAgent invalid-export": (shop) => shop.ask("importAgent", agentFile("nothing")),
  "importAgent revision-conflict": async (shop) => {
    const agent = { at: { key: await shop.cart() } };
    const records = linesOf((await shop.ask("exportAgent", agent)).text);
    const earlier = { key: shop.fresh() };
    await shop.asked("createAgent", { at: earlier, json: { revision: 1 } });
    const others = linesOf((await shop.ask("exportAgent", { at: earlier })).text);
    const other = others.find(({ kind }) => kind === "revision");
    await shop.asked("deleteAgent", agent);
    const changed = records.map((record) =>
      record.kind === "revision" ? Object.assign({}, other, { revision: 2 }) : record,
    );
    return shop.ask("importAgent", agentFile(sealed(changed)));
  },
  "createAgent agent-deleted": async (shop) => {
    const where = { type: "Unborn", key: shop.fresh() };
    const waiting = shop.ask("createAgent", { at: where });
    await shop.untilResting(where.key, where.type);
    await shop.asked("deleteAgent", { at: where });
    return waiting;
  },
  "invoke agent-deleted": (shop) => whileInvoking(shop, "deleteAgent"),
  "invoke agent-failed": async (shop) => shop.ask("invoke", { at: await shop.stillborn() }),
  "invoke agent-interrupted": (shop) => whileInvoking(shop, "interruptAgent"),
  "invoke idempotency-key-reused": async (shop) => {
    const headers = { "idempotency-key": "same" };
    const key = await shop.cart();
    return twice(
      shop,
      "invoke",
      { at: { key }, json: [1], headers },
      { at: { key }, json: [2], headers },
    );
  },
  "invoke invalid-arguments": (shop) =>
    shop.ask("invoke", { at: { key: shop.fresh(), method: "checked" }, json: [1] }),
  "invoke invocation-cancelled": (shop) =>
    whileInvoking(shop, "cancelInvocation", { query: "force=true" }),
  "invoke invocation-failed": (shop) =>
    shop.ask("invoke", { at: { key: shop.fresh(), method: "fail" } }),
  "invoke invocation-reverted": (shop) =>
    whileInvoking(shop, "revertAgent", { json: { invocations: 1 } }),
  "invoke queue-full": async (shop) =>
    shop.ask("invoke", { at: { key: await fullQueue(shop) }, ...enqueue }),
  "invoke read-only-violation": async (shop) =>
    shop.ask("invoke", { at: { key: await shop.cart(), method: "cheat" } }),
  "getInvocation agent-deleted": (shop) => whileWaiting(shop, "deleteAgent"),
  "getInvocation invocation-reverted": (shop) =>
    whileWaiting(shop, "revertAgent", { json: { invocations: 1 } }),
  "cancelInvocation invocation-running": async (shop) =>
    shop.ask("cancelInvocation", { at: { key: await shop.resting(), idempotencyKey: "resting" } }),
  "createSchedule method-not-found": async (shop) =>
    shop.ask("createSchedule", {
      at: { key: await shop.cart() },
      json: { ...schedule, method: "no" },
    }),
  "createSchedule agent-failed": async (shop) =>
    shop.ask("createSchedule", {
      at: await shop.stillborn(),
      json: { ...schedule, method: "run" },
    }),
  "createSchedule idempotency-key-reused": async (shop) => {
    const common = { at: { key: await shop.cart() }, headers: { "idempotency-key": "same" } };
    const other = { ...schedule, cron: "@daily" };
    return twice(shop, "createSchedule", { ...common, json: schedule }, { ...common, json: other });
  },
  "createSchedule invalid-arguments": async (shop) =>
    shop.ask("createSchedule", {
      at: { key: await shop.cart() },
      json: { ...schedule, method: "checked", args: [1] },
    }),
  "createSchedule queue-full": async (shop) =>
    shop.ask("createSchedule", { at: { key: await fullQueue(shop) }, json: schedule }),
  "createSchedule too-many-schedules": async (shop) => {
    const asked = { at: { key: await shop.cart() }, json: schedule };
    await shop.asked("createSchedule", asked);
    return twice(shop, "createSchedule", asked, asked);
  },
  "resumeAgent agent-not-resumable": async (shop) =>
    shop.ask("resumeAgent", { at: { key: await shop.cart() } }),
  "updateAgent agent-type-not-found": async (shop) => {
    const where = { type: "Other", key: shop.fresh() };
    await shop.asked("createAgent", { at: where, json: { revision: 1 } });
    return shop.ask("updateAgent", { at: where, json: { revision: 2, mode: "manual" } });
  },
  "updateAgent agent-busy": async (shop) =>
    shop.ask("updateAgent", {
      at: { key: await shop.resting() },
      json: { revision: 1, mode: "manual", dryRun: true },
    }),
  "updateAgent agent-failed": async (shop) =>
    shop.ask("updateAgent", { at: await shop.stillborn(), json: { revision: 1, mode: "manual" } }),
  "updateAgent already-at-revision": async (shop) =>
    shop.ask("updateAgent", {
      at: { key: await shop.cart() },
      json: { revision: 2, mode: "manual" },
    }),
  "updateAgent update-already-pending": async (shop) => {
    const asked = { at: { key: await shop.resting() }, json: { revision: 1, mode: "manual" } };
    return twice(shop, "updateAgent", asked, asked);
  },
  "revertAgent invalid-cut": async (shop) =>
    shop.ask("revertAgent", { at: { key: await shop.cart() }, json: { invocations: 99 } }),
  "takeSnapshot not-snapshottable": async (shop) =>
    shop.ask("takeSnapshot", { at: { key: await shop.resting() } }),
  "startRollout agent-type-not-found": (shop) =>
    shop.ask("startRollout", { json: { revision: 2, mode: "automatic", type: "Nothing" } }),
  "pauseRollout rollout-not-active": (shop) => ofEndedRollout(shop, "pauseRollout"),
  "resumeRollout rollout-not-active": (shop) => ofEndedRollout(shop, "resumeRollout"),
  "cancelRollout rollout-not-active": (shop) => ofEndedRollout(shop, "cancelRollout"),
};
