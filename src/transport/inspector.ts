/** What the code of a revision says about itself, over RPC. */
import type { AgentTypeDescription } from "../core/api/description.ts";
import type { JsonValue } from "../core/api/views.ts";
import type { Payload } from "../core/oplog/payload.ts";
import type { Packed } from "./packing.ts";

export interface InspectorPort {
  describe(): Promise<readonly AgentTypeDescription[]>;
  /** Checks arguments by the method's own schema; no issues when they pass. */
  validate(
    type: string,
    method: string,
    call: Packed<{ readonly args: Payload }>,
  ): Promise<readonly JsonValue[]>;
}
