/** For each route a request that goes well, and what it takes to get to its other good answers. */
import type { TokenView } from "../../../../src/core/access/token.ts";
import type { RolloutView } from "../../../../src/core/api/rollouts.ts";
import type { ScheduleView, SnapshotView } from "../../../../src/core/api/views.ts";
import { FILE_MEDIA_TYPE } from "../../../../src/core/copies/file.ts";
import type { Asked, Shop } from "./shop.ts";

type Ask = (shop: Shop) => Promise<Asked> | Asked;

const script = (text: string): Asked => ({
  body: `import { Agent } from "perdure"; export class A extends Agent { a() { return ${text}; } }`,
  headers: { "content-type": "text/javascript" },
});
const schedule = { cron: "@yearly", method: "add", args: [1] };
const ofCart: Ask = async (shop) => ({ at: { key: await shop.cart() } });
const ofComponent: Ask = () => ({});
const dryRollout = { revision: 2, mode: "automatic", dryRun: true };

async function withSchedule(shop: Shop): Promise<Asked> {
  const key = await shop.cart();
  const { id } = await shop.asked<ScheduleView>("createSchedule", { at: { key }, json: schedule });
  return { at: { key, scheduleId: id } };
}

/** A rollout that is not over, for its agent rests. */
async function withRollout(shop: Shop): Promise<Asked> {
  const prefix = await shop.resting();
  const { id } = await shop.asked<RolloutView>("startRollout", {
    json: { revision: 1, mode: "manual", prefix },
  });
  return { at: { rollout: id } };
}

async function withToken(shop: Shop): Promise<Asked> {
  const { id } = await shop.asked<TokenView>("mintToken", {
    json: { name: "one", scopes: ["read"] },
  });
  return { at: { tokenId: id } };
}

/** What imports an agent. */
export function agentFile(body: string): Asked {
  return { body, headers: { "content-type": FILE_MEDIA_TYPE } };
}

/** One request for each route; an answer of another status is under `id status` below. */
export const successes: Readonly<Record<string, Ask>> = {
  getHealth: ofComponent,
  getDocs: ofComponent,
  getDescription: ofComponent,
  getRevisionDescription: () => ({ at: { revision: "1" } }),
  listComponents: ofComponent,
  getComponent: ofComponent,
  listRevisions: ofComponent,
  uploadRevision: (shop) => ({ at: { component: shop.fresh() }, ...script("1") }),
  getRevision: () => ({ at: { revision: "1" } }),
  listAgents: ofComponent,
  getAgent: ofCart,
  createAgent: (shop) => ({ at: { key: shop.fresh() }, json: { revision: 1 } }),
  deleteAgent: ofCart,
  invoke: ofCart,
  listInvocations: ofCart,
  getInvocation: async (shop) => ({ at: { key: await shop.resting(), idempotencyKey: "resting" } }),
  cancelInvocation: async (shop) => ({
    at: { key: await shop.resting(), idempotencyKey: "resting" },
    query: "force=true",
  }),
  async completePromise(shop) {
    const key = await shop.cart();
    const { result } = await shop.asked<{ result: string }>("invoke", {
      at: { key, method: "promise" },
    });
    return { at: { key, promiseId: result }, json: 1 };
  },
  listSchedules: ofCart,
  createSchedule: async (shop) => ({ at: { key: await shop.cart() }, json: schedule }),
  getSchedule: withSchedule,
  deleteSchedule: withSchedule,
  interruptAgent: async (shop) => ({ at: { key: await shop.resting() } }),
  resumeAgent: async (shop) => ({ at: { key: await shop.resting() } }),
  async updateAgent(shop) {
    const key = shop.fresh();
    await shop.asked("createAgent", { at: { key }, json: { revision: 1 } });
    return { at: { key }, json: { revision: 2, mode: "automatic" } };
  },
  listUpdates: ofCart,
  revertAgent: async (shop) => ({ at: { key: await shop.cart() }, json: { invocations: 1 } }),
  forkAgent: async (shop) => ({ at: { key: await shop.cart() }, json: { key: shop.fresh() } }),
  exportAgent: ofCart,
  async importAgent(shop) {
    const at = { key: await shop.cart() };
    const { text } = await shop.ask("exportAgent", { at });
    await shop.asked("deleteAgent", { at });
    return agentFile(text);
  },
  takeSnapshot: ofCart,
  async getSnapshot(shop) {
    const key = await shop.cart();
    const { index } = await shop.asked<SnapshotView>("takeSnapshot", { at: { key } });
    return { at: { key, index: String(index) } };
  },
  readOplog: ofCart,
  followOplog: ofCart,
  listRollouts: ofComponent,
  startRollout: () => ({ json: dryRollout }),
  getRollout: withRollout,
  listRolloutAgents: withRollout,
  pauseRollout: withRollout,
  resumeRollout: withRollout,
  cancelRollout: withRollout,
  mintToken: () => ({ json: { name: "one", scopes: ["read"] } }),
  listTokens: ofComponent,
  getToken: withToken,
  revokeToken: withToken,

  async "uploadRevision 200"(shop) {
    const asked = { at: { component: shop.fresh() }, ...script("2") };
    await shop.asked("uploadRevision", asked);
    return asked;
  },
  "createAgent 200": ofCart,
  "invoke 202": async (shop) => ({ at: { key: await shop.cart() }, query: "mode=enqueue" }),
  async "createSchedule 200"(shop) {
    const headers = { "idempotency-key": "same" };
    const asked = { at: { key: await shop.cart() }, json: schedule, headers };
    await shop.asked("createSchedule", asked);
    return asked;
  },
  "updateAgent 200": async (shop) => ({
    at: { key: await shop.cart() },
    json: { revision: 1, mode: "automatic", dryRun: true },
  }),
};
