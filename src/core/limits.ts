/** How much may be, where the operator does not say otherwise. Sizes are bytes, times milliseconds. */

export interface Limits {
  readonly requestBodyBytes: number;
  readonly importBytes: number;
  readonly componentBytes: number;
  readonly componentLoadMs: number;
  readonly pendingInvocations: number;
  readonly schedules: number;
  readonly resultBytes: number;
  readonly snapshotBytes: number;
  readonly recordedBodyBytes: number;
  readonly cancelGraceMs: number;
  readonly dryRunSaveMs: number;
  readonly snapshotHookMs: number;
}

/** The defaults of http-api.md. */
export const defaultLimits: Limits = {
  requestBodyBytes: 16 * 1024 * 1024,
  importBytes: 8 * 1024 * 1024 * 1024,
  componentBytes: 10 * 1024 * 1024,
  componentLoadMs: 10_000,
  pendingInvocations: 10_000,
  schedules: 1_000,
  resultBytes: 16 * 1024 * 1024,
  snapshotBytes: 16 * 1024 * 1024,
  recordedBodyBytes: 16 * 1024 * 1024,
  cancelGraceMs: 5_000,
  dryRunSaveMs: 30_000,
  snapshotHookMs: 30_000,
};

/** What belongs to the contract: it is the same on every host. */
export const syntax = { keyBytes: 512, idempotencyKeyLength: 256 } as const;

/**
 * Those that code meets while it runs: what it does depends on them, so an invocation keeps the ones
 * with which it began.
 */
export type CodeLimits = Pick<Limits, (typeof codeLimitNames)[number]>;

const codeLimitNames = ["requestBodyBytes", "resultBytes", "recordedBodyBytes"] as const;

/** What was in force before there was anything to configure: an invocation that names none has these. */
const originalLimits: CodeLimits = {
  requestBodyBytes: 16 * 1024 * 1024,
  resultBytes: 16 * 1024 * 1024,
  recordedBodyBytes: 16 * 1024 * 1024,
};

/** What an invocation that begins under these limits has to record of them: nothing where they are the original ones. */
export function recordedLimits(limits: CodeLimits): Partial<CodeLimits> | undefined {
  const changed = codeLimitNames.filter((name) => limits[name] !== originalLimits[name]);
  if (changed.length === 0) return undefined;
  return Object.fromEntries(changed.map((name) => [name, limits[name]]));
}

/** The limits of an invocation that has recorded these. */
export function limitsOfRecord(recorded: Partial<CodeLimits> | undefined): CodeLimits {
  return recorded === undefined ? originalLimits : { ...originalLimits, ...recorded };
}
