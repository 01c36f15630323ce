/** Chance: `Math.random` derives from a seed; what is cryptographically strong is drawn once and recorded. */
import { getRandomValues, randomUUID } from "../platform.ts";
import { callingScope } from "../scopes/scope.ts";
import { presentScope, replace } from "./replace.ts";

const RANDOM_CALL = { call: "crypto.random", durability: "read-local" } as const;

/** What the platform gives at a time. */
const MOST_BYTES = 65_536;

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Checked before anything is recorded: what fails leaves no trace, live and in replay alike. */
function check(target: ArrayBufferView): void {
  const kind = Object.prototype.toString.call(target).slice(8, -1);
  if (!/^(?:Big)?(?:Int|Uint)(?:8|16|32|64)(?:Clamped)?Array$/.test(kind)) {
    const message = `crypto.getRandomValues fills typed arrays of integers, not ${kind}.`;
    throw new DOMException(message, "TypeMismatchError");
  }
  if (target.byteLength > MOST_BYTES) {
    const message = `crypto.getRandomValues gives at most ${MOST_BYTES} bytes at a time, not ${target.byteLength}; call it several times.`;
    throw new DOMException(message, "QuotaExceededError");
  }
}

function durableRandomValues<T extends ArrayBufferView>(target: T): T {
  check(target);
  const view = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
  const request = JSON.stringify({ bytes: view.length });
  const recorded = callingScope("crypto.getRandomValues").inline(
    { ...RANDOM_CALL, request },
    () => {
      getRandomValues(view);
      return JSON.stringify(toHex(view));
    },
  );
  view.set(fromHex(JSON.parse(recorded) as string));
  return target;
}

function durableUuid(): string {
  const request = JSON.stringify({ uuid: true });
  const recorded = callingScope("crypto.randomUUID").inline({ ...RANDOM_CALL, request }, () =>
    JSON.stringify(randomUUID()),
  );
  return JSON.parse(recorded) as string;
}

export function replaceRandomness(): void {
  replace(Math, "random", () => presentScope().random());
  replace(crypto, "getRandomValues", durableRandomValues);
  replace(crypto, "randomUUID", durableUuid);
}
