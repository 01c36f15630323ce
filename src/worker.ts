import { createApp } from "./http/app.ts";
import type { Env } from "./host/env.ts";

export { AgentObject } from "./host/agent-object.ts";
export { CatalogObject } from "./host/catalog-object.ts";
export { ComponentObject } from "./host/component-object.ts";

const app = (env: Env) => createApp(env);

export default {
  fetch: (request, env, context) => app(env).fetch(request, env, context),
} satisfies ExportedHandler<Env>;
