import type { RecoveryTimes } from "./recovery.ts";
import type { StorageCost } from "./storage-cost.ts";
import type { Comparison } from "./throughput.ts";

/** Everything that one run measured. */
export interface Results {
  readonly oneAgent: {
    readonly c1: Comparison;
    readonly c16: Comparison;
    readonly c64: Comparison;
  };
  readonly manyAgents: {
    readonly c1: Comparison;
    readonly c16: Comparison;
    readonly c64: Comparison;
  };
  readonly steps: {
    readonly steps10: Comparison;
    readonly asyncSteps10: Comparison;
    readonly randomIds10: Comparison;
  };
  readonly recovery: {
    readonly n10: RecoveryTimes;
    readonly n1000: RecoveryTimes;
    readonly n10000: RecoveryTimes;
  };
  readonly storage: { readonly c1: StorageCost; readonly c16: StorageCost };
}

/** Throughput of ours by that of the bare object; more is better. */
export function ratio({ ours, bare }: Comparison): number {
  return ours.perSecond / bare.perSecond;
}

/** Latencies of ours by those of the bare object; less is better. */
export function latencyRatios({ ours, bare }: Comparison): { p50: number; p99: number } {
  return { p50: ours.p50Ms / bare.p50Ms, p99: ours.p99Ms / bare.p99Ms };
}

function throughputs(comparison: Comparison) {
  return {
    ours: comparison.ours.perSecond,
    bare: comparison.bare.perSecond,
    ratio: ratio(comparison),
  };
}

function invokeCell(comparison: Comparison) {
  const { p50, p99 } = latencyRatios(comparison);
  return { ...throughputs(comparison), p50Ratio: p50, p99Ratio: p99 };
}

/** The results as `--json` writes them. */
export function toJson({ oneAgent, manyAgents, steps, recovery, storage }: Results) {
  return {
    invoke: {
      oneAgent: {
        c1: invokeCell(oneAgent.c1),
        c16: invokeCell(oneAgent.c16),
        c64: invokeCell(oneAgent.c64),
      },
      manyAgents: { c64: invokeCell(manyAgents.c64) },
    },
    steps10: throughputs(steps.steps10),
    recovery,
    rowsWrittenPerInvocation: storage.c1.rowsWritten,
    bytesPerInvocation: storage.c1.bytes,
  };
}
