/** A hundred years in milliseconds: a time so far ahead is one that dates and alarms still hold. */
export const LONGEST_MS = 100 * 365 * 86_400_000;
