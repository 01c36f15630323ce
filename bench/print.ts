import { latencyRatios, ratio, type Results } from "./results.ts";
import type { Comparison } from "./throughput.ts";

type Row = readonly [label: string, ...cells: (number | string)[]];

const LABEL_WIDTH = 36;
const CELL_WIDTH = 14;

function cell(value: number | string): string {
  return (typeof value === "string" ? value : value.toFixed(2)).padStart(CELL_WIDTH);
}

function table(rows: readonly Row[]): string {
  return rows
    .map(([label, ...cells]) => label.padEnd(LABEL_WIDTH) + cells.map(cell).join(""))
    .join("\n");
}

function comparisons({ oneAgent, manyAgents, steps }: Results): readonly [string, Comparison][] {
  return [
    ["invoke, one agent, 1 connection", oneAgent.c1],
    ["invoke, one agent, 16 connections", oneAgent.c16],
    ["invoke, one agent, 64 connections", oneAgent.c64],
    ["invoke, 64 agents, 1 connection", manyAgents.c1],
    ["invoke, 64 agents, 16 connections", manyAgents.c16],
    ["invoke, 64 agents, 64 connections", manyAgents.c64],
    ["10 steps, 16 connections", steps.steps10],
    ["10 async steps, 16 connections", steps.asyncSteps10],
    ["10 random UUIDs, 16 connections", steps.randomIds10],
  ];
}

function ratios(results: Results): string {
  return table([
    ["ours / bare object", "throughput", "p50", "p99"],
    ...comparisons(results).map(([label, comparison]): Row => {
      const { p50, p99 } = latencyRatios(comparison);
      return [label, ratio(comparison), p50, p99];
    }),
  ]);
}

function recoveryRatios({ recovery: { n10, n1000, n10000 } }: Results): string {
  return table([
    ["recovery / that of 10 invocations", "no snapshot", "snapshot"],
    ...(
      [
        ["1,000 invocations", n1000],
        ["10,000 invocations", n10000],
      ] as const
    ).map(([label, times]): Row => [
      label,
      times.withoutSnapshotMs / n10.withoutSnapshotMs,
      times.withSnapshotMs / n10.withSnapshotMs,
    ]),
  ]);
}

function absolutes(results: Results): string {
  return table([
    [
      "ours, bare object",
      "ours/s",
      "bare/s",
      "ours p50 ms",
      "bare p50 ms",
      "ours p99 ms",
      "bare p99 ms",
    ],
    ...comparisons(results).map(([label, { ours, bare }]): Row => [
      label,
      ours.perSecond.toFixed(0),
      bare.perSecond.toFixed(0),
      ours.p50Ms,
      bare.p50Ms,
      ours.p99Ms,
      bare.p99Ms,
    ]),
  ]);
}

function recoveryTimes({ recovery: { n10, n1000, n10000 } }: Results): string {
  return table([
    ["recovery, first answer, ms", "no snapshot", "snapshot"],
    ["10 invocations", n10.withoutSnapshotMs, n10.withSnapshotMs],
    ["1,000 invocations", n1000.withoutSnapshotMs, n1000.withSnapshotMs],
    ["10,000 invocations", n10000.withoutSnapshotMs, n10000.withSnapshotMs],
  ]);
}

function storage({ storage: { c1, c16 } }: Results): string {
  return table([
    ["storage per invocation", "rows written", "bytes"],
    ["1 connection", c1.rowsWritten, c1.bytes.toFixed(0)],
    ["16 connections", c16.rowsWritten, c16.bytes.toFixed(0)],
  ]);
}

/** The results for a reader: ratios first, since only they hold from one machine to another. */
export function toText(results: Results): string {
  return [ratios, recoveryRatios, absolutes, recoveryTimes, storage]
    .map((section) => section(results))
    .join("\n\n");
}
