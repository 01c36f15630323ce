import { descriptionRoutes } from "../description/routes.ts";
import type { Route } from "../routing/route.ts";
import { agentRoutes } from "./agents.ts";
import { componentRoutes } from "./components.ts";
import { copyRoutes } from "./copies.ts";
import { directoryRoutes } from "./directory.ts";
import { eventRoutes } from "./events.ts";
import { forkRoutes } from "./fork.ts";
import { healthRoutes } from "./health.ts";
import { invocationRoutes } from "./invocations.ts";
import { invokingRoutes } from "./invoking.ts";
import { lifecycleRoutes } from "./lifecycle.ts";
import { oplogRoutes } from "./oplog.ts";
import { promiseRoutes } from "./promises.ts";
import { revertRoutes } from "./revert.ts";
import { rolloutRoutes } from "./rollouts.ts";
import { scheduleRoutes } from "./schedules.ts";
import { snapshotRoutes } from "./snapshots.ts";
import { tokenRoutes } from "./tokens.ts";
import { updateRoutes } from "./updates.ts";

/** Every route of http-api.md. */
export const routes: readonly Route[] = [
  ...healthRoutes,
  ...descriptionRoutes(() => routes),
  ...componentRoutes,
  ...directoryRoutes,
  ...agentRoutes,
  ...invokingRoutes,
  ...invocationRoutes,
  ...promiseRoutes,
  ...scheduleRoutes,
  ...lifecycleRoutes,
  ...updateRoutes,
  ...revertRoutes,
  ...forkRoutes,
  ...copyRoutes,
  ...snapshotRoutes,
  ...oplogRoutes,
  ...eventRoutes,
  ...rolloutRoutes,
  ...tokenRoutes,
];
