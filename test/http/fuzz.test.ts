/** Requests made out of the description of the API: whatever comes, the answer is as described. */
import { Agent } from "node:http";
import { expect, test } from "vitest";
import { announceSeed, sample } from "../support/property.ts";
import { readDescription } from "./support/description.ts";
import { faultOf, send } from "./support/fuzz/judge.ts";
import { requestsFor, type FuzzRequest } from "./support/fuzz/requests.ts";
import { populate } from "./support/fuzz/world.ts";
import { openSite } from "./support/site.ts";

announceSeed();

const rounds = 150;
const atOnce = 6;
/** What has not been sent by then is left out. */
const budgetMs = 40_000;

const { server, api } = await openSite();
const description = await readDescription(server.url);
const knownTo = await populate(api);

/** Every operation once, then every operation again. */
const queues = description.operations.map((operation) =>
  sample(requestsFor(operation, knownTo(operation.operationId)), rounds),
);
const requests = Array.from({ length: rounds }, (_, round) =>
  queues.flatMap((queue) => queue[round] ?? []),
).flat();

async function faultAfter(agent: Agent, fuzz: FuzzRequest): Promise<string | undefined> {
  try {
    const answer = await send(server.url, agent, fuzz);
    const fault = faultOf(description, fuzz, answer);
    return fault && `${fault}: ${answer.status} ${answer.text.slice(0, 500)}`;
  } catch (error) {
    return String(error);
  }
}

test("whatever is asked, the answer is listed, fits its schema and comes in time", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const deadline = Date.now() + budgetMs;
  const faults: unknown[] = [];
  const asked = new Map<string, number>();
  const queue = requests.values();
  const work = async () => {
    for (const fuzz of queue) {
      if (Date.now() > deadline) return;
      const fault = await faultAfter(agent, fuzz);
      const { operationId, verb } = fuzz.operation;
      asked.set(operationId, (asked.get(operationId) ?? 0) + 1);
      if (fault === undefined) continue;
      const { target, headers, body } = fuzz;
      faults.push({ operationId, verb, target, headers, body: body?.slice(0, 300), fault });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  agent.destroy();
  expect(faults, server.output.stderr.slice(-3000)).toEqual([]);
  expect(asked.size).toBe(description.operations.length);
  expect((await api.get("/v1/health")).status).toBe(200);
}, 90_000);
