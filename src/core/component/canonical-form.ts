import type { ComponentSource, Isolation } from "../api/operations.ts";

interface CanonicalForm {
  readonly main: string;
  readonly isolation: Isolation;
  readonly modules: readonly (readonly [name: string, source: string])[];
  /** Absent in the form of code that asks for none, so that its digest is what it always was. */
  readonly bindings?: readonly string[];
}

/**
 * The one text of a source, whatever the order of its modules in the upload: its digest is the
 * identity of the code, and it is what is stored. It is JSON, so also a lone surrogate survives
 * being written as UTF-8.
 */
export function toCanonicalForm(source: ComponentSource): string {
  const form: CanonicalForm = {
    main: source.main,
    isolation: source.isolation,
    modules: Object.entries(source.modules).sort(([left], [right]) => (left < right ? -1 : 1)),
    ...(source.bindings === undefined ? {} : { bindings: source.bindings }),
  };
  return JSON.stringify(form);
}

/** The source that a canonical form was made of. */
export function fromCanonicalForm(text: string): ComponentSource {
  const { modules, ...rest } = JSON.parse(text) as CanonicalForm;
  return { ...rest, modules: Object.fromEntries(modules) };
}
