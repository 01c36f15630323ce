/** Loads a revision's code outside any agent: what it exports, and whether arguments fit a schema. */
import type { AgentTypeDescription } from "../core/api/description.ts";
import { WorkerEntrypoint } from "cloudflare:workers";
import type { JsonValue } from "../core/api/views.ts";
import type { Payload } from "../core/oplog/payload.ts";
import type { InspectorPort } from "../transport/inspector.ts";
import { unpack, type Packed } from "../transport/packing.ts";
import { agentClass, argumentIssues, describeModule, type AuthorModule } from "./code/describe.ts";
import { toErrorData } from "./author/errors.ts";
import { decode } from "./values.ts";

/** The class of the entrypoint that inspects `module`. */
export function inspectorClass(module: AuthorModule): typeof WorkerEntrypoint<Cloudflare.Env> {
  return class Inspector extends WorkerEntrypoint implements InspectorPort {
    async describe(): Promise<readonly AgentTypeDescription[]> {
      return describeModule(module);
    }

    async validate(
      type: string,
      method: string,
      call: Packed<{ readonly args: Payload }>,
    ): Promise<readonly JsonValue[]> {
      const AgentClass = agentClass(module, type);
      if (AgentClass === undefined) return [];
      try {
        const { args } = await unpack(call);
        return await argumentIssues(AgentClass, method, decode(args) as readonly unknown[]);
      } catch (error) {
        // A validator that throws, or makes a durable call, accepts nothing.
        return [
          { message: `The schema of ${method} fails: ${toErrorData(error).message}`, path: [] },
        ];
      }
    }
  };
}
