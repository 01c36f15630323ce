/** Deliveries of the pull request demo, for tests that cannot read files: provided by Node. */
import "./provided.ts";
import type { TestProject } from "vitest/node";
import { collectDeliveries } from "../../examples/pull-request/deliveries.ts";

/** As many as one agent takes here. */
const DELIVERIES = 18;

/** Provides those of the pull request that has the most. */
export function setup({ provide }: TestProject): void {
  const [largest = []] = collectDeliveries().byPullRequest.values();
  provide("deliveries", largest.slice(0, DELIVERIES));
}
