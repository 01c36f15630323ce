import { keyFault, typePattern } from "../core/api/agent-name.ts";
import type { AgentAddress } from "../core/api/views.ts";
import { componentNameRule, isComponentName } from "../core/component/component-name.ts";
import { accept, type Result } from "../core/errors.ts";
import { invalidRequest, type Issue } from "./invalid-request.ts";
import { decodeSegment } from "./path.ts";

/** The address of three path segments, as they were sent. */
export function parseAddress(
  componentSegment: string,
  typeSegment: string,
  keySegment: string,
): Result<AgentAddress> {
  const component = decodeSegment("component", componentSegment);
  if (!component.ok) return component;
  const type = decodeSegment("type", typeSegment);
  if (!type.ok) return type;
  const key = decodeSegment("key", keySegment);
  if (!key.ok) return key;
  const address = { component: component.value, type: type.value, key: key.value };
  const issues = issuesOfAddress(address);
  return issues.length === 0 ? accept(address) : invalidRequest(...issues);
}

/** The name of a component in a path segment, as it was sent. */
export function parseComponentName(segment: string): Result<string> {
  const name = decodeSegment("component", segment);
  if (!name.ok || isComponentName(name.value)) return name;
  return invalidRequest({ path: ["path", "component"], message: componentNameRule });
}

/** The path of an agent's resource. */
export function agentPath({ component, type, key }: AgentAddress): string {
  return `/v1/agents/${component}/${encodeURIComponent(type)}/${encodeURIComponent(key)}`;
}

function issuesOfAddress({ component, type, key }: AgentAddress): readonly Issue[] {
  const issues: Issue[] = [];
  if (!isComponentName(component)) {
    issues.push({ path: ["path", "component"], message: componentNameRule });
  }
  if (!typePattern.test(type)) {
    issues.push({
      path: ["path", "type"],
      message: "must be the name of an exported class: at most 128 letters, digits, `_` and `$`",
    });
  }
  const fault = keyFault(key);
  if (fault !== undefined) issues.push({ path: ["path", "key"], message: fault });
  return issues;
}
