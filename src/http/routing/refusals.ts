import type { ErrorCode } from "../../core/errors.ts";
import type { Route } from "./route.ts";

const guarded: readonly ErrorCode[] = [
  "unauthorized",
  "forbidden",
  "rate-limited",
  "auth-not-configured",
  "access-keys-unavailable",
  "configuration-invalid",
];

function readingBody({ content }: NonNullable<Route["body"]>): readonly ErrorCode[] {
  const common: readonly ErrorCode[] = ["payload-too-large", "unsupported-media-type"];
  return "application/json" in content ? ["invalid-json", ...common] : common;
}

/** Every code with which a route may refuse: its own, and those that follow from what it takes. */
export function refusalsOf(route: Route): readonly ErrorCode[] {
  const { access, path, query, headers, body, refusals } = route;
  const parts = [path.includes("{") || undefined, query, headers, body];
  return [
    ...(access === "public" ? [] : guarded),
    ...(parts.some((part) => part !== undefined) ? (["invalid-request"] as const) : []),
    ...(body === undefined ? [] : readingBody(body)),
    ...refusals,
    "internal-error",
  ];
}
