import * as z from "zod";
import type {
  AgentTypeView,
  ComponentSummary,
  MethodView,
  RevisionView,
} from "../../core/api/views.ts";
import { anyValue, position, shape, time } from "./shape.ts";

const methodShape = shape<MethodView>("Method", "A method that can be invoked.", {
  name: z.string(),
  readOnly: z.boolean(),
  description: z.string().optional(),
  inputSchema: anyValue.optional().meta({ description: "JSON Schema of the list of arguments." }),
  outputSchema: anyValue.optional().meta({ description: "JSON Schema of the result." }),
});

const agentTypeShape = shape<AgentTypeView>("AgentType", "An exported class of agents.", {
  name: z.string(),
  methods: z.array(methodShape),
  hooks: z.strictObject({ saveSnapshot: z.boolean(), loadSnapshot: z.boolean() }),
  snapshots: z.union([
    z.strictObject({ everyInvocations: z.number() }),
    z.strictObject({ everySeconds: z.number() }),
    z.literal("disabled"),
  ]),
});

export const revisionShape = shape<RevisionView>("Revision", "Immutable code of a component.", {
  component: z.string(),
  revision: position,
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  createdAt: time,
  agentTypes: z.array(agentTypeShape),
});

export const componentSummaryShape = shape<ComponentSummary>("Component", "A unit of agent code.", {
  name: z.string(),
  latestRevision: position,
  createdAt: time,
});
