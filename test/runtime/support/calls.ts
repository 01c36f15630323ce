/** The recorded calls that reach the world outside, by the labels that their authors gave them. */
import type { Indexed, Start } from "../../../src/core/oplog/entry.ts";
import { labelOf } from "./upstream.ts";

export interface RecordedCall {
  readonly start: number;
  readonly label: string;
  /** Index of its `End`. */
  readonly end?: number;
}

function labelOfStart({ call, request = "{}" }: Start): string | undefined {
  if (call === "fetch") return labelOf((JSON.parse(request) as { url: string }).url);
  return call === "step" ? (JSON.parse(request) as { name: string }).name : undefined;
}

/** The fetches and steps of a record. */
export function recordedCalls(record: readonly Indexed[]): RecordedCall[] {
  const ends = new Map<number, number>();
  for (const { index, entry } of record) if (entry.kind === "End") ends.set(entry.start, index);
  return record.flatMap(({ index, entry }) => {
    const label = entry.kind === "Start" ? labelOfStart(entry) : undefined;
    const end = ends.get(index);
    return label === undefined ? [] : [{ start: index, label, ...(end === undefined ? {} : { end }) }];
  });
}

/** Whether an arrival with that label belongs to the call: steps send under labels of their own. */
export function isOf({ label }: RecordedCall, arrived: string): boolean {
  return arrived === label || arrived.startsWith(`${label}/`);
}
