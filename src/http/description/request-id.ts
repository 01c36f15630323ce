/** The header that every response has, as it is described. */
export const requestIdComponent = {
  "X-Request-Id": {
    description: "The caller's, if it sent a sane one; else a new one. It stands in the log.",
    schema: { type: "string" },
  },
} as const;

export const requestIdHeader = {
  "X-Request-Id": { $ref: "#/components/headers/X-Request-Id" },
} as const;
