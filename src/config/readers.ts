/** How a variable of the Worker becomes a value. Each is text, or JSON where the platform keeps that. */

/** The value, or what is wrong and what to write: the rest of a sentence that begins with the name. */
export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: string };

export type Reader<T> = (given: unknown) => Read<T>;

const SHOWN_CHARACTERS = 60;

/** What was given, to be recognized in a message. */
function shown(given: unknown): string {
  if (typeof given === "string") return JSON.stringify(given.slice(0, SHOWN_CHARACTERS));
  return typeof given === "number" || typeof given === "boolean" ? String(given) : "a JSON value";
}

function value<T>(read: T): Read<T> {
  return { ok: true, value: read };
}

function fault(given: unknown, advice: string): Read<never> {
  return { ok: false, fault: `is ${shown(given)}: ${advice}` };
}

export function flag(given: unknown): Read<boolean> {
  if (given === true || given === "true") return value(true);
  if (given === false || given === "false") return value(false);
  return fault(given, "write true or false");
}

export function oneOf<const Choice extends string>(choices: readonly Choice[]): Reader<Choice> {
  return (given) => {
    const chosen = choices.find((choice) => choice === given);
    return chosen === undefined ? fault(given, `write ${choices.join(" or ")}`) : value(chosen);
  };
}

export function wholeNumber(least: number, most: number): Reader<number> {
  return (given) => {
    const number = typeof given === "string" ? Number(given.trim() || "none") : given;
    if (Number.isInteger(number) && Number(number) >= least && Number(number) <= most) {
      return value(Number(number));
    }
    return fault(given, `write a whole number from ${least} to ${most}`);
  };
}

/** A secret is never shown. */
export function secret(given: unknown): Read<string> {
  if (typeof given === "string" && /^[\x21-\x7e]+$/.test(given)) return value(given);
  return {
    ok: false,
    fault: "must be one or more visible ASCII characters without spaces: set another",
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A list with commas; `to` makes the value of it, or says what is wrong. */
export function list<T extends object>(to: (given: readonly string[]) => T | string): Reader<T> {
  return (given) => {
    const items = typeof given === "string" ? given.split(",").map((item) => item.trim()) : [];
    const read = to(items);
    return typeof read === "string" ? fault(given, read) : value(read);
  };
}

/** JSON, as text or as a JSON variable; `to` makes the value of it, or says what is wrong. */
export function json<T extends object>(to: (given: unknown) => T | string): Reader<T> {
  return (given) => {
    const read = to(typeof given === "string" ? parse(given) : given);
    return typeof read === "string" ? { ok: false, fault: read } : value(read);
  };
}
