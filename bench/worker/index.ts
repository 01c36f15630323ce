/** The product as it is deployed, with the yardstick and the benchmark's own routes beside it. */
import product from "../../src/worker.ts";
import type { AgentOperations } from "../../src/core/api/operations.ts";
import type { SocketHost } from "../../src/host/agent-sockets.ts";
import type { Env, ObjectNamespace } from "../../src/host/env.ts";
import type { BareObject } from "./bare-object.ts";
import type { MeterOperations } from "./metered-object.ts";

export * from "../../src/worker.ts";
export { BareObject } from "./bare-object.ts";
export { MeteredAgentObject as AgentObject } from "./metered-object.ts";

interface BenchEnv extends Env {
  readonly AGENTS: ObjectNamespace<AgentOperations & SocketHost & MeterOperations>;
  readonly BARE: DurableObjectNamespace<BareObject>;
}

/** `/bench/{operation}/{component}/{type}/{key}` */
async function administer(path: readonly string[], env: BenchEnv): Promise<Response> {
  const [operation, component, type, key] = path;
  const agent = env.AGENTS.getByName(`${component}/${type}/${key}`);
  switch (operation) {
    case "evict":
      await agent.evict().catch(() => undefined);
      return new Response(null, { status: 204 });
    case "start-meter":
      return Response.json(await agent.startMeter());
    case "read-meter":
      return Response.json(await agent.readMeter());
    default:
      return new Response("no such operation", { status: 404 });
  }
}

export default {
  async fetch(request, env) {
    const [, area, operation, ...rest] = new URL(request.url).pathname.split("/");
    if (area === "bare") return env.BARE.getByName(rest.join("/")).fetch(request);
    if (area === "bench") return administer([operation ?? "", ...rest], env);
    return product.fetch(request, env);
  },
} satisfies ExportedHandler<BenchEnv>;
