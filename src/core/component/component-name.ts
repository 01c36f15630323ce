/** What a component's name looks like. */
export const componentNamePattern = /^[a-z][a-z0-9-]{0,62}$/;

/** The same in words, for whoever got it wrong. */
export const componentNameRule =
  "must begin with a lower-case letter and consist of at most 63 lower-case letters, digits and hyphens";

/** Whether a text can be the name of a component. */
export function isComponentName(text: string): boolean {
  return componentNamePattern.test(text);
}
