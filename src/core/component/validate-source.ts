import type { ComponentUpload } from "../api/operations.ts";
import { ownNameFault } from "../bindings/grants.ts";
import { accept, refuse, type Result } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { utf8Length } from "../utf8-length.ts";

const nameLimit = 256;

/** Checks all of a source that can be told without loading it. */
export function validateSource(
  source: ComponentUpload,
  { componentBytes }: Pick<Limits, "componentBytes">,
): Result<ComponentUpload> {
  const names = Object.keys(source.modules);
  const bytes = Object.values(source.modules).reduce((sum, text) => sum + utf8Length(text), 0);
  if (bytes > componentBytes) {
    return refuse(
      "payload-too-large",
      `The modules have ${bytes} bytes of code together; a component may have ${componentBytes}. Minify the code or split the component.`,
    );
  }
  const problem = findProblem(source.main, names) ?? ownNameFault(source.bindings ?? []);
  return problem === undefined ? accept(source) : refuse("invalid-component", problem);
}

function findProblem(main: string, names: readonly string[]): string | undefined {
  if (names.length === 0) {
    return "`modules` is empty: give at least the module that `main` names.";
  }
  for (const name of names) {
    const fault = moduleNameFault(name);
    if (fault !== undefined) {
      return `The module name ${JSON.stringify(name)} ${fault}; use a relative path such as "lib/x.js".`;
    }
  }
  if (!names.includes(main)) {
    return `\`main\` is ${JSON.stringify(main)}, but \`modules\` has no module of that name.`;
  }
  return undefined;
}

function moduleNameFault(name: string): string | undefined {
  if (/(?:^|\/)perdure(?:$|:)/.test(name)) return "is reserved for the host";
  if (name.length > nameLimit) return `is longer than ${nameLimit} characters`;
  if (!/^[^\p{Cc}\p{Cs}\\:?#]+$/u.test(name)) {
    return "is empty or has a control character, a backslash, a colon, `?` or `#` in it";
  }
  if (name.startsWith("/")) return "begins with a slash";
  const segments = name.split("/");
  if (segments.some((segment) => segment === "" || segment === "." || segment === "..")) {
    return "has an empty, `.` or `..` segment";
  }
  if (name === "__proto__") return "cannot be used";
  return undefined;
}
