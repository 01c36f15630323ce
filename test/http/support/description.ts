/** The OpenAPI description of a server, as tests read it. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import ajvFormats from "ajv-formats";

export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly pattern?: string;
  readonly example?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

export interface Parameter {
  readonly in: "header" | "path" | "query";
  readonly name: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

export interface Operation {
  readonly verb: string;
  readonly path: string;
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

export interface Description {
  readonly operations: readonly Operation[];
  /** Checks values of the schema that stands at these steps into the description. */
  validator(steps: readonly string[]): ValidateFunction;
}

/** Where an operation describes the body of an answer: exactly this status, else its range. */
export function answerSteps(
  { path, verb, responses }: Operation,
  status: number,
  mediaType: string,
): readonly string[] | undefined {
  const listed = [String(status), `${Math.trunc(status / 100)}XX`].find((one) => one in responses);
  if (listed === undefined || responses[listed]?.content?.[mediaType] === undefined)
    return undefined;
  return ["paths", path, verb.toLowerCase(), "responses", listed, "content", mediaType, "schema"];
}

interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, Omit<Operation, "verb" | "path">>>>
  >;
}

export async function readDescription(url: string): Promise<Description> {
  const document = (await (await fetch(`${url}/v1/openapi.json`)).json()) as Document;
  const ajv = new Ajv2020({ strict: false });
  ajvFormats(ajv);
  ajv.addSchema(document, "api");
  return {
    operations: Object.entries(document.paths).flatMap(([path, verbs]) =>
      Object.entries(verbs).map(([verb, operation]) =>
        Object.assign({ verb: verb.toUpperCase(), path }, operation),
      ),
    ),
    validator(steps) {
      const pointer = steps.map((step) =>
        encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1")),
      );
      const found = ajv.getSchema(`api#/${pointer.join("/")}`);
      if (found === undefined) throw new Error(`The description has nothing at ${steps.join(" ")}`);
      return found;
    },
  };
}
