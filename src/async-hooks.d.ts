/** What the platform gives of this module under `nodejs_als`, as far as it is used. */
declare module "node:async_hooks" {
  export class AsyncLocalStorage<T> {
    getStore(): T | undefined;
    run<R, A extends readonly unknown[]>(store: T, fn: (...args: A) => R, ...args: A): R;
    exit<R, A extends readonly unknown[]>(fn: (...args: A) => R, ...args: A): R;
    static bind<A extends readonly unknown[], R>(fn: (...args: A) => R): (...args: A) => R;
    static snapshot(): <R, A extends readonly unknown[]>(fn: (...args: A) => R, ...args: A) => R;
  }
}
