/** Addresses of agents as one text: `component/Type/key`, where only the key may contain a slash. */
import { isComponentName } from "../component/component-name.ts";
import { utf8Length } from "../utf8-length.ts";
import { syntax } from "../limits.ts";
import type { AgentAddress } from "./views.ts";

/** What names of agent types look like. */
export const typePattern = /^[A-Za-z_$][\w$]{0,127}$/;

export function nameOf({ component, type, key }: AgentAddress): string {
  return `${component}/${type}/${key}`;
}

/** The address of that name; parts that are missing are empty. */
export function addressOfName(name: string): AgentAddress {
  const [component = "", type = "", ...key] = name.split("/");
  return { component, type, key: key.join("/") };
}

/** What is wrong with a key, or nothing. */
export function keyFault(key: string): string | undefined {
  if (key === "") return "must not be empty";
  if (key === "." || key === "..") return "must not be `.` or `..`, for URL parsers swallow these";
  if (!key.isWellFormed()) return "must be well-formed Unicode";
  if (utf8Length(key) > syntax.keyBytes) return `must have at most ${syntax.keyBytes} UTF-8 bytes`;
  return undefined;
}

/** What is wrong with a text that keys are to begin with, or nothing. */
export function keyPrefixFault(prefix: string): string | undefined {
  return prefix === "" ? "must not be empty" : keyFault(`${prefix} `);
}

/** Whether HTTP would take the address. */
export function isAddress({ component, type, key }: AgentAddress): boolean {
  return isComponentName(component) && typePattern.test(type) && keyFault(key) === undefined;
}
