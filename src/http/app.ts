import type { Ports } from "./ports.ts";
import { createRouter, type App } from "./routing/router.ts";
import { routes } from "./routes/table.ts";

/** The HTTP API of http-api.md over the given ports. */
export function createApp(ports: Ports): App {
  return createRouter(routes, ports);
}
