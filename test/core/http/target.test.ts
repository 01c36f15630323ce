/** What each kind of request is about, for the limits of tokens. */
import { expect, test } from "vitest";
import { targetOf } from "../../../src/http/access/target.ts";

const component = "shop";
const agent = { component, type: "Cart", key: "eu-ada" };

test.each([
  ["/v1/openapi.json", {}, {}, { kind: "api" }],
  ["/v1/components", {}, {}, { kind: "host" }],
  ["/v1/tokens", {}, {}, { kind: "host" }],
  ["/v1/components/{component}/revisions", { component }, {}, { kind: "code", component }],
  ["/v1/agents/{component}", { component }, {}, { kind: "fleet", component, prefix: "" }],
  [
    "/v1/agents/{component}",
    { component },
    { prefix: "eu-" },
    { kind: "fleet", component, prefix: "eu-" },
  ],
  [
    "/v1/agents/{component}/import",
    { component },
    { prefix: "eu-" },
    { kind: "fleet", component, prefix: "" },
  ],
  [
    "/v1/components/{component}/rollouts",
    { component },
    { prefix: "eu-" },
    { kind: "fleet", component, prefix: "" },
  ],
  [
    "/v1/agents/{component}/{type}/{key}/oplog",
    { agent },
    { prefix: "" },
    { kind: "agent", component, key: "eu-ada" },
  ],
])("%s %j %j", (path, values, query, target) => {
  expect(targetOf({ path }, values, query)).toEqual(target);
});
