/** A deployed host with a variable that is wrong serves no request, and its agents go on all the same. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AgentClient, publish } from "./support/api.ts";
import { MiniflareHost } from "./support/miniflare.ts";
import { Receiver } from "./support/receiver.ts";
import { until } from "./support/until.ts";

const code = `import { Agent, sleep } from "perdure";
export class Sleeper extends Agent {
  async doze(url) {
    await sleep("2s");
    await fetch(url, { method: "POST", body: "awake" });
    return "rested";
  }
}`;

const state = mkdtempSync(join(tmpdir(), "perdure-misconfigured-"));
const host = new MiniflareHost(state, "anonymous");
let receiver: Receiver;

beforeAll(async () => {
  receiver = await Receiver.start();
});

afterAll(async () => {
  await host.stop();
  await receiver.stop();
  rmSync(state, { recursive: true, force: true });
});

test("every request but health gets 503 configuration-invalid, alarms fire, and nothing is lost", async () => {
  await host.start();
  await publish(host.api, "sleepers", code);
  const sleeper = () => new AgentClient(host.api, "sleepers", "Sleeper", "one");
  await sleeper().create(1);
  const key = await sleeper().enqueue("doze", `${receiver.url}/awake`);

  await host.stop();
  await host.start({ PERDURE_RETRY: "often", PERDURE_LIMITS: '{"pendingInvocations":0}' });
  const { url } = host.api;
  const refused = await host.api.fetch(`${url}/v1/components`);
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({
    code: "configuration-invalid",
    detail: expect.stringMatching(/PERDURE_LIMITS, PERDURE_RETRY/) as string,
  });
  expect((await host.api.fetch(`${url}/v1/health`)).status).toBe(200);
  await until("the sleeper awoke", () => receiver.at("/awake").length > 0 || undefined);

  await host.stop();
  await host.start();
  expect(await sleeper().outcome(key)).toMatchObject({ status: "completed", result: "rested" });
  expect(receiver.at("/awake")).toHaveLength(1);
});
