/** What Node provides to tests inside workerd. */

/** One webhook delivery. */
interface ProvidedDelivery {
  readonly id: string;
  readonly event: string;
  readonly payload: object;
}

declare module "vitest" {
  interface ProvidedContext {
    readonly deliveries: readonly ProvidedDelivery[];
  }
}
