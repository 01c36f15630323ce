import packageJson from "../package.json" with { type: "json" };
import { nameOf } from "./core/api/agent-name.ts";
import type { AgentOperations } from "./core/api/operations.ts";
import type { AgentAddress } from "./core/api/views.ts";
import { openSocket } from "./host/agent-sockets.ts";
import type { Env } from "./host/env.ts";
import { configOf, misconfiguredOf } from "./host/config.ts";
import { directoryOf } from "./host/directory-client.ts";
import { Auth } from "./host/access/auth.ts";
import { Tokens } from "./host/access/tokens.ts";
import { createApp } from "./http/app.ts";
import type { Ports } from "./http/ports.ts";
import { reach } from "./transport/packing.ts";

export { AgentObject } from "./host/agent-object.ts";
export { CatalogObject } from "./host/catalog-object.ts";
export { ComponentObject } from "./host/component-object.ts";
export { DirectoryObject } from "./host/directory-object.ts";
export { RateObject } from "./host/access/rate-object.ts";
export { RolloutObject } from "./host/rollout-object.ts";
export { TokensObject } from "./host/access/tokens-object.ts";

function portsOf(env: Env): Ports {
  const agent = (address: AgentAddress) => env.AGENTS.getByName(nameOf(address));
  const config = configOf(env);
  const tokens = new Tokens(() => env.TOKENS.getByName("tokens"));
  return {
    agents: (address) => reach<AgentOperations>(agent(address)),
    listen: (address, position) => openSocket(agent(address), position),
    component: (name) => env.COMPONENTS.getByName(name),
    catalog: () => env.CATALOG.getByName("catalog"),
    directory: () => directoryOf(env),
    rollouts: (component) => env.ROLLOUTS.getByName(component),
    auth: new Auth(config, tokens, env.RATES),
    tokens,
    limits: config.limits,
    misconfigured: misconfiguredOf(env),
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
