/** The recorded calls that reach the world outside, by the labels that their authors gave them. */
import type { Indexed, Start } from "../../../src/core/oplog/entry.ts";
import { labelOf } from "./upstream.ts";

export interface RecordedCall {
  readonly start: number;
  readonly call: "fetch" | "step";
  readonly label: string;
  /** Index of its `End`. */
  readonly end?: number;
}

function callOf({ call, request = "{}" }: Start): Omit<RecordedCall, "start"> | undefined {
  if (call === "fetch")
    return { call, label: labelOf((JSON.parse(request) as { url: string }).url) };
  if (call === "step") return { call, label: (JSON.parse(request) as { name: string }).name };
  return undefined;
}

/** The fetches and steps of a record. */
export function recordedCalls(record: readonly Indexed[]): RecordedCall[] {
  const ends = new Map<number, number>();
  for (const { index, entry } of record) if (entry.kind === "End") ends.set(entry.start, index);
  return record.flatMap(({ index, entry }) => {
    const call = entry.kind === "Start" ? callOf(entry) : undefined;
    const end = ends.get(index);
    return call === undefined
      ? []
      : [{ start: index, ...call, ...(end === undefined ? {} : { end }) }];
  });
}

/** Whether an arrival with that label belongs to the call: steps send under labels of their own. */
export function isOf({ call, label }: RecordedCall, arrived: string): boolean {
  return call === "step" ? arrived.startsWith(`${label}/`) : arrived === label;
}
