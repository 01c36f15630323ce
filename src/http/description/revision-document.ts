import type { JsonValue, MethodView, RevisionView } from "../../core/api/views.ts";
import { AuthorSchemas, isSchema, type AuthorSchema } from "./author-schemas.ts";
import type { Document } from "./document.ts";

type Paths = NonNullable<Document["paths"]>;
type Operation = NonNullable<Paths[string]["post"]>;

const invokePath = "/v1/agents/{component}/{type}/{key}/invoke/{method}";
/** What invoking shows, and what that refers to. */
const shownShapes = new Set(["Error", "Invocation", "Problem"]);

/** The methods of a revision's agents: `invoke` of the API's description, narrowed to each of them. */
export function describeRevision(api: Document, revision: RevisionView): Document {
  const invoke = api.paths?.[invokePath]?.post;
  if (invoke === undefined) throw new Error("the description of the API lacks `invoke`");
  const { component, agentTypes } = revision;
  const authored = new AuthorSchemas();
  const operations = agentTypes.flatMap(({ name: type, methods }) =>
    // No path can have a name that is no Unicode text.
    methods
      .filter(({ name }) => name.isWellFormed())
      .map((method) => [
        `/v1/agents/${component}/${type}/{key}/invoke/${encodeURIComponent(method.name)}`,
        { post: describeMethod(invoke, type, method, authored) },
      ]),
  );
  const { components = {}, ...rest } = api;
  const shapes = Object.entries(components.schemas ?? {}).filter(([name]) => shownShapes.has(name));
  return {
    ...rest,
    info: {
      title: `Agents of ${component}`,
      version: String(revision.revision),
      description: `The methods of the agents in revision ${revision.revision} of ${component}. An agent has them while it is at that revision; a new agent begins at the latest.`,
    },
    tags: agentTypes.map(({ name }) => ({ name })),
    paths: Object.fromEntries(operations) as Paths,
    components: { ...components, schemas: { ...Object.fromEntries(shapes), ...authored.named } },
  };
}

function describeMethod(
  invoke: Operation,
  type: string,
  method: MethodView,
  authored: AuthorSchemas,
): Operation {
  const id = `${type}.${method.name}`;
  const { outputSchema } = method;
  return {
    ...invoke,
    operationId: id,
    tags: [type],
    summary: method.readOnly ? `${method.name} (read-only)` : method.name,
    ...(method.description === undefined ? {} : { description: method.description }),
    "x-perdure-read-only": method.readOnly,
    parameters: (invoke.parameters ?? []).filter(
      (parameter) => !("in" in parameter && parameter.in === "path" && parameter.name !== "key"),
    ),
    requestBody: bodyOf(invoke, method, (schema, at) => authored.embed(schema, `${id}.${at}`)),
    responses:
      outputSchema === undefined
        ? invoke.responses
        : withResult(invoke, authored.embed(outputSchema, `${id}.result`)),
  } as Operation;
}

/** A list of arguments, or the only one if that is no list itself. */
function bodyOf(
  invoke: Operation,
  { inputSchema }: MethodView,
  embed: (schema: JsonValue, at: number) => AuthorSchema,
): unknown {
  const prefixItems = argumentSchemas(inputSchema)?.map(embed);
  if (prefixItems === undefined) return invoke.requestBody;
  const list = prefixItems.length === 0 ? { type: "array" } : { type: "array", prefixItems };
  const [only, ...others] = prefixItems;
  const isSingle = only !== undefined && others.length === 0;
  const schema = isSingle ? { anyOf: [list, { allOf: [only, { not: { type: "array" } }] }] } : list;
  return {
    required: false,
    description: "The arguments: a list, or the only one if that is no list itself.",
    content: { "application/json": { schema } },
  };
}

function argumentSchemas(inputSchema: JsonValue | undefined): readonly JsonValue[] | undefined {
  if (!isSchema(inputSchema)) return undefined;
  const { prefixItems } = inputSchema;
  return Array.isArray(prefixItems) ? (prefixItems as readonly JsonValue[]) : undefined;
}

function withResult({ responses = {} }: Operation, result: AuthorSchema): unknown {
  const returned = responses["200"] as object;
  const invocation = { $ref: "#/components/schemas/Invocation" };
  const schema = { allOf: [invocation, { type: "object", properties: { result } }] };
  return { ...responses, 200: { ...returned, content: { "application/json": { schema } } } };
}
