import {
  abortAllDurableObjects,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, vi } from "vitest";
import type { AgentOperations } from "../../../src/core/api/operations.ts";
import { reach, type Packing } from "../../../src/transport/packing.ts";
import { AgentClient, publish, type Server } from "../../e2e/support/api.ts";
import { Arrivals } from "../../e2e/support/arrivals.ts";
import { SocketClient } from "./socket-client.ts";

const worker = exports as unknown as { readonly default: Fetcher };

export const api: Server = {
  url: "http://localhost",
  fetch: (url, init) => worker.default.fetch(url, init),
};

const { AGENTS } = env as unknown as { readonly AGENTS: DurableObjectNamespace };

const EVICTION_MS = 5_000;

async function tooLong(ms: number): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  throw new Error(`The object was still in use after ${ms} ms: something holds on to it.`);
}

/** One agent inside the test's own workerd, and what the platform may do to it. */
export class HostedAgent extends AgentClient {
  readonly #name: string;

  constructor(component: string, key: string, type = "Box") {
    super(api, component, type, key);
    this.#name = `${component}/${type}/${key}`;
  }

  get #stub(): DurableObjectStub {
    return AGENTS.getByName(this.#name);
  }

  /** Does something inside of the agent's object. */
  inside<T>(work: (state: DurableObjectState) => T | Promise<T>): Promise<T> {
    return runInDurableObject<DurableObject, T>(this.#stub, (_object, state) => work(state));
  }

  /** Takes the idle agent's object out of memory, as the platform does after a while. */
  async evict(): Promise<void> {
    const evicted = evictDurableObject(this.#stub);
    await Promise.race([evicted, tooLong(EVICTION_MS)]);
  }

  /** What the router calls. */
  get operations(): AgentOperations {
    return reach<AgentOperations>(this.#stub as unknown as Packing<AgentOperations>);
  }

  /** Opens a WebSocket over which the agent's entries come. */
  async socket(query = ""): Promise<SocketClient> {
    const url = `${api.url}/v1/agents/${this.#name}/events${query}`;
    const { webSocket } = await api.fetch(url, { headers: { Upgrade: "websocket" } });
    if (webSocket === null) throw new Error("The answer opens no WebSocket.");
    return new SocketClient(webSocket);
  }

  /** Fires the alarm now, if one is set; resolves once its handler is through. */
  async fireAlarm(): Promise<void> {
    try {
      await runDurableObjectAlarm(this.#stub);
    } catch {
      // The object was reset under its alarm handler.
    }
  }
}

/** Resets every object at once, whatever it is doing: what is in memory is lost. */
export function reset(): Promise<void> {
  return abortAllDurableObjects();
}

/** Uploads revisions of a component, in order. */
export async function publishAll(component: string, codes: readonly string[]): Promise<void> {
  for (const code of codes) await publish(api, component, code);
}

/** Uploads revisions of a component, in order, and creates an agent on the first of them. */
export async function box(component: string, ...codes: readonly string[]): Promise<HostedAgent> {
  await publishAll(component, codes);
  const agent = new HostedAgent(component, component);
  await agent.create(1);
  return agent;
}

/** Where agents of these tests send their requests. */
export const RECEIVER = "http://receiver.test";

/** What arrives at `RECEIVER` in the present test: nothing leaves the process. */
export function receiverForTests(): () => Arrivals {
  let arrivals = new Arrivals();
  beforeEach(() => {
    arrivals = new Arrivals();
    vi.stubGlobal("fetch", async (input: string, init: RequestInit) => {
      const key = new Headers(init.headers).get("idempotency-key") ?? undefined;
      const body = await new Response(init.body ?? "").text();
      return new Response(await arrivals.take({ path: new URL(input).pathname, key, body }));
    });
  });
  afterEach(() => vi.unstubAllGlobals());
  return () => arrivals;
}
