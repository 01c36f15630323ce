/** Limits of http-api.md, in one place. Sizes are bytes, times milliseconds. */
export const limits = {
  requestBodyBytes: 16 * 1024 * 1024,
  importBytes: 8 * 1024 * 1024 * 1024,
  componentBytes: 10 * 1024 * 1024,
  componentLoadMs: 10_000,
  pendingInvocations: 10_000,
  schedules: 1_000,
  resultBytes: 16 * 1024 * 1024,
  snapshotBytes: 16 * 1024 * 1024,
  recordedBodyBytes: 16 * 1024 * 1024,
  keyBytes: 512,
  idempotencyKeyLength: 256,
  cancelGraceMs: 5_000,
  dryRunSaveMs: 30_000,
  snapshotHookMs: 30_000,
} as const;

/** Limits as they hold in a place, be they these or what an operator has set. */
export type Limits = { readonly [Name in keyof typeof limits]: number };
