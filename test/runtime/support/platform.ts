/**
 * Stands in for `src/guest/platform.ts`, and for the globals that the host's code reaches for: within
 * a simulated life time, turns and randomness are the simulation's.
 */
import { presentLife, type Life } from "./life.ts";

const { setTimeout: setRealTimeout, clearTimeout: clearRealTimeout } = globalThis;
const realRandom = Math.random;

function here(): Life {
  const life = presentLife();
  if (life === undefined) throw new Error("this code runs outside of the simulation");
  return life;
}

/** A callback of a life does nothing once the life is over. */
export function setTimer(callback: () => void, ms?: number): number {
  const life = here();
  const fire = (): void => {
    if (!life.isOver) life.lead(callback);
  };
  return life.surroundings.clock.setTimer(fire, ms);
}

export function clearTimer(id: number | undefined): void {
  here().surroundings.clock.clearTimer(id);
}

export function realNow(): number {
  return here().surroundings.clock.now;
}

export function nextTurn(): Promise<void> {
  const life = here();
  return life.during(life.surroundings.clock.turn());
}

export function pause(ms: number): Promise<void> {
  const life = here();
  return life.during(life.surroundings.clock.pause(ms));
}

export function platformRandom(): number {
  return here().surroundings.random();
}

export function randomUUID(): string {
  return here().surroundings.uuid();
}

/** Lets globals mean the simulation to code that runs in it, and to all other code what they meant. */
export function virtualizeGlobals(): void {
  Object.assign(globalThis, {
    setTimeout: (callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) =>
      presentLife() === undefined
        ? setRealTimeout(callback, ms, ...args)
        : setTimer(() => callback(...args), ms),
    clearTimeout: (id: number | undefined) =>
      presentLife() === undefined ? clearRealTimeout(id) : clearTimer(id),
  });
  Math.random = () => (presentLife() === undefined ? realRandom() : platformRandom());
}
