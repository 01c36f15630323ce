/** Readers of a body that is in memory: they need no turn of the event loop. */

/** `take` gives the bytes, or throws when they were taken before; `type` is the Content-Type. */
export function readersOf(take: () => Uint8Array<ArrayBuffer>, type: string) {
  const text = (): string => new TextDecoder().decode(take());
  return {
    text: async () => text(),
    json: async () => JSON.parse(text()) as unknown,
    arrayBuffer: async () => take().buffer,
    bytes: async () => take(),
    blob: async () => new Blob([take()], { type }),
  };
}

/** Gives one object members of its own, hidden as those of its class are. */
export function give(target: object, members: Readonly<Record<string, unknown>>): void {
  const properties = Object.entries(members).map(([name, value]) => [
    name,
    { value, configurable: true },
  ]);
  Object.defineProperties(target, Object.fromEntries(properties) as PropertyDescriptorMap);
}
