import { ConnectionBroken } from "./api.ts";
import type { Api } from "./api.ts";
import type { Delivery } from "./deliveries.ts";
import type { Model } from "./model.ts";
import { until } from "./wait.ts";

/** One delivery and how many copies of it are sent at the same time. */
interface Step {
  readonly delivery: Delivery;
  readonly copies: number;
}

/** What is sent to one agent in which part of the demo. */
export interface Plan {
  readonly beforeCrash: readonly Step[];
  readonly duringUpdates: readonly Step[];
  readonly afterUpdates: readonly Step[];
}

/**
 * Thirds of the deliveries in their order. Of every six deliveries one is sent twice at once, and
 * one again at the very end, when the agent has long moved to another revision.
 */
export function planOf(deliveries: readonly Delivery[], model: Model): Plan {
  const third = Math.ceil(deliveries.length / 3);
  const steps = deliveries.map((delivery, index) => ({
    delivery,
    copies: index % 6 === 3 ? 2 : 1,
  }));
  const late = deliveries.filter((_, index) => index % 6 === 0);
  const crash = firstChange(model, third);
  return {
    beforeCrash: steps.slice(0, crash),
    duringUpdates: steps.slice(crash, Math.max(crash, 2 * third)),
    afterUpdates: [
      ...steps.slice(Math.max(crash, 2 * third)),
      ...late.map((delivery) => ({ delivery, copies: 1 })),
    ],
  };
}

/** The second part starts with a delivery that changes something, where there is one. */
function firstChange(model: Model, from: number): number {
  const index = model.expectations.findIndex(
    ({ changed }, position) => position >= from && changed.length > 0,
  );
  return index < 0 ? from : index;
}

/** Sends deliveries as a webhook forwarder does, the delivery id being the idempotency key. */
export interface Feeder {
  /** Copies that were answered, and requests that had to be sent again. */
  readonly counts: { answered: number; resent: number };
  /** Copies of one delivery that were answered differently. */
  readonly faults: readonly string[];
  /** Sends one copy once; a broken connection is an error. */
  attempt(pullRequest: string, delivery: Delivery): Promise<void>;
  /** Sends one copy, again and again under its key while connections break. */
  send(pullRequest: string, delivery: Delivery): Promise<void>;
  /** Sends the steps one after the other, the copies of each at the same time. */
  run(pullRequest: string, steps: readonly Step[]): Promise<void>;
}

const RESEND_LIMIT_MS = 20_000;

/** A feeder on top of `api`. */
export function createFeeder(api: Api): Feeder {
  const counts = { answered: 0, resent: 0 };
  const faults: string[] = [];
  const answers = new Map<string, string>();

  async function attempt(pullRequest: string, { id, event, payload }: Delivery): Promise<void> {
    const answer = JSON.stringify(
      await api.invoke(pullRequest, "deliver", [event, payload, id], id),
    );
    counts.answered += 1;
    const known = answers.get(`${pullRequest} ${id}`) ?? answer;
    if (known !== answer) faults.push(`Delivery ${id} was answered ${answer} after ${known}.`);
    answers.set(`${pullRequest} ${id}`, known);
  }

  async function send(pullRequest: string, delivery: Delivery): Promise<void> {
    await until(`an answer to delivery ${delivery.id}`, RESEND_LIMIT_MS, async () => {
      try {
        await attempt(pullRequest, delivery);
        return true;
      } catch (error) {
        if (!(error instanceof ConnectionBroken)) throw error;
        counts.resent += 1;
        return undefined;
      }
    });
  }

  async function run(pullRequest: string, steps: readonly Step[]): Promise<void> {
    for (const { delivery, copies } of steps) {
      await Promise.all(Array.from({ length: copies }, () => send(pullRequest, delivery)));
    }
  }

  return { counts, faults, attempt, send, run };
}

/** How many copies a plan sends. */
export function copiesOf({ beforeCrash, duringUpdates, afterUpdates }: Plan): number {
  const steps = [...beforeCrash, ...duringUpdates, ...afterUpdates];
  return steps.reduce((sum, { copies }) => sum + copies, 0);
}
