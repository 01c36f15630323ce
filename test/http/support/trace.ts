import type { Api } from "./api.ts";

/** All that the API shows of an agent and of the components: equal before and after is "nothing was written". */
export async function traceOf(api: Api, agent?: string): Promise<unknown> {
  const components = await api.get("/v1/components?limit=1000");
  if (agent === undefined) return { components: components.body };
  const seen = await api.get(agent);
  const oplog = await api.get(`${agent}/oplog?limit=1000`);
  return {
    components: components.body,
    agent: { status: seen.status, body: seen.body },
    oplog: { status: oplog.status, body: oplog.body },
  };
}
