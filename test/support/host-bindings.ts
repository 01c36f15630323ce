/** Bindings that only the tests inside workerd have, as an operator would add them. */

const backend = `
  import { WorkerEntrypoint } from "cloudflare:workers";
  const calls = [];
  const open = new Set();
  export default {
    queue(batch) {
      for (const { body } of batch.messages) calls.push(["queue", body]);
    },
  };
  export class Backend extends WorkerEntrypoint {
    async fetch(request) {
      const body = await request.text();
      const key = request.headers.get("idempotency-key");
      const { pathname } = new URL(request.url);
      calls.push([request.method + " " + pathname, body, key]);
      return new Response(request.method + " " + body, { status: 201, headers: { "x-mark": "yes" } });
    }
    double(value) {
      calls.push(["double", value]);
      return { doubled: value.amount * 2, on: value.on, kept: new Map([["a", 1n]]) };
    }
    fail(message) {
      calls.push(["fail", message]);
      throw new RangeError(message);
    }
    handle() {
      return () => 1;
    }
    async hold(name) {
      calls.push(["hold", name]);
      while (!open.has(name)) await scheduler.wait(10);
      return "let go";
    }
    letGo(name) {
      open.add(name);
    }
    calls() {
      return calls;
    }
  }`;

export const bindingsForTests = {
  kvNamespaces: ["CACHE"],
  r2Buckets: ["FILES"],
  d1Databases: ["DB"],
  queueProducers: { JOBS: { queueName: "jobs" } },
  serviceBindings: { BACKEND: { name: "backend", entrypoint: "Backend" } },
  workers: [
    {
      name: "backend",
      modules: true,
      script: backend,
      compatibilityDate: "2026-11-01",
      queueConsumers: { jobs: { maxBatchTimeout: 0 } },
    },
  ],
};

/** A grant by configuration: to one component, and to all. */
export const grantsForTests = {
  PERDURE_BINDINGS: JSON.stringify({ configured: ["CACHE"], "*": ["JOBS"] }),
};
