import packageJson from "../package.json" with { type: "json" };
import type { AgentOperations } from "./core/api/operations.ts";
import { limits } from "./core/limits.ts";
import type { Env } from "./host/env.ts";
import { configOf } from "./host/config.ts";
import { directoryOf } from "./host/directory-client.ts";
import { createApp } from "./http/app.ts";
import type { Ports } from "./http/ports.ts";
import { reach } from "./transport/packing.ts";

export { AgentObject } from "./host/agent-object.ts";
export { CatalogObject } from "./host/catalog-object.ts";
export { ComponentObject } from "./host/component-object.ts";
export { DirectoryObject } from "./host/directory-object.ts";
export { RolloutObject } from "./host/rollout-object.ts";

function portsOf(env: Env): Ports {
  const { local, token } = configOf(env);
  return {
    // Only a key may contain a slash, so no two addresses share a name.
    agents: ({ component, type, key }) =>
      reach<AgentOperations>(env.AGENTS.getByName(`${component}/${type}/${key}`)),
    component: (name) => env.COMPONENTS.getByName(name),
    catalog: () => env.CATALOG.getByName("catalog"),
    directory: () => directoryOf(env),
    rollouts: (component) => env.ROLLOUTS.getByName(component),
    auth: { local, ...(token === undefined ? {} : { token }) },
    limits,
    version: packageJson.version,
  };
}

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request, env) {
    app ??= createApp(portsOf(env));
    return app.fetch(request);
  },
} satisfies ExportedHandler<Env>;
