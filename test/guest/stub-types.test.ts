import { expectTypeOf, test } from "vitest";
import { Agent } from "../../src/guest/author/agent.ts";
import type { agent, AgentStub } from "../../src/guest/author/calling.ts";

class Account extends Agent {
  balance = 0;
  deposit(amount: number): number {
    return (this.balance += amount);
  }
  async history(): Promise<readonly Date[]> {
    return [];
  }
  onCreate(): void {}
}

type Stub = AgentStub<Account>;

test("a stub of a class has its methods, each as a promise of the result", () => {
  expectTypeOf<Stub["deposit"]>().toEqualTypeOf<(amount: number) => Promise<number>>();
  expectTypeOf<Stub["history"]>().toEqualTypeOf<() => Promise<readonly Date[]>>();
  expectTypeOf<Stub["enqueue"]["deposit"]>().toEqualTypeOf<(amount: number) => Promise<string>>();
  expectTypeOf<ReturnType<Stub["schedule"]>["history"]>().toEqualTypeOf<() => Promise<string>>();
  expectTypeOf<typeof agent>().toBeCallableWith(Account, "bob", { component: "bank" });
});

test("a stub has neither fields nor what Agent and the host own", () => {
  expectTypeOf<keyof Stub>().toEqualTypeOf<"deposit" | "history" | "enqueue" | "schedule">();
});
