import * as z from "zod";
import { keyFault, typePattern } from "../../core/api/agent-name.ts";
import type { AgentAddress } from "../../core/api/views.ts";
import { componentNamePattern, componentNameRule } from "../../core/component/component-name.ts";
import { accept, type Result } from "../../core/errors.ts";
import { invalidRequest, type Issue } from "./invalid-request.ts";
import { decodeSegment } from "./path.ts";

/** Every name that can stand in braces in the path of a route; one name means the same everywhere. */
export const parameters = {
  component: z.string().regex(componentNamePattern, componentNameRule).meta({
    description: "The name of a component.",
    example: "shop",
  }),
  type: z
    .string()
    .regex(
      typePattern,
      "must be the name of an exported class: at most 128 letters, digits, `_` and `$`",
    )
    .meta({ description: "The name of the exported class.", example: "Basket" }),
  key: z
    .string()
    .check(({ value, issues }) => {
      const fault = keyFault(value);
      if (fault !== undefined) issues.push({ code: "custom", message: fault, input: value });
    })
    .meta({
      description:
        "The key of the agent: any Unicode string of 1 to 512 UTF-8 bytes but `.` and `..`, percent-encoded.",
      example: "ada",
      override: { minLength: 1 },
    }),
  method: z.string().meta({ description: "The name of a method.", example: "add" }),
  idempotencyKey: z.string().meta({
    description: "The key that names the invocation.",
    example: "order-1",
  }),
  promiseId: z.string().meta({ description: "The id of a promise." }),
  scheduleId: z.string().meta({ description: "The id of a schedule." }),
  revision: numbered("The number of a revision."),
  index: numbered("The index of an oplog entry."),
  tokenId: z.string().meta({ description: "The id of a token." }),
  rollout: z.string().meta({ description: "The id of a rollout." }),
};

type Parameters = typeof parameters;

type Names<Path> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never;

type Values<Name extends string> = {
  readonly [Known in Name & keyof Parameters]: z.output<Parameters[Known]>;
};

/** What a handler gets of a path: of an agent's resources the address as a whole. */
export type PathValues<Path extends string> =
  Path extends `/v1/agents/{component}/{type}/{key}${infer Rest}`
    ? { readonly agent: AgentAddress } & Values<Names<Rest>>
    : Values<Names<Path>>;

/** Names of the parameters in a path of the form `/v1/agents/{component}`. */
export function parameterNames(path: string): readonly (keyof Parameters)[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as keyof Parameters);
}

/** Gives the values of a route's parameters in a path, as it was sent. */
export type ReadPath = (path: string) => Result<Readonly<Record<string, unknown>>>;

/** How the paths of a route are read. */
export function pathReader(template: string): ReadPath {
  const places = template.split("/").flatMap((part, at) => {
    const [name] = parameterNames(part);
    return name === undefined ? [] : [{ name, at }];
  });
  return (path) => {
    const segments = path.split("/");
    const values: Record<string, unknown> = {};
    const issues: Issue[] = [];
    for (const { name, at } of places) {
      const text = decodeSegment(name, segments[at] ?? "");
      if (!text.ok) return text;
      const checked = parameters[name].safeParse(text.value);
      if (checked.success) values[name] = checked.data;
      else issues.push(...checked.error.issues.map((issue) => issueOf(name, issue)));
    }
    return issues.length === 0 ? accept(withAddress(values)) : invalidRequest(...issues);
  };
}

function issueOf(name: string, { message }: z.core.$ZodIssue): Issue {
  return { path: ["path", name], message };
}

function withAddress(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { component, type, key, ...others } = values;
  return key === undefined ? values : { agent: { component, type, key }, ...others };
}

/** A number that is larger than any there can be counts as the largest. */
function numbered(description: string) {
  return z
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform((text) => Math.min(Number(text), Number.MAX_SAFE_INTEGER))
    .meta({
      description,
      example: 1,
      override: { type: "integer", minimum: 1, pattern: undefined },
    });
}
