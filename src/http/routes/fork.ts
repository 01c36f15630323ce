import * as z from "zod";
import { reaches } from "../../core/access/grant.ts";
import { agentPath } from "../routing/address.ts";
import { jsonBody } from "../routing/body.ts";
import { parameters } from "../routing/parameters.ts";
import { persist } from "../routing/persist.ts";
import { reply } from "../routing/reply.ts";
import { route, type Route } from "../routing/route.ts";
import { agentShape } from "../shapes/agent.ts";

const copy = z.strictObject({
  key: parameters.key,
  atIndex: z.int().optional().meta({
    description:
      "The last entry that is copied, inside no call and no atomic region. Without it, all are.",
  }),
});

/** How an agent is copied. */
export const forkRoutes: readonly Route[] = [
  route({
    verb: "POST",
    path: "/v1/agents/{component}/{type}/{key}/fork",
    id: "forkAgent",
    tag: "Operating",
    summary: "Copy an agent to a new key, as it is or as it was",
    description:
      "An unfinished invocation goes on in the copy, and what it waits for is asked for again there; what waited in the source does not happen there. The source notices nothing.",
    access: ["operate"],
    body: jsonBody(copy),
    answers: {
      201: {
        description: "The copy.",
        shape: agentShape,
        headers: { Location: "The path of the copy." },
      },
    },
    refusals: ["agent-already-exists", "agent-not-found", "invalid-cut"],
    async handle({ path: { agent: source }, body: { key, atIndex }, caller }, ports) {
      const covered = reaches(caller, { kind: "agent", component: source.component, key });
      if (!covered.ok) return covered;
      const address = { ...source, key };
      const cut = atIndex === undefined ? {} : { atIndex };
      // Its name makes the request the same when it is repeated.
      const request = { source, incarnation: crypto.randomUUID(), ...cut };
      const forked = await persist(() => ports.agents(address).fork(address, request));
      return forked.ok ? reply(forked.value, 201, { Location: agentPath(address) }) : forked;
    },
  }),
];
