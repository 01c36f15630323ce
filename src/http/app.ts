import { agentRoutes } from "./agents.ts";
import { authorize } from "./auth.ts";
import { componentRoutes } from "./components.ts";
import { directoryRoutes } from "./directory.ts";
import { eventRoutes } from "./events.ts";
import { invocationRoutes } from "./invocations.ts";
import { oplogRoutes } from "./oplog.ts";
import { lifecycleRoutes } from "./lifecycle.ts";
import type { Ports } from "./ports.ts";
import { promiseRoutes } from "./promises.ts";
import { reply } from "./reply.ts";
import { revertRoutes } from "./revert.ts";
import { rolloutRoutes } from "./rollouts.ts";
import { createRouter, guard, mount, type App } from "./router.ts";
import { scheduleRoutes } from "./schedules.ts";
import { snapshotRoutes } from "./snapshots.ts";
import { updateRoutes } from "./updates.ts";

/** The HTTP API of http-api.md over the given ports. */
export function createApp(ports: Ports): App {
  const app = createRouter();
  mount(app, {
    "/v1/health": { GET: async () => reply({ status: "ok", version: ports.version }) },
  });
  guard(app, "/v1/*", (request) => authorize(ports.auth, request));
  mount(app, componentRoutes(ports));
  mount(app, directoryRoutes(ports));
  mount(app, agentRoutes(ports));
  mount(app, invocationRoutes(ports));
  mount(app, lifecycleRoutes(ports));
  mount(app, updateRoutes(ports));
  mount(app, revertRoutes(ports));
  mount(app, rolloutRoutes(ports));
  mount(app, oplogRoutes(ports));
  mount(app, eventRoutes(ports));
  mount(app, snapshotRoutes(ports));
  mount(app, promiseRoutes(ports));
  mount(app, scheduleRoutes(ports));
  return app;
}
