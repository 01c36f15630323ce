/** Puts something in the place of a member of a global, as the platform defines those: not enumerable. */
export function replace(owner: object, name: string | symbol, value: unknown): void {
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
}
