/** Everything that tells the time tells that of the scope, which stands still while code computes. */
import creation from "perdure:creation";
import { PlatformDate, PlatformFile } from "../platform.ts";
import { refused } from "./refused.ts";
import { presentScope, replace, replaceGetter } from "./replace.ts";

function now(): number {
  return presentScope().now();
}

const DurableDate: DateConstructor = new Proxy(PlatformDate, {
  construct(target, args: unknown[], newTarget) {
    const actual = args.length === 0 ? [now()] : args;
    return Reflect.construct(
      target,
      actual,
      newTarget === DurableDate ? target : newTarget,
    ) as Date;
  },
  apply: () => new PlatformDate(now()).toString(),
  get(target, property, receiver) {
    return property === "now" ? now : (Reflect.get(target, property, receiver) as unknown);
  },
});

function replaceDate(): void {
  replace(globalThis, "Date", DurableDate);
  replace(PlatformDate.prototype, "constructor", DurableDate);
  replace(performance, "now", () => now() - creation.createdAt);
  replace(performance, "timeOrigin", creation.createdAt);
}

type Format<T> = (date?: number | Date) => T;

/** A formatter that is given no date formats the present one. */
function replaceFormats(): void {
  const { prototype } = Intl.DateTimeFormat;
  const { format, formatToParts } = Object.getOwnPropertyDescriptors(prototype);
  const toParts = formatToParts.value as Format<Intl.DateTimeFormatPart[]>;
  const known = new WeakMap<object, Format<string>>();
  replaceGetter(prototype, "format", function durableFormat(this: object) {
    const bound = known.get(this);
    if (bound !== undefined) return bound;
    const original = Reflect.apply(format.get as () => Format<string>, this, []);
    const durable: Format<string> = (date) => original(date ?? now());
    known.set(this, durable);
    return durable;
  });
  replace(prototype, "formatToParts", function durableParts(this: object, date?: number | Date) {
    return Reflect.apply(toParts, this, [date ?? now()]);
  });
}

/** A file that is given no time was made now; so is one that the platform makes of a part of a form. */
function replaceFileTimes(): void {
  const times = new WeakMap<object, number>();
  const DurableFile: typeof File = new Proxy(PlatformFile, {
    construct(target, args: ConstructorParameters<typeof File>, newTarget) {
      const file = Reflect.construct(target, args, newTarget) as File;
      times.set(file, args[2]?.lastModified ?? now());
      return file;
    },
  });
  replace(globalThis, "File", DurableFile);
  replace(PlatformFile.prototype, "constructor", DurableFile);
  replaceGetter(PlatformFile.prototype, "lastModified", function lastModified(this: object) {
    const known = times.get(this) ?? now();
    times.set(this, known);
    return known;
  });
}

/** Newer engines have one more clock, all of whose readings depend on what this one gives. */
function replaceTemporal(): void {
  if (!("Temporal" in globalThis)) return;
  const { Temporal } = globalThis as { Temporal: object };
  const advice = "use Temporal.Instant.fromEpochMilliseconds(Date.now())";
  replaceGetter(Temporal, "Now", refused("Temporal.Now", advice));
}

export function replaceTime(): void {
  replaceDate();
  replaceFormats();
  replaceFileTimes();
  replaceTemporal();
}
