// Uploaded as the component `bench`.
import { Agent, step } from "perdure";

export class Counter extends Agent {
  count = 0;
  increment(by) {
    return (this.count += by);
  }
}

export class CounterWithoutSnapshots extends Counter {
  static snapshots = "disabled";
}

export class Steps extends Agent {
  async ten() {
    let sum = 0;
    for (let i = 0; i < 10; i++) sum += await step(`s${i}`, () => i);
    return sum;
  }

  async tenAsync() {
    let sum = 0;
    for (let i = 0; i < 10; i++) sum += await step(`s${i}`, async () => i);
    return sum;
  }

  tenIds() {
    return Array.from({ length: 10 }, () => crypto.randomUUID());
  }
}
