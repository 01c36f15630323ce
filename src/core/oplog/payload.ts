/**
 * How values of agent code stand in the oplog. A payload is text: plain JSON where the value is a
 * JSON tree, else `~` followed by the text of the guest's rich encoding (Date, Map, cycles, …).
 * Payloads are made once, in the guest, and stored as they come; the host opens them only to show them.
 */
export type Payload = string;

const RICH_MARK = "~";

/** The payload of a rich encoding's text. */
export function richPayload(text: string): Payload {
  return RICH_MARK + text;
}

/** The rich text inside, or `undefined` when the payload is plain JSON. */
export function richText(payload: Payload): string | undefined {
  return payload.startsWith(RICH_MARK) ? payload.slice(RICH_MARK.length) : undefined;
}
