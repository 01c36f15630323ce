/** The author's code of the update matrix: revisions of one agent class, each with one trait. */
import type { AuthorModule } from "../../../src/guest/code/describe.ts";
import { Agent, fetch, invocation, RetryableError, sleep, step } from "./guest.ts";
import { never, presentLife } from "./life.ts";
import { UPSTREAM } from "./upstream.ts";
import type { StatusName, Target } from "./update-cases.ts";

/** What code and test of one run have in common, outside of all processes. */
export interface Scene {
  readonly status: StatusName;
  readonly takesSnapshots: boolean;
  /** The revision that the agent has when the update is requested. */
  readonly old: number;
  /** Called by the code between two steps. */
  readonly reached: () => void;
  /** How many isolates the old code will still take with it. */
  deathsLeft: number;
}

const SOON = { afterMs: 500 };

async function post(label: string, asked = "ms=4"): Promise<void> {
  await fetch(`${UPSTREAM}/${label}?${asked}`, { method: "POST" });
}

/** As an isolate that runs out of memory. */
function die(): Promise<never> {
  presentLife()?.end("the isolate ran out of memory");
  return never();
}

/** What the unfinished invocation is in the middle of. */
async function dwell(scene: Scene, revision: number): Promise<void> {
  switch (scene.status) {
    case "between two steps":
      await step("one", () => post("one/inside"));
      scene.reached();
      await step("two", () => post("two/inside"));
      return;
    case "suspended":
      return sleep("1h");
    case "failed":
    case "retrying after the isolate died":
      if (revision !== scene.old || scene.deathsLeft === 0) return;
      scene.deathsLeft -= 1;
      return die();
    case "retrying from the beginning":
      return;
    default:
      return post("long", "ms=2000");
  }
}

function tellerOf(scene: Scene, trait: Target) {
  return class Teller extends Agent {
    static snapshots = scene.takesSnapshots ? { everyInvocations: 2 } : "disabled";
    static methods = { look: { readOnly: true } };
    told: [string, number][] = [];

    #hear(what: string): void {
      this.told.push([what, this.revision]);
    }

    look(): [string, number][] {
      return this.told;
    }

    early(what: string): void {
      this.#hear(what);
    }

    note(what: string): number {
      this.#hear(what);
      return trait === "answers something else" ? -1 : what.length;
    }

    async ask(what: string): Promise<void> {
      await post(what);
      if (trait === "dies when it replays") await die();
      if (trait === "calls something else") await post(`${what} again`);
      this.#hear(what);
    }

    async work(): Promise<number> {
      const isToRepeat = scene.status === "retrying from the beginning";
      if (isToRepeat && invocation().attempt === 1) throw new RetryableError("again", SOON);
      this.#hear("begun");
      const isOther = trait === "calls something else in what is unfinished";
      await post(isOther ? "begun otherwise" : "begun");
      await dwell(scene, this.revision);
      await post("ended");
      this.#hear("ended");
      return this.revision;
    }
  };
}

type TellerClass = ReturnType<typeof tellerOf>;

function withHooks(Teller: TellerClass, trait: Target): TellerClass {
  if (trait === "load fails") {
    return class extends Teller {
      loadSnapshot(): never {
        throw new Error("it cannot be loaded");
      }
    };
  }
  if (trait !== "save fails") return Teller;
  return class extends Teller {
    saveSnapshot(): never {
      this.told.push(["poison", 0]);
      throw new Error("it cannot be saved");
    }
  };
}

/** The module of one revision; only the first one knows what was called `early`. */
export function tellers(scene: Scene, trait: Target, knowsEarly: boolean): AuthorModule {
  const Teller = tellerOf(scene, trait);
  if (!knowsEarly) Reflect.deleteProperty(Teller.prototype, "early");
  if (trait === "a past method is gone") Reflect.deleteProperty(Teller.prototype, "ask");
  if (trait === "the unfinished method is gone") Reflect.deleteProperty(Teller.prototype, "work");
  return { Teller: withHooks(Teller, trait) };
}
